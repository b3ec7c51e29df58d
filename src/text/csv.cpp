#include "text/csv.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::text {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

[[noreturn]] void refuse(std::size_t line, std::string_view why) {
  fail_field(Code::invalid, "csv", "csv: line {}: {}", line, why);
}

/// Of the first line, what stands in quotes left out.
char separator_of(std::string_view text) {
  bool quoted = false, commas = false, semicolons = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas |= c == ',';
    semicolons |= c == ';';
  }
  if (commas && semicolons) refuse(1, "has commas and semicolons: which of them parts the cells?");
  return semicolons ? ';' : ',';
}

class Reader {
 public:
  Reader(std::string_view text, const CsvLimits& limits)
      : left_(text), limits_(limits), separator_(separator_of(text)) {}

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> all;
    while (!left_.empty()) {
      auto next = row();
      if (next.cells.size() == 1 && next.cells.front().empty()) continue;
      if (all.size() == limits_.rows) refuse(next.line, fmt::format("there are more than {} rows", limits_.rows));
      all.push_back(std::move(next));
    }
    return all;
  }

 private:
  CsvRow row() {
    CsvRow row{line_, {}};
    do {
      if (row.cells.size() == limits_.cells) {
        refuse(row.line, fmt::format("there are more than {} cells", limits_.cells));
      }
      row.cells.push_back(left_.starts_with('"') ? quoted() : plain());
    } while (take(separator_));
    if (left_.starts_with("\r\n")) left_.remove_prefix(1);
    if (!left_.empty() && !take('\n')) refuse(line_, "nothing but a separator or the line's end follows a cell");
    ++line_;
    return row;
  }

  std::string plain() {
    const auto end = std::min(left_.find_first_of(std::string{separator_, '"', '\r', '\n'}), left_.size());
    std::string cell(left_.substr(0, end));
    left_.remove_prefix(end);
    return cell;
  }

  std::string quoted() {
    const auto begun = line_;
    std::string cell;
    left_.remove_prefix(1);
    while (true) {
      const auto part = left_.substr(0, left_.find('"'));
      if (part.size() == left_.size()) refuse(begun, "a quote does not end");
      cell += part;
      line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      left_.remove_prefix(part.size() + 1);
      if (!take('"')) return cell;
      cell += '"';
    }
  }

  bool take(char c) {
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  std::string_view left_;
  const CsvLimits& limits_;
  const char separator_;
  std::size_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> read_csv(std::string_view text, const CsvLimits& limits) {
  if (text.size() > limits.bytes) fail_field(Code::invalid, "csv", "csv: has more than {} bytes", limits.bytes);
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const auto broken = find_invalid_utf8(text);
  if (broken || text.find('\0') != text.npos) {
    const auto end = std::min(broken.value_or(text.size()), text.find('\0'));
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    refuse(static_cast<std::size_t>(lines) + 1, "is not UTF-8: save the table as CSV UTF-8");
  }
  return Reader(text, limits).rows();
}

}  // namespace cofre::text
