#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/audit/entry.h"
#include "accounts/audit/persons.h"
#include "base/error.h"
#include "json/json.h"

namespace cofre::accounts::audit {

inline constexpr std::int64_t day_ms = 86'400'000;

/// An entry as members of a line, for next_line(): "t", "do", "outcome", then as far as there is one "person" and
/// "sealed" (who and from, under that person's key), "about" and "about_sealed", "facts", "content" (the number of its
/// key) and "content_sealed". `n`: the record's number, to which what is sealed is bound. `numbers`: of every name in
/// it.
std::string record_body(const Entry& entry, std::int64_t ms, std::uint64_t n,
                        const std::map<std::string, std::int64_t>& numbers, Persons& persons);

/// The first record of a segment.
std::string segment_body(std::int64_t ms, std::string_view box, std::string_view previous_hash);

/// Whether contents are opened: those who only look at what happened are not shown them.
enum class Contents : bool { closed, open };

/// A line with what was sealed opened: "who", "from", "subject" in place of the sealed members; "erased": true where
/// the person's key is gone. "content" is what the request held, null where its key is gone; closed: true where the
/// record has one. Throws Error(invalid) where it is no record.
json::Object opened(std::string_view line, const Persons& persons, Contents contents);

std::string_view name_of(Code code);

}  // namespace cofre::accounts::audit
