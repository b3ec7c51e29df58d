#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"
#include "records/batches.h"
#include "records/sealed_file.h"

namespace cofre::gateway {

/// The lines of a batch's input file, as they lie there. Empty ones are passed over.
class BatchLines {
 public:
  /// A longer line than `bytes_max` is read past and told as such.
  BatchLines(records::SealedReader content, std::uint64_t bytes_max)
      : content_(std::move(content)), bytes_max_(bytes_max) {}

  struct Line {
    std::uint64_t number = 0;  ///< in the file, from 1
    std::string text;
    bool is_too_long = false;
  };
  /// Nothing after the last.
  std::optional<Line> next();

 private:
  /// More bytes; false where there are none.
  bool read();

  records::SealedReader content_;
  std::uint64_t bytes_max_;
  std::string pending_;
  std::size_t at_ = 0;  ///< in pending_
  std::uint64_t number_ = 0;
  bool is_over_ = false;
};

/// {"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": {…}}
struct BatchLine {
  std::string custom_id;
  json::Object body;
};
/// Throws Error(invalid or unsupported, field).
BatchLine parse_batch_line(std::string_view text, std::string_view endpoint);

/// What a whole input file is.
struct CheckedLines {
  std::uint64_t total = 0;  ///< lines that ask something
  json::Array faults;       ///< records::fault() each; none: the batch can begin
};
CheckedLines check_batch_lines(BatchLines lines, std::string_view endpoint);

}  // namespace cofre::gateway
