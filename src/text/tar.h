#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// An archive that is written from front to back (POSIX.1-2017, pax, "ustar Interchange Format"): of each file its
/// header, its bytes, then what fills them up to a block; at the end tar_end().
namespace cofre::text {

inline constexpr std::size_t tar_name_bytes_most = 99;
inline constexpr std::uint64_t tar_bytes_most = 077777777777;  ///< of a file: eleven octal digits

/// Of a file that its owner alone may read. Requires a path that is relative, of at most tar_name_bytes_most bytes, and
/// bytes up to tar_bytes_most. `time_s`: since 1970, not below 0.
std::string tar_header(std::string_view path, std::uint64_t bytes, std::int64_t time_s);
/// What follows a file of so many bytes.
std::string tar_filling(std::uint64_t bytes);
std::string tar_end();

}  // namespace cofre::text
