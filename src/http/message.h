#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cofre::crypto {
struct CertificateFacts;
}

namespace cofre::http {

/// Header fields in their order. Names are compared without case (RFC 9110 §5.1).
class Headers {
 public:
  struct Field {
    std::string name, value;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  /// The first value; nothing where there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// The members of a header that is a list, of all its lines (RFC 9110 §5.6.1): "a, b" gives "a" and "b".
std::vector<std::string_view> list_of(const Headers& headers, std::string_view name);

/// Whether two texts of ASCII are equal without case.
bool equal_without_case(std::string_view a, std::string_view b) noexcept;

/// Percent-decoded (RFC 3986 §2.1); nothing where an escape is broken or the result has a NUL or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// And the other way: all but letters, digits and -._~ (RFC 3986 §2.3) as escapes.
std::string percent_encode(std::string_view text);

/// Takes a request's body as it comes, so that it need not fit into memory. Called on the connection's thread, one
/// piece after the other: be brief. Goes with the request where the body does not come whole.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void take(std::string_view piece) noexcept = 0;
};

struct Request {
  std::string method;  ///< as sent: GET, POST, …
  std::string path;    ///< of the target, still percent-encoded, begins with "/"
  std::string query;   ///< behind "?", still encoded
  Headers headers;
  std::string body;                        ///< whole, of chunked requests too; empty where `sink` has it
  std::shared_ptr<BodySink> sink;          ///< that was given for the body
  std::string id;                          ///< of this request alone: "req_" and 24 hex digits
  std::string peer;                        ///< the client's address without its port; "unix" on a Unix socket
  std::optional<std::uint32_t> peer_user;  ///< of a Unix socket's client: the user it runs as
  bool secure = false;                     ///< came over TLS
  /// That the client showed in the TLS handshake, of an authority that the server trusts; null: none.
  std::shared_ptr<const crypto::CertificateFacts> certificate;

  /// A parameter of the query, decoded; nothing where it is absent or broken.
  std::optional<std::string> parameter(std::string_view name) const;
  /// Of all parameters of the query, decoded, in their order; nothing where a name is broken.
  std::optional<std::vector<std::string>> parameter_names() const;
};

struct Response {
  int status = 200;
  Headers headers;  ///< without Content-Length, Connection, Date and X-Request-Id, which the server writes
  std::string body;
};

/// "Not Found" of 404; "Status" of what has no name.
std::string_view reason(int status) noexcept;

enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// What the server takes from a stranger. Times are in milliseconds.
struct Limits {
  std::uint32_t header_bytes = 64 << 10;  ///< request line and headers together, roughly: each at most this
  std::uint64_t connections = 9000;
  std::uint64_t connections_of_address = 9000;
  std::uint64_t stream_bytes = 1 << 20;  ///< of a stream, waiting for a slow reader; more cuts it
  std::int64_t handshake_ms = 10'000;
  std::int64_t header_ms = 15'000;  ///< from the first byte of a request to the end of its headers
  std::int64_t body_ms = 30'000;    ///< for the body, and 1 s more for each 64 KiB that came
  std::int64_t idle_ms = 90'000;    ///< between two requests
  std::int64_t write_ms = 20'000;   ///< in which a reader takes at least a byte
};

}  // namespace cofre::http
