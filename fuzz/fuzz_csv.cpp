// Any bytes are a table or are refused; a table that is written with every cell in quotes reads as it did.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "text/csv.h"

namespace {

constexpr cofre::text::CsvLimits limits{.bytes = 1 << 20, .rows = 1000, .cells = 100};

std::string quoted(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<cofre::text::CsvRow> rows;
  try {
    rows = cofre::text::read_csv({reinterpret_cast<const char*>(data), size}, limits);
  } catch (const cofre::Error&) {
    return 0;
  }
  std::string text;
  std::size_t before = 0;
  for (const auto& row : rows) {
    if (row.line <= before) std::abort();
    before = row.line;
    for (const auto& cell : row.cells) text += quoted(cell) + (&cell == &row.cells.back() ? "\r\n" : ",");
  }
  // Longer here than as it was read: the limit of bytes is another.
  const auto again = cofre::text::read_csv(text, {.bytes = text.size(), .rows = limits.rows, .cells = limits.cells});
  if (again.size() != rows.size()) std::abort();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (again[i].cells != rows[i].cells) std::abort();
  }
  return 0;
}
