#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "grammar/characters.h"
#include "grammar/json_text.h"
#include "grammar/limits.h"
#include "grammar/regex.h"
#include "grammar/schema_writer.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t apart_from = 24;       ///< so many members that may be left out become rules of their own
constexpr std::size_t places_max = 100'000;  ///< members times their counts

std::string inside(std::string_view name) {
  const auto quoted = json::quote(name);
  return quoted.substr(1, quoted.size() - 2);
}

const json::Value* find_object(const json::Object& schema, std::string_view key, const std::string& path) {
  const auto* value = schema.if_contains(key);
  if (value && !value->is_object())
    fail_field(Code::invalid, child_path(path, key), "{} must be an object", child_path(path, key));
  return value;
}

}  // namespace

Dfa SchemaWriter::any_inside() {
  Builder builder;
  return minimize(builder.to_dfa(
      builder.repeat(write_character(builder, {{0, code_point_max}}, Writing::json_string), 0, unlimited)));
}

Dfa SchemaWriter::names_dfa(const std::vector<Member>& members) {
  Builder builder;
  std::vector<Node> names;
  for (const auto& member : members) names.push_back(builder.literal(inside(member.name)));
  return builder.to_dfa(builder.choice(std::move(names)));
}

/// Any key but those of members. Along the names byte by byte; whatever leaves them is any string. On the way no escape
/// may stand that could spell a name in another way.
Node SchemaWriter::key_except(const std::vector<Member>& members) {
  if (members.empty()) return rules_.string();
  std::set<std::string> names;
  std::map<std::string, std::uint32_t> prefixes;
  for (const auto& member : members) {
    const auto name = inside(member.name);
    names.insert(name);
    for (std::size_t n = 0; n <= name.size(); ++n) prefixes.emplace(name.substr(0, n), 0);
  }
  std::uint32_t count = 0;  // the empty prefix, the start, is first
  for (auto& [prefix, id] : prefixes) id = count++;
  std::vector<std::map<std::uint8_t, std::uint32_t>> children(count);
  for (const auto& [prefix, id] : prefixes)
    if (!prefix.empty())
      children[prefixes.at(prefix.substr(0, prefix.size() - 1))][static_cast<std::uint8_t>(prefix.back())] = id;
  Dfa dfa;
  dfa.states.resize(count + 1 + json_text::states);
  const auto done = count;
  dfa.states[done].accepts = true;
  for (std::uint8_t s = 0; s < json_text::closed; ++s)
    dfa.states[done + 1 + s].calls.push_back({builder_.string_rest_rule(0, unlimited, s), done});
  for (const auto& [prefix, at] : prefixes) {
    std::uint8_t state = json_text::boundary;
    for (const char c : prefix) state = json_text::step(state, static_cast<std::uint8_t>(c));
    for (int byte = 0; byte < 256; ++byte) {
      const auto next = json_text::step(state, static_cast<std::uint8_t>(byte));
      std::uint32_t to = 0;
      if (const auto child = children[at].find(static_cast<std::uint8_t>(byte)); child != children[at].end()) {
        to = child->second;
      } else if (next == json_text::dead || next == json_text::escape || next == json_text::hex4) {
        continue;
      } else if (next == json_text::closed) {
        if (names.contains(prefix)) continue;
        to = done;
      } else {
        to = done + 1 + next;
      }
      auto& edges = dfa.states[at].edges;
      if (!edges.empty() && edges.back().to == to && edges.back().high + 1 == byte) {
        ++edges.back().high;
      } else {
        edges.push_back({static_cast<std::uint8_t>(byte), static_cast<std::uint8_t>(byte), to});
      }
    }
  }
  return builder_.sequence({builder_.literal("\""), builder_.automaton(std::move(dfa))});
}

std::vector<SchemaWriter::Member> SchemaWriter::members_of(const json::Object& schema, const std::string& path) {
  std::vector<Member> out;
  std::set<std::string, std::less<>> required;
  const auto where = child_path(path, "required");
  if (const auto* list = schema.if_contains("required")) {
    if (!list->is_array()) fail_field(Code::invalid, where, "{} must be a list of names", where);
    for (const auto& name : list->get_array()) {
      if (!name.is_string()) fail_field(Code::invalid, where, "{} must be a list of names", where);
      required.insert(std::string(name.get_string().data(), name.get_string().size()));
    }
  }
  std::set<std::string, std::less<>> known;
  if (const auto* properties = find_object(schema, "properties", path))
    for (const auto& member : properties->get_object()) {
      const std::string name(member.key().data(), member.key().size());
      known.insert(name);
      out.push_back({name, member.value(), required.contains(name), child_path(child_path(path, "properties"), name)});
    }
  const auto* patterns = find_object(schema, "patternProperties", path);
  if (patterns && patterns->get_object().size() > key_patterns_max)
    fail_field(Code::exhausted, child_path(path, "patternProperties"), "{}.patternProperties has more than {} patterns",
               path, key_patterns_max);
  const auto* rest = schema.if_contains("additionalProperties");
  for (const auto& name : required)  // required but not described: what the rest says of it
    if (!known.contains(name)) out.push_back({name, patterns || !rest ? json::Value(true) : *rest, true, where});
  if (patterns)
    for (const auto& pattern : patterns->get_object()) {
      Builder builder;
      const std::string_view text(pattern.key().data(), pattern.key().size());
      const auto dfa = builder.to_dfa(
          add_regex(builder, text, child_path(path, "patternProperties"), Anchoring::search, Writing::json_string));
      for (auto& member : out) {
        const bool described = known.contains(member.name), matched = dfa.matches(inside(member.name));
        if (matched) {
          member.schema = both(member.schema, pattern.value());
          known.insert(member.name);
        } else if (!described && rest && &pattern == &*std::prev(patterns->get_object().end())) {
          member.schema = both(member.schema, *rest);
        }
      }
    }
  return out;
}

/// Keys that are no members, by what they must satisfy.
std::vector<SchemaWriter::Others> SchemaWriter::others_of(const json::Object& schema,
                                                          const std::vector<Member>& members, const std::string& path) {
  std::vector<Others> out;
  const auto* patterns = find_object(schema, "patternProperties", path);
  const auto* rest = schema.if_contains("additionalProperties");
  const bool closed = rest && rest->is_bool() && !rest->get_bool();
  const auto* names = schema.if_contains("propertyNames");
  const auto rest_path = child_path(path, "additionalProperties");
  const json::Value anything = true;
  if (!patterns && !names) {
    if (!closed) out.push_back({key_except(members), rest ? *rest : anything, rest_path});
    return out;
  }
  auto open = combine(any_inside(), names_dfa(members), Combine::first_only, states_max);
  if (names) {
    const auto where = child_path(path, "propertyNames");
    const auto flat = merge_.flatten(*names, where);
    if (flat.is_bool() && !flat.get_bool()) return out;
    if (flat.is_object())
      if (const auto allowed = inside_dfa(flat.get_object(), where))
        open = combine(open, *allowed, Combine::both, states_max);
  }
  const auto quoted = [&](Dfa dfa) {
    return builder_.sequence({builder_.literal("\""), builder_.automaton(minimize(dfa)), builder_.literal("\"")});
  };
  std::vector<std::pair<Dfa, std::string>> regions;
  if (patterns)
    for (const auto& pattern : patterns->get_object()) {
      const auto where = child_path(child_path(path, "patternProperties"),
                                    std::string_view(pattern.key().data(), pattern.key().size()));
      Builder builder;
      auto dfa = minimize(builder.to_dfa(add_regex(builder, {pattern.key().data(), pattern.key().size()}, where,
                                                   Anchoring::search, Writing::json_string)));
      auto region = combine(open, dfa, Combine::both, states_max);
      for (const auto& [other, name] : regions)
        if (!combine(region, other, Combine::both, states_max).empty())
          fail_field(Code::unsupported, where, "{} and {} may match the same key, which is not supported", where, name);
      if (!region.empty()) out.push_back({quoted(region), pattern.value(), where});
      regions.emplace_back(std::move(region), where);
    }
  for (const auto& [region, name] : regions) open = combine(open, region, Combine::first_only, states_max);
  if (!closed && !open.empty()) out.push_back({quoted(open), rest ? *rest : anything, rest_path});
  return out;
}

namespace {

/// Numbers the places of an object: after how many members, how many were written, and so on.
class Counter {
 public:
  Counter(std::size_t members, std::uint32_t least, std::uint32_t most, const std::string& path)
      : least_(least), most_(most == unlimited ? 0 : most), capped_(most != unlimited) {
    const auto counts = checked_mul<std::size_t>((std::size_t{least_} + 1) * 2, std::size_t{most_} + 1);
    const auto all = counts ? checked_mul<std::size_t>(*counts, (members + 1) * 2) : std::nullopt;
    if (!all || *all > places_max)
      fail_field(Code::exhausted, path, "{}: minProperties or maxProperties is too large", path);
    counts_ = *counts;
    places_ = static_cast<std::uint32_t>(*all + 3);
  }
  struct Count {
    std::uint32_t toward_least = 0, toward_most = 0;
    bool other = false;  ///< a key that is no member was counted toward the least; further ones may repeat it
  };
  std::uint32_t places() const { return places_; }
  std::uint32_t at(std::size_t member, bool written, const Count& count) const {
    const auto index =
        (std::size_t{count.toward_least} * 2 + (count.other ? 1 : 0)) * (std::size_t{most_} + 1) + count.toward_most;
    return static_cast<std::uint32_t>(3 + (member * 2 + (written ? 1 : 0)) * counts_ + index);
  }
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::uint32_t least = 0; least <= least_; ++least)
      for (std::uint32_t most = 0; most <= most_; ++most)
        for (const bool other : {false, true}) visit(Count{least, most, other});
  }
  bool enough(const Count& count) const { return count.toward_least >= least_; }
  /// Nothing where one more is too many.
  std::optional<Count> one_more(Count count, bool member) const {
    if (capped_ && count.toward_most == most_) return std::nullopt;
    if (capped_) ++count.toward_most;
    if (member || !count.other) count.toward_least = std::min(count.toward_least + 1, least_);
    if (!member && least_ > 0) count.other = true;
    return count;
  }

 private:
  const std::uint32_t least_, most_;
  const bool capped_;
  std::size_t counts_ = 0;
  std::uint32_t places_ = 0;
};

}  // namespace

Node SchemaWriter::write_object(const json::Object& schema, const std::string& path, std::size_t depth) {
  auto members = members_of(schema, path);
  const auto others = others_of(schema, members, path);
  const auto least = length(schema, "minProperties", 0, path), most = length(schema, "maxProperties", unlimited, path);
  if (const auto* names = schema.if_contains("propertyNames")) {
    const auto where = child_path(path, "propertyNames");
    const auto flat = merge_.flatten(*names, where);
    const auto filter = flat.is_object() ? filter_of(flat.get_object(), where) : Filter{};
    for (auto& member : members) {
      const json::Value name(member.name);
      if (flat.is_bool() ? !flat.get_bool() : !satisfies(name, flat.get_object(), filter, where)) member.schema = false;
      if (flat.is_object() && flat.get_object().if_contains("enum"))
        fail_field(Code::unsupported, where, "{} with enum is not supported; list the names in properties", where);
    }
  }
  const Counter counter(members.size(), least, most, path);
  if (members.empty() && others.size() == 1 && least == 0 && most == unlimited &&
      others[0].schema == json::Value(true) && !schema.contains("propertyNames") &&
      !schema.contains("patternProperties"))
    return rules_.object();

  std::vector<Node> pairs, other_pairs;
  const auto left_out = static_cast<std::size_t>(
      std::count_if(members.begin(), members.end(), [](const Member& m) { return !m.required; }));
  const auto once = counter.places() <= 3 + (members.size() + 1) * 4;
  for (const auto& member : members) {
    auto pair = builder_.sequence(
        {builder_.literal(json::quote(member.name)), rules_.colon(), write(member.schema, member.path, depth + 1)});
    if (left_out > apart_from || !once) {
      const auto rule = builder_.declare(member.path);
      builder_.define(rule, pair, true);
      pair = builder_.call(rule);
    }
    pairs.push_back(pair);
  }
  for (const auto& other : others) {
    const auto rule = builder_.declare(other.path);
    builder_.define(rule, builder_.sequence({other.key, rules_.colon(), write(other.schema, other.path, depth + 1)}),
                    true);
    other_pairs.push_back(builder_.call(rule));
  }

  std::vector<Builder::Edge> edges;
  const auto n = members.size();
  const auto close = builder_.sequence({rules_.gap(), builder_.literal("}")});
  std::size_t last_required = 0;  // members from here on may all be left out
  for (std::size_t i = 0; i < n; ++i)
    if (members[i].required) last_required = i + 1;
  edges.push_back({0, 2, builder_.sequence({builder_.literal("{"), rules_.gap()})});
  edges.push_back({2, counter.at(0, false, {}), builder_.empty()});
  if (last_required == 0 && least == 0) edges.push_back({2, 1, builder_.literal("}")});
  counter.each([&](const Counter::Count& count) {
    for (std::size_t i = 0; i <= n; ++i) {
      const auto next = counter.at(i, false, count), written = counter.at(i, true, count);
      if (i < n && !members[i].required) edges.push_back({next, counter.at(i + 1, false, count), builder_.empty()});
      if (i < n)
        if (const auto more = counter.one_more(count, true))
          edges.push_back({next, counter.at(i + 1, true, *more), pairs[i]});
      if (i == n)
        if (const auto more = counter.one_more(count, false))
          for (const auto pair : other_pairs) edges.push_back({next, counter.at(n, true, *more), pair});
      edges.push_back({written, next, rules_.comma()});
      if (i >= last_required && counter.enough(count)) edges.push_back({written, 1, close});
    }
  });
  return builder_.graph(counter.places(), std::move(edges));
}

}  // namespace cofre::grammar
