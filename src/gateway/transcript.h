#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "json/json.h"
#include "protocol/event.h"
#include "protocol/request.h"

namespace cofre::gateway {

/// What was asked and answered, as the audit trail keeps it where a retention rule says so: as a model was given it and
/// as its caller got it, behind the content rules. One call at a time.
class Transcript {
 public:
  static constexpr std::size_t asked_bytes_max = 128 << 10;
  static constexpr std::size_t answered_bytes_max = 128 << 10;

  explicit Transcript(const std::vector<protocol::Request>& requests);
  void take(std::size_t run, const protocol::Event& event);
  /// {"asked": […], "answered": [{"run","choice","text","reasoning","tool_calls"}], "cut": true}. Of what is longer
  /// than the bounds the beginning: "asked" is then a text, the beginning of the list's.
  std::string text() const;

 private:
  struct Answered {
    std::string text, reasoning;
    std::map<std::uint32_t, std::pair<std::string, std::string>> calls;  ///< name and arguments, by index
  };
  void add(std::string& to, const std::string& piece);

  json::Value asked_;
  std::map<std::pair<std::size_t, std::uint32_t>, Answered> answered_;  ///< by run and choice
  std::size_t bytes_ = 0;                                               ///< of answers
  bool cut_ = false;
};

}  // namespace cofre::gateway
