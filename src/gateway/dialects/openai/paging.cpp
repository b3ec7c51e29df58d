#include "gateway/dialects/openai/paging.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace cofre::gateway::openai {

void check_query(const http::Request& request, std::initializer_list<std::string_view> known) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto name = http::percent_decode(pair.substr(0, pair.find('=')), true);
    if (!name) fail(Code::invalid, "the query is broken");
    if (!name->empty() && std::find(known.begin(), known.end(), *name) == known.end())
      fail_field(Code::invalid, name->substr(0, 64), "{} is not a parameter of this request", name->substr(0, 64));
  }
}

records::Page read_page(const http::Request& request, std::uint32_t limit_default, std::uint32_t limit_max) {
  records::Page page;
  page.limit = limit_default;
  if (const auto limit = request.parameter("limit")) {
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    if (error != std::errc() || end != limit->data() + limit->size() || page.limit < 1 || page.limit > limit_max)
      fail_field(Code::invalid, "limit", "limit: must be a whole number from 1 to {}", limit_max);
  }
  page.after = request.parameter("after");
  if (const auto order = request.parameter("order")) {
    if (*order != "asc" && *order != "desc") fail_field(Code::invalid, "order", "order: must be one of: asc, desc");
    page.oldest_first = *order == "asc";
  }
  return page;
}

std::string list_text(json::Array items, const records::Page& page) {
  const bool more = items.size() > page.limit;
  if (more) items.resize(page.limit);
  const auto id_of = [](const json::Value& item) { return item.at("id"); };
  json::Object out{
      {"object", "list"}, {"data", nullptr}, {"first_id", nullptr}, {"last_id", nullptr}, {"has_more", more}};
  if (!items.empty()) {
    out["first_id"] = id_of(items.front());
    out["last_id"] = id_of(items.back());
  }
  out["data"] = std::move(items);
  return json::dump(out);
}

}  // namespace cofre::gateway::openai
