#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::text {

/// One row of a table and the line, from 1, on which it begins.
struct CsvRow {
  std::size_t line = 0;
  std::vector<std::string> cells;
};

/// What a table may have at most.
struct CsvLimits {
  std::size_t bytes = 0, rows = 0, cells = 0;  ///< rows: the header too; cells: of a row
};

/// Reads a table as RFC 4180 §2 and spreadsheets write it: UTF-8 with or without a byte order mark, lines that end with
/// CR LF or LF, cells in quotes that hold separators, line ends and doubled quotes. The separator is a comma, or a
/// semicolon where the first line has semicolons outside of quotes and no comma. Lines with nothing on them are left
/// out; rows may differ in their count of cells. Throws Error(invalid, "csv") naming the line: beyond a limit, another
/// encoding, a quote where none may be or that does not end, a first line with both separators.
std::vector<CsvRow> read_csv(std::string_view text, const CsvLimits& limits);

}  // namespace cofre::text
