#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cofre::gateway {

/// multipart/form-data (RFC 7578, RFC 2046 §5.1.1) out of bytes that come in pieces. Strict: nothing before the first
/// part nor behind the last, a name for each part. Everything wrong is Error(invalid).
class Multipart {
 public:
  struct Part {
    std::string name;
    std::optional<std::string> file_name{};
  };
  /// Who takes the parts; what it throws goes through feed().
  class Taker {
   public:
    virtual ~Taker() = default;
    virtual void begin(const Part& part) = 0;
    virtual void data(std::string_view bytes) = 0;
    virtual void end() = 0;
  };

  /// `content_type`: the request's header. `taker` outlives it.
  Multipart(std::string_view content_type, Taker& taker);

  /// Not to be called again once it has thrown.
  void feed(std::string_view bytes);
  /// Nothing follows. Throws where the last part's end has not come.
  void finish() const;

 private:
  enum class State : std::uint8_t { delimiter, behind_delimiter, headers, data, over };
  /// What can be done with what is there; false where more must come.
  bool step();
  void give_data(std::size_t bytes);

  Taker& taker_;
  std::string delimiter_;         ///< CR LF "--" boundary
  std::string pending_ = "\r\n";  ///< not yet understood; the first delimiter's line break is the headers' own
  State state_ = State::delimiter;
  std::size_t parts_ = 0;
};

/// A header's value and its parameters, with lower-case names: `form-data; name="a"; filename="b"` (RFC 9110 §5.6.6;
/// in quotes \" and \\ are escapes, and name*=UTF-8''… of RFC 8187 goes before name=). Throws Error(invalid).
struct HeaderValue {
  std::string value;
  std::map<std::string, std::string, std::less<>> parameters;
};
HeaderValue parse_header_value(std::string_view text);

}  // namespace cofre::gateway
