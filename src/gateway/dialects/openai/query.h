#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "json/json.h"
#include "records/files.h"

namespace cofre::gateway::openai {

/// Throws Error(invalid) naming a parameter of the query that is none of these.
void check_query(const http::Request& request, std::initializer_list<std::string_view> known);
/// Nothing where the query has no such parameter. Throws Error(invalid, name) where it is no number from least to most.
std::optional<std::uint64_t> whole_number(const http::Request& request, std::string_view name, std::uint64_t least,
                                          std::uint64_t most);
/// limit, after and order of a query. Throws Error(invalid, limit | after | order).
records::Page read_page(const http::Request& request, std::uint32_t limit_default, std::uint32_t limit_max);
/// {"object": "list", "data": …}; `items` have ids, and may be one more than the limit.
std::string list_text(json::Array items, const records::Page& page);

}  // namespace cofre::gateway::openai
