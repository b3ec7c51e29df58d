#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "json/json.h"
#include "protocol/event.h"
#include "records/files.h"
#include "records/tables.h"

namespace cofre::records {

/// Requests of a file that are answered when nobody else asks. While it runs, each answer is kept as soon as it is
/// there; its files are written at the end, in one transaction with the batch's own: after a crash no answer is missing
/// and none is there twice.
struct Batch {
  enum class Status : std::uint8_t {
    validating,
    in_progress,
    finalizing,
    cancelling,
    completed,  ///< this and what follows: has ended
    failed,
    expired,
    cancelled,
  };
  std::int64_t number = 0;
  std::string id;            ///< "batch_…"
  std::uint64_t tenant = 0;  ///< to whom it belongs
  std::int64_t key_id = 0;
  std::string endpoint, input_file;
  std::optional<std::int64_t> output_expires_s{};
  json::Value metadata{};  ///< an object, or null
  Status status = Status::validating;
  json::Array faults{};  ///< {"code", "message", "param", "line"}: why it failed or was cancelled
  std::optional<std::string> output_file{}, error_file{};
  std::uint64_t total = 0, completed = 0, failed = 0;  ///< lines
  protocol::Usage usage{};
  std::int64_t created = 0, expires = 0;
  std::optional<std::int64_t> begun{}, finalizing{}, cancelling{}, ended{};
};
std::string_view name_of(Batch::Status status);
/// {"code", "message", "param", "line"}; no line: 0.
json::Object fault(std::string_view code, std::string_view message, std::string_view param = {},
                   std::uint64_t line = 0);

/// An answered line, as the output or the error file has it.
struct Answered {
  std::uint64_t line = 0;  ///< of the input file, from 1
  bool is_error = false;
  std::string text;  ///< JSON without a line's end
  protocol::Usage usage{};
};

/// The batches of the box. Any thread; a batch belongs to its tenant.
class Batches {
 public:
  /// `files` outlives it, with the same tables.
  Batches(Tables& tables, Files& files, Clock clock = system_seconds);

  struct New {
    std::uint64_t tenant = 0;
    std::int64_t key_id = 0;
    std::string endpoint, input_file;
    json::Value metadata;
    std::optional<std::int64_t> output_expires_s;
  };
  /// Throws Error(not_found, input_file_id), Error(invalid, input_file_id) where the file has another purpose,
  /// Error(exhausted) where the tenant has `open_max` that run or wait.
  Batch create(const New& made, std::uint64_t open_max);

  std::optional<Batch> find(std::uint64_t tenant, std::string_view id) const;
  /// Newest first, one more than the limit where there are more. Throws Error(invalid, after).
  std::vector<Batch> list(std::uint64_t tenant, const Page& page) const;
  /// All that have not ended, oldest first.
  std::vector<Batch> open() const;

  /// To be ended soon; one that has ended stays. Throws Error(not_found, batch_id).
  Batch cancel(std::uint64_t tenant, std::string_view id);
  /// Of every open batch of a key, with the reason.
  void cancel_of_key(std::int64_t key_id, const json::Object& why);

  // The runner's side; no two threads on the same batch.

  void begin(std::int64_t number, std::uint64_t total);
  /// Each line once.
  void answer(std::int64_t number, const Answered& answered);
  /// The lines that are answered.
  std::unordered_set<std::uint64_t> answered(std::int64_t number) const;
  void finalize(std::int64_t number);
  /// Ends it: writes its output and error file out of its answers and of `left`, which gives the lines that were not
  /// answered, for the error file; nothing where there are no more.
  void end(const Batch& batch, Batch::Status status, const std::function<std::optional<std::string>()>& left = nullptr);
  void fail(std::int64_t number, const json::Array& faults);

 private:
  std::unique_ptr<Files::Draft> write(std::int64_t number, bool is_error,
                                      const std::function<std::optional<std::string>()>& left) const;
  std::optional<Batch> find_locked(std::string_view where, std::int64_t tenant, std::string_view id) const;

  Tables& tables_;
  Files& files_;
  Clock clock_;
};

}  // namespace cofre::records
