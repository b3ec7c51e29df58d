#include "gateway/dialects/openai/query.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace cofre::gateway::openai {

void check_query(const http::Request& request, std::initializer_list<std::string_view> known) {
  const auto names = request.parameter_names();
  if (!names) fail(Code::invalid, "the query is broken");
  for (const auto& name : *names) {
    if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end())
      fail_field(Code::invalid, name.substr(0, 64), "{} is not a parameter of this request", name.substr(0, 64));
  }
}

std::optional<std::uint64_t> whole_number(const http::Request& request, std::string_view name, std::uint64_t least,
                                          std::uint64_t most) {
  const auto text = request.parameter(name);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (text->empty() || read.ec != std::errc() || read.ptr != end || value < least || value > most)
    fail_field(Code::invalid, std::string(name), "{}: must be a whole number from {} to {}", name, least, most);
  return value;
}

records::Page read_page(const http::Request& request, std::uint32_t limit_default, std::uint32_t limit_max) {
  records::Page page;
  page.limit = static_cast<std::uint32_t>(whole_number(request, "limit", 1, limit_max).value_or(limit_default));
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
