#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "records/keeping.h"
#include "records/tables.h"

namespace cofre::records {

/// A response that applications may ask for again, and continue.
struct Response {
  std::string id;  ///< "resp_…"
  std::uint64_t tenant = 0;
  std::int64_t key_id = 0;  ///< who asked
  std::int64_t created = 0;
  std::optional<std::string> previous{};  ///< the response that goes before
  bool background = false;
  std::string status;  ///< "queued": is being written
  std::string input;   ///< the items that were asked, a JSON list
  std::string object;  ///< the response, a JSON object; its "output" is a list of items
};

/// A response's end.
struct ResponseEnd {
  std::string_view status, object;
  std::string_view events;  ///< what it was streamed as
};

/// The stored responses of the box. Each is seen by its tenant alone; that of another is not there. Any thread; waits
/// for the disk.
class Responses {
 public:
  /// Conversations are followed so far back.
  static constexpr std::size_t turns_max = 1024;
  static constexpr std::int64_t events_kept_s = 86'400;

  /// They outlive it.
  Responses(Tables& tables, const Keeping& keeping, Clock clock = system_seconds)
      : tables_(tables), keeping_(keeping), clock_(std::move(clock)) {}

  void add(const Response& response);
  /// Of one that was queued; false where it was removed meanwhile.
  bool finish(std::string_view id, const ResponseEnd& end);

  std::optional<Response> find(std::uint64_t tenant, std::string_view id) const;
  /// Of a background response that has ended; nothing once they are too old.
  std::optional<std::string> events(std::uint64_t tenant, std::string_view id) const;
  /// What a legal hold keeps is only not seen any more. False where there was none.
  bool remove(std::uint64_t tenant, std::string_view id);

  /// The response and those before it, oldest first, as far as they are there: the first one's `previous` tells.
  /// Throws Error(invalid, previous_response_id) where they are more than `turns_max` or `bytes_max`.
  std::vector<Response> conversation(std::uint64_t tenant, std::string_view id, std::uint64_t bytes_max) const;

  /// Those that a box left queued when it stopped become failed, with this error. Returns how many there were. To be
  /// called before new ones are added.
  std::size_t fail_queued(std::string_view code, std::string_view message);
  /// Removes events that are too old. To be called now and then.
  void sweep_events();

 private:
  Tables& tables_;
  const Keeping& keeping_;
  Clock clock_;
};

}  // namespace cofre::records
