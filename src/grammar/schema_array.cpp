#include <algorithm>

#include "base/error.h"
#include "grammar/limits.h"
#include "grammar/schema_writer.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t distinct_max = 8;  ///< values of an enum whose choices are kept apart: 2^8 places
constexpr std::uint32_t counted_max = 100'000;

}  // namespace

/// Lists of different values out of a few: a place for each set already used.
Node SchemaWriter::write_distinct(const json::Array& values, std::uint32_t least, std::uint32_t most) {
  std::vector<Node> literals;
  for (const auto& value : values) literals.push_back(rules_.literal(value));
  const auto sets = std::uint32_t{1} << values.size();
  const auto next = [](std::uint32_t set) { return 3 + set * 2; };  // a value must come; behind it: one has come
  std::vector<Builder::Edge> edges{{0, 2, builder_.sequence({builder_.literal("["), rules_.gap()})},
                                   {2, next(0), builder_.empty()}};
  if (least == 0) edges.push_back({2, 1, builder_.literal("]")});
  const auto close = builder_.sequence({rules_.gap(), builder_.literal("]")});
  for (std::uint32_t set = 0; set < sets; ++set) {
    const auto used = static_cast<std::uint32_t>(__builtin_popcount(set));
    if (used > 0) {
      edges.push_back({next(set) + 1, next(set), rules_.comma()});
      if (used >= least && used <= most) edges.push_back({next(set) + 1, 1, close});
    }
    if (used < most)
      for (std::size_t i = 0; i < literals.size(); ++i)
        if (!(set >> i & 1)) edges.push_back({next(set), next(set | std::uint32_t{1} << i) + 1, literals[i]});
  }
  return builder_.graph(next(sets), std::move(edges));
}

Node SchemaWriter::write_array(const json::Object& schema, const std::string& path, std::size_t depth) {
  const auto least = length(schema, "minItems", 0, path), most = length(schema, "maxItems", unlimited, path);
  if (least > most) return builder_.never();
  if (std::max(least, most == unlimited ? 0 : most) > counted_max)
    fail_field(Code::unsupported, path, "{}: more than {} items cannot be counted", path, counted_max);
  json::Array prefix;
  const auto prefix_path = child_path(path, "prefixItems"), items_path = child_path(path, "items");
  if (const auto* list = schema.if_contains("prefixItems")) {
    if (!list->is_array() || list->get_array().empty())
      fail_field(Code::invalid, prefix_path, "{} must be a list of schemas", prefix_path);
    prefix = list->get_array();
  }
  const json::Value anything = true;
  const auto* items = schema.if_contains("items");
  if (items && items->is_array())
    fail_field(Code::invalid, items_path, "{} must be a schema; lists of them are named prefixItems", items_path);
  if (!items) items = &anything;

  if (const auto* unique = schema.if_contains("uniqueItems");
      unique && unique->is_bool() && unique->get_bool() && most > 1) {
    const auto flat = prefix.empty() ? merge_.flatten(*items, items_path) : anything;
    const auto values = flat.is_object() ? enumeration(flat.get_object(), items_path) : std::nullopt;
    if (!values || values->size() > distinct_max)
      fail_field(Code::unsupported, child_path(path, "uniqueItems"),
                 "{} is supported for items of an enum of at most {} values only", child_path(path, "uniqueItems"),
                 distinct_max);
    json::Array kept;
    const auto filter = filter_of(flat.get_object(), items_path);
    for (const auto& value : *values)
      if (satisfies(value, flat.get_object(), filter, items_path) &&
          std::find(kept.begin(), kept.end(), value) == kept.end())
        kept.push_back(value);
    return write_distinct(kept, least, most);
  }

  // Item k leads from place next(k) to next(k + 1) + 1; behind the last that is counted all are alike.
  const auto first_items = static_cast<std::uint32_t>(prefix.size());
  const auto counted = most == unlimited ? std::max(least, first_items) : most;
  const auto next = [](std::uint32_t k) { return 3 + k * 2; };
  std::vector<Node> firsts;
  for (std::uint32_t k = 0; k < std::min(first_items, counted); ++k)
    firsts.push_back(write(prefix[k], child_path(prefix_path, k), depth + 1));
  Node item = builder_.never();
  if (most == unlimited || counted > first_items) {
    const auto rule = builder_.declare(items_path);
    builder_.define(rule, write(*items, items_path, depth + 1));
    item = builder_.call(rule);
  }
  std::vector<Builder::Edge> edges{{0, 2, builder_.sequence({builder_.literal("["), rules_.gap()})},
                                   {2, next(0), builder_.empty()}};
  if (least == 0) edges.push_back({2, 1, builder_.literal("]")});
  const auto close = builder_.sequence({rules_.gap(), builder_.literal("]")});
  for (std::uint32_t k = 0; k <= counted; ++k) {
    if (k < counted) edges.push_back({next(k), next(k + 1) + 1, k < first_items ? firsts[k] : item});
    if (k == counted && most == unlimited) edges.push_back({next(k), next(k) + 1, item});
    edges.push_back({next(k) + 1, next(k), rules_.comma()});
    if (k >= least) edges.push_back({next(k) + 1, 1, close});
  }
  return builder_.graph(next(counted) + 2, std::move(edges));
}

}  // namespace cofre::grammar
