#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Texts of chats as the database's full-text search has them (FTS5, tokenizer "ascii"): words (text/words.h), each
/// behind its owner's number, so that nobody's search goes over what others wrote.
namespace cofre::records {

/// What is kept of a text: the words of its first MiB.
std::string indexed(std::int64_t owner, std::string_view text);

/// The MATCH expression of a query: every part between spaces is in the text, its words next to each other, the last
/// one at least begun. Empty: there is no word in it.
std::string match_of(std::int64_t owner, std::string_view query);

/// The piece of a text around the query's first part, "…" where it was cut.
std::string excerpt(std::string_view text, std::string_view query);

}  // namespace cofre::records
