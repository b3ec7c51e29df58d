#include "text/tar.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace cofre::text {
namespace {

constexpr std::size_t block_bytes = 512;

void put(std::string& header, std::size_t at, std::string_view text) { header.replace(at, text.size(), text); }

}  // namespace

std::string tar_header(std::string_view path, std::uint64_t bytes, std::int64_t time_s) {
  CHECK(!path.empty() && path.size() <= tar_name_bytes_most && bytes <= tar_bytes_most);
  std::string header(block_bytes, '\0');
  put(header, 0, path);
  put(header, 100, "0000600");  // mode
  put(header, 108, "0000000");  // owner and group
  put(header, 116, "0000000");
  put(header, 124, fmt::format("{:011o}", bytes));
  put(header, 136,
      fmt::format("{:011o}", static_cast<std::uint64_t>(std::max<std::int64_t>(0, time_s)) & tar_bytes_most));
  put(header, 148, "        ");  // the checksum, as spaces while it is summed
  put(header, 156, "0");         // a file
  put(header, 257, std::string_view("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

std::string tar_filling(std::uint64_t bytes) {
  return std::string((block_bytes - bytes % block_bytes) % block_bytes, '\0');
}

std::string tar_end() { return std::string(2 * block_bytes, '\0'); }

}  // namespace cofre::text
