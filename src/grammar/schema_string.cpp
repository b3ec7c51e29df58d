#include <algorithm>

#include "base/error.h"
#include "grammar/characters.h"
#include "grammar/decimal.h"
#include "grammar/formats.h"
#include "grammar/limits.h"
#include "grammar/regex.h"
#include "grammar/schema_writer.h"

namespace cofre::grammar {
namespace {

struct Pattern {
  std::string text;
  std::string path;
};

std::string text_of(const json::Value& value, const std::string& path) {
  if (!value.is_string()) fail_field(Code::invalid, path, "{} must be text", path);
  return {value.get_string().data(), value.get_string().size()};
}

/// Regular expressions that a string must match: pattern, format, and those of merged parts.
std::vector<Pattern> patterns_of(const json::Object& schema, const std::string& path) {
  std::vector<Pattern> out;
  const auto add = [&](std::string_view key, const json::Value& value) {
    const auto where = child_path(path, key);
    auto text = text_of(value, where);
    if (key == "format") {
      const auto known = format_pattern(text);
      if (!known) fail_field(Code::unsupported, where, "{}: the format {} is not supported; use pattern", where, text);
      text = *known;
    }
    out.push_back({std::move(text), where});
  };
  for (const std::string_view key : {"pattern", "format"})
    if (const auto* value = schema.if_contains(key)) add(key, *value);
  if (const auto* merged = schema.if_contains(patterns_key); merged && merged->is_array())
    for (const auto& one : merged->get_array())
      if (one.is_object())
        for (const auto& member : one.get_object()) add({member.key().data(), member.key().size()}, member.value());
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// The longest text of the automaton in bytes, which is at least its characters; nothing where there is no longest.
std::optional<std::size_t> longest(const Dfa& dfa) {
  const std::size_t n = dfa.states.size();
  std::vector<std::size_t> before(n, 0), length(n, 0);
  for (const auto& state : dfa.states)
    for (const auto& edge : state.edges) ++before[edge.to];
  std::vector<std::uint32_t> work;
  for (std::uint32_t s = 0; s < n; ++s)
    if (before[s] == 0) work.push_back(s);
  std::size_t most = 0, seen = 0;
  for (; !work.empty(); ++seen) {
    const auto s = work.back();
    work.pop_back();
    most = std::max(most, length[s]);
    for (const auto& edge : dfa.states[s].edges) {
      length[edge.to] = std::max(length[edge.to], length[s] + 1);
      if (--before[edge.to] == 0) work.push_back(edge.to);
    }
  }
  if (seen < n) return std::nullopt;
  return most;
}

}  // namespace

std::optional<Dfa> SchemaWriter::inside_dfa(const json::Object& schema, const std::string& path) {
  const auto patterns = patterns_of(schema, path);
  if (patterns.empty()) return std::nullopt;
  std::optional<Dfa> dfa;
  for (const auto& pattern : patterns) {
    if (dfa) spend(*dfa, pattern.path);
    Builder builder;
    auto next = minimize(
        builder.to_dfa(add_regex(builder, pattern.text, pattern.path, Anchoring::search, Writing::json_string)));
    dfa =
        dfa ? minimize(combine(*dfa, next, Combine::both, states_max)) : combine(next, next, Combine::both, states_max);
  }
  const auto least = length(schema, "minLength", 0, path), most = length(schema, "maxLength", unlimited, path);
  if (least > most) return Dfa{.states = {Dfa::State{}}};
  const auto long_text = longest(*dfa);
  if (least > 0 || (most != unlimited && (!long_text || *long_text > most))) {
    Builder builder;
    const auto any = write_character(builder, {{0, code_point_max}}, Writing::json_string);
    const auto bounded = long_text && most != unlimited ? std::min<std::size_t>(most, *long_text) : most;
    if (least > bounded) return Dfa{.states = {Dfa::State{}}};
    const auto lengths = builder.to_dfa(builder.repeat(any, least, static_cast<std::uint32_t>(bounded)));
    dfa = minimize(combine(*dfa, lengths, Combine::both, states_max));
  }
  spend(*dfa, path);
  return dfa;
}

Node SchemaWriter::write_string(const json::Object& schema, const std::string& path) {
  try {
    if (auto dfa = inside_dfa(schema, path))
      return builder_.sequence({builder_.literal("\""), builder_.automaton(std::move(*dfa)), builder_.literal("\"")});
  } catch (const Error& error) {
    if (!error.field().empty()) throw;
    fail_field(error.code(), path, "{}: {}", path, error.what());
  }
  return rules_.string(length(schema, "minLength", 0, path), length(schema, "maxLength", unlimited, path));
}

SchemaWriter::Filter SchemaWriter::filter_of(const json::Object& schema, const std::string& path) {
  Filter filter{.inside = inside_dfa(schema, path), .multiples = std::nullopt};
  const auto where = child_path(path, "multipleOf");
  if (const auto* factor = schema.if_contains("multipleOf"))
    filter.multiples = multiples_of(Decimal::of(*factor, where), where);
  return filter;
}

/// Whether a value of enum or const meets the other keywords beside it.
bool SchemaWriter::satisfies(const json::Value& value, const json::Object& schema, const Filter& filter,
                             const std::string& path) {
  const auto type = type_of(value);
  if (const auto* said = schema.if_contains("type")) {
    const json::Object only{{"type", *said}};
    const auto types = types_of(only, path);
    if (!(types & bit(type)) && !(type == Type::integer && (types & bit(Type::number)))) return false;
  }
  if (type == Type::string) {
    const std::string_view text(value.get_string().data(), value.get_string().size());
    if (characters(text) < length(schema, "minLength", 0, path) ||
        characters(text) > length(schema, "maxLength", unlimited, path))
      return false;
    const auto quoted = json::quote(text);
    return !filter.inside || filter.inside->matches(std::string_view(quoted).substr(1, quoted.size() - 2));
  }
  if (type == Type::integer || type == Type::number) {
    const auto own = Decimal::of(value, path);
    const auto order = [&](std::string_view key) -> std::optional<int> {
      const auto* bound = schema.if_contains(key);
      if (!bound) return std::nullopt;
      return Decimal::compare(own, Decimal::of(*bound, child_path(path, key)));
    };
    if (order("minimum").value_or(0) < 0 || order("exclusiveMinimum").value_or(1) <= 0) return false;
    if (order("maximum").value_or(0) > 0 || order("exclusiveMaximum").value_or(-1) >= 0) return false;
    return !filter.multiples || filter.multiples->matches((own.negative ? "-" : "") + own.whole +
                                                          (own.fraction.empty() ? "" : "." + own.fraction));
  }
  if (type == Type::object || type == Type::array) {
    for (const auto& member : schema) {
      const std::string_view key(member.key().data(), member.key().size());
      if (types_about(key) & bit(type))
        fail_field(Code::unsupported, path, "{}: {} beside enum or const with an object or a list is not supported",
                   path, key);
    }
  }
  return true;
}

}  // namespace cofre::grammar
