#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit/persons.h"

namespace cofre::accounts::audit {

/// Which records are wanted.
struct Filter {
  std::string from, until;             ///< RFC 3339 as records have it; empty: no bound. `until` itself is not wanted
  std::optional<std::int64_t> person;  ///< who acts, or whom it is about
  std::string action;                  ///< "key.create", or what it begins with: "key."; empty: any
  bool wants(std::string_view line) const;
};

/// Where reading goes on: a segment, and a byte of it.
struct Cursor {
  std::uint64_t segment = 0, byte = 0;
};

struct Page {
  std::vector<std::string> lines;  ///< JSON, with what was sealed opened
  std::vector<std::uint64_t> numbers;
  Cursor next;
  bool is_last = false;  ///< nothing more was there
};

/// A piece of the trail: of at most so many bytes, but at least one record where there is any. `up_to`: the last record
/// that is read, which must be on the disk.
Page read_page(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, const Cursor& cursor,
               std::uint64_t up_to, std::size_t bytes_max);

}  // namespace cofre::accounts::audit
