#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit/persons.h"
#include "accounts/audit/record.h"
#include "json/json.h"

namespace cofre::accounts::audit {

/// Which records are wanted.
struct Filter {
  std::string from, until;             ///< RFC 3339 as records have it; empty: no bound. `until` itself is not wanted
  std::optional<std::int64_t> person;  ///< who acts, or whom it is about
  std::string action;                  ///< "key.create", or what it begins with: "key."; empty: any
  std::string outcome{};               ///< "ok", "refused", …; empty: any
  std::string id{};                    ///< of the request; empty: any
  std::uint64_t after = 0;             ///< records of greater numbers alone
  Contents contents = Contents::closed;
  bool wants(std::string_view line) const;
};

/// What {"from","until","person","action","outcome","id","contents"} ask for, each a text that may be absent. Throws
/// Error(invalid, field), Error(not_found, "person") where the trail has nobody of that name.
Filter filter_of(const json::Object& request, const Persons& persons);

/// Where reading goes on: a segment, and a byte of it.
struct Cursor {
  std::uint64_t segment = 0, byte = 0;
};

struct Page {
  std::vector<std::string> lines;
  std::vector<std::uint64_t> numbers;  ///< of the lines
  std::uint64_t last = 0;              ///< the last record that was looked at, wanted or not; 0: none was
  Cursor next;
  bool is_last = false;  ///< nothing more was there
};

/// How much a page may have; it has at least one record where there is any.
struct PageSize {
  std::size_t bytes = 0;
  std::size_t records = SIZE_MAX;
};

/// A piece of the trail, its lines as the files have them. `up_to`: the last record that is read, which must be on the
/// disk.
Page read_sealed_page(const std::filesystem::path& folder, const Filter& filter, const Cursor& cursor,
                      std::uint64_t up_to, PageSize most);

/// The same, each line JSON with what was sealed opened.
Page read_page(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, const Cursor& cursor,
               std::uint64_t up_to, PageSize most);

/// A page as read_page() gives it, newest first, from record `up_to` downwards; `last` is then the smallest number that
/// was looked at, and the next page begins with the one before it.
Page read_newest(const std::filesystem::path& folder, const Persons& persons, const Filter& filter, std::uint64_t up_to,
                 PageSize most);

/// Where the record behind record `after` is, or will be.
Cursor cursor_behind(const std::filesystem::path& folder, std::uint64_t after);

}  // namespace cofre::accounts::audit
