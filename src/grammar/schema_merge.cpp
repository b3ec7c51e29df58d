#include "grammar/schema_merge.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "base/error.h"
#include "grammar/decimal.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

std::string_view view(const json::Value& value) { return {value.get_string().data(), value.get_string().size()}; }

bool is_true(const json::Value& schema) {
  return (schema.is_bool() && schema.get_bool()) || (schema.is_object() && schema.get_object().empty());
}

json::Array as_list(const json::Value& value) { return value.is_array() ? value.get_array() : json::Array{value}; }

/// Types in both lists; an integer is a number.
json::Array common_types(const json::Value& a, const json::Value& b) {
  json::Array out;
  const auto has = [](const json::Array& list, std::string_view name) {
    return std::any_of(list.begin(), list.end(),
                       [&](const json::Value& v) { return v.is_string() && view(v) == name; });
  };
  const auto x = as_list(a), y = as_list(b);
  for (const auto& type : x) {
    if (!type.is_string()) continue;
    const auto name = view(type);
    if (has(y, name) || (name == "integer" && has(y, "number"))) {
      out.push_back(type);
    } else if (name == "number" && has(y, "integer") && !has(x, "integer")) {
      out.emplace_back("integer");
    }
  }
  return out;
}

/// ~0, ~1 and %XX of a JSON pointer in a fragment (RFC 6901 §6).
std::string unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      out += token[++i] == '0' ? '~' : '/';
    } else if (token[i] == '%' && i + 2 < token.size() && std::isxdigit(static_cast<unsigned char>(token[i + 1])) &&
               std::isxdigit(static_cast<unsigned char>(token[i + 2]))) {
      out += static_cast<char>(std::stoi(std::string(token.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += token[i];
    }
  }
  return out;
}

}  // namespace

std::string child_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}
std::string child_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

json::Value both(const json::Value& a, const json::Value& b) {
  if (is_true(a)) return b;
  if (is_true(b)) return a;
  return json::Object{{"allOf", json::Array{a, b}}};
}

void SchemaMerge::count(const json::Value& copied, const std::string& path) {
  std::vector<const json::Value*> work{&copied};
  while (!work.empty()) {
    const auto& value = *work.back();
    work.pop_back();
    if (++counted_ > schema_values_max)
      fail_field(Code::exhausted, path, "the schema unfolds into more than {} values", schema_values_max);
    if (value.is_array())
      for (const auto& item : value.get_array()) work.push_back(&item);
    if (value.is_object())
      for (const auto& member : value.get_object()) work.push_back(&member.value());
  }
}

const json::Value& SchemaMerge::resolve(std::string_view reference, const std::string& path) const {
  if (!reference.starts_with('#'))
    fail_field(Code::unsupported, path, "{}: only references within the schema (#/…) are followed", path);
  const json::Value* at = &root_;
  auto rest = reference.substr(1);
  if (!rest.empty() && rest[0] != '/') {  // an $anchor among the definitions
    for (const std::string_view group : {"$defs", "definitions"})
      if (const auto* defs = root_.is_object() ? root_.get_object().if_contains(group) : nullptr;
          defs && defs->is_object())
        for (const auto& [key, value] : defs->get_object())
          if (const auto* anchor = value.is_object() ? value.get_object().if_contains("$anchor") : nullptr;
              anchor && anchor->is_string() && view(*anchor) == rest)
            return value;
    fail_field(Code::invalid, path, "{}: nothing in the schema is called {}", path, reference);
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    const auto token = unescape(rest.substr(0, end));
    rest.remove_prefix(end);
    const json::Value* next = nullptr;
    if (at->is_object()) {
      next = at->get_object().if_contains(token);
    } else if (at->is_array() && !token.empty() && token.size() < 8 &&
               std::all_of(token.begin(), token.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      const auto index = std::stoul(token);
      if (index < at->get_array().size()) next = &at->get_array()[index];
    }
    if (!next) fail_field(Code::invalid, path, "{}: {} is not in the schema", path, reference);
    at = next;
  }
  return *at;
}

json::Value SchemaMerge::flatten(const json::Value& schema, const std::string& path, std::size_t depth) {
  count(schema, path);
  if (depth > nesting_max)
    fail_field(Code::exhausted, path, "{}: references and allOf are nested deeper than {}", path, nesting_max);
  if (schema.is_bool()) return schema;
  if (!schema.is_object()) fail_field(Code::invalid, path, "{} must be a schema: an object or a boolean", path);
  json::Object own = schema.get_object();
  std::vector<json::Value> parts;
  if (const auto* reference = own.if_contains("$ref")) {
    const auto where = child_path(path, "$ref");
    if (!reference->is_string()) fail_field(Code::invalid, where, "{} must be text", where);
    parts.push_back(flatten(resolve(view(*reference), where), path, depth + 1));
    own.erase("$ref");
  }
  if (const auto* all = own.if_contains("allOf")) {
    const auto where = child_path(path, "allOf");
    if (!all->is_array() || all->get_array().empty())
      fail_field(Code::invalid, where, "{} must be a list of schemas", where);
    const json::Array list = all->get_array();
    own.erase("allOf");
    for (std::size_t i = 0; i < list.size(); ++i) parts.push_back(flatten(list[i], child_path(where, i), depth + 1));
  }
  if (parts.empty()) return own;
  // unevaluatedProperties speaks of what the parts evaluated, so it is put back after them.
  json::Object late;
  for (const std::string_view key : {"unevaluatedProperties", "unevaluatedItems"})
    if (const auto* value = own.if_contains(key)) late[key] = *value, own.erase(key);
  json::Value out = own;
  for (const auto& part : parts) out = merge(out, part, path);
  if (out.is_object())
    for (const auto& member : late) out.get_object()[member.key()] = member.value();
  return out;
}

json::Value SchemaMerge::merge(const json::Value& a, const json::Value& b, const std::string& path) {
  count(a, path);
  count(b, path);
  if (is_true(a)) return b;
  if (is_true(b)) return a;
  if (a.is_bool() || b.is_bool()) return false;
  json::Object out = a.get_object();
  json::Object from = b.get_object();
  for (const auto& [unevaluated, additional] :
       {std::pair{"unevaluatedProperties", "additionalProperties"}, {"unevaluatedItems", "items"}})
    for (auto* side : {&out, &from})
      if (const auto* value = side->if_contains(unevaluated)) {  // closed before the other side adds to it
        if (side->contains("anyOf") || side->contains("oneOf"))
          fail_field(Code::unsupported, child_path(path, unevaluated), "{} beside anyOf inside allOf is not supported",
                     unevaluated);
        const json::Value closed = *value;
        side->erase(unevaluated);
        if (!side->contains(additional)) (*side)[additional] = closed;
      }
  merge_objects(out, from, path);
  merge_arrays(out, from);
  for (const auto& [key, value] : from)
    if (!merge_keyword(out, {key.data(), key.size()}, value, path)) return false;
  return out;
}

/// Properties of either side, held to what the other says of them: its own schema, or its additionalProperties.
void SchemaMerge::merge_objects(json::Object& into, const json::Object& from, const std::string& path) {
  const json::Object before = into;  // `into` changes below
  const auto* a = before.if_contains("properties");
  const auto* b = from.if_contains("properties");
  const json::Value *rest_a = before.if_contains("additionalProperties"),
                    *rest_b = from.if_contains("additionalProperties");
  const bool patterns = into.contains("patternProperties") || from.contains("patternProperties");
  const bool closed = (rest_a && !is_true(*rest_a)) || (rest_b && !is_true(*rest_b));
  if (patterns && (closed || a || b))
    fail_field(Code::unsupported, child_path(path, "patternProperties"),
               "{}: patternProperties cannot be merged with properties of another part", path);
  if ((a && !a->is_object()) || (b && !b->is_object()))
    fail_field(Code::invalid, child_path(path, "properties"), "{}.properties must be an object", path);
  json::Object all;
  const json::Value anything = true;
  if (a)
    for (const auto& [key, value] : a->get_object()) {
      const auto* other = b ? b->get_object().if_contains(key) : nullptr;
      all[key] = both(value, other ? *other : rest_b ? *rest_b : anything);
    }
  if (b)
    for (const auto& [key, value] : b->get_object())
      if (!a || !a->get_object().contains(key)) all[key] = both(rest_a ? *rest_a : anything, value);
  if (a || b) into["properties"] = all;
  if (rest_a && rest_b) into["additionalProperties"] = both(*rest_a, *rest_b);
}

void SchemaMerge::merge_arrays(json::Object& into, const json::Object& from) {
  const json::Value anything = true;
  const auto items_of = [&](const json::Object& o) { return o.contains("items") ? o.at("items") : anything; };
  const auto prefix_of = [](const json::Object& o) {
    const auto* prefix = o.if_contains("prefixItems");
    return prefix && prefix->is_array() ? prefix->get_array() : json::Array{};
  };
  const auto a = prefix_of(into), b = prefix_of(from);
  if (!a.empty() || !b.empty()) {
    json::Array all;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
      all.push_back(both(i < a.size() ? a[i] : items_of(into), i < b.size() ? b[i] : items_of(from)));
    into["prefixItems"] = all;
  }
  if (into.contains("items") && from.contains("items")) into["items"] = both(items_of(into), items_of(from));
}

void SchemaMerge::merge_bound(json::Value& into, const json::Value& value, bool larger, const std::string& path) {
  const int order = Decimal::compare(Decimal::of(value, path), Decimal::of(into, path));
  if (larger ? order > 0 : order < 0) into = value;
}

void SchemaMerge::merge_branches(json::Value& into, const json::Value& value, const std::string& path) {
  json::Array all;
  for (const auto& x : as_list(into))
    for (const auto& y : as_list(value)) {
      if (all.size() >= branches_max)
        fail_field(Code::exhausted, path, "{} unfolds into more than {} branches", path, branches_max);
      all.push_back(both(x, y));
    }
  into = all;
}

/// False: nothing satisfies both.
bool SchemaMerge::merge_keyword(json::Object& into, std::string_view key, const json::Value& value,
                                const std::string& path) {
  const auto where = child_path(path, key);
  if (key == "properties" || key == "prefixItems") return true;
  if (key == "pattern" || key == "format" || key == patterns_key) {
    auto& list = into[patterns_key];
    if (list.is_null()) list = json::Array{};
    for (const auto& pattern : as_list(value)) {
      json::Object one;
      one[key == "format" ? "format" : "pattern"] = pattern;
      list.get_array().push_back(key == patterns_key ? pattern : json::Value(one));
    }
    return true;
  }
  auto* own = into.if_contains(key);
  if (!own) {
    into[key] = value;
    return true;
  }
  if (key == "type") {
    auto types = common_types(*own, value);
    if (types.empty()) return false;
    *own = types;
  } else if (key == "enum" || key == "const") {
    json::Array kept;
    const auto mine = key == "const" ? json::Array{*own} : as_list(*own),
               theirs = key == "const" ? json::Array{value} : as_list(value);
    if (mine.size() * theirs.size() > comparisons_max)
      fail_field(Code::exhausted, where, "{}: the lists are too long to be compared", where);
    std::copy_if(mine.begin(), mine.end(), std::back_inserter(kept),
                 [&](const json::Value& v) { return std::find(theirs.begin(), theirs.end(), v) != theirs.end(); });
    if (kept.empty()) return false;
    *own = key == "const" ? kept[0] : json::Value(kept);
  } else if (key == "required") {
    auto list = as_list(*own);
    for (const auto& name : as_list(value))
      if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
    *own = list;
  } else if (key.starts_with("min") || key == "exclusiveMinimum") {
    merge_bound(*own, value, true, where);
  } else if (key.starts_with("max") || key == "exclusiveMaximum") {
    merge_bound(*own, value, false, where);
  } else if (key == "anyOf" || key == "oneOf") {
    merge_branches(*own, value, where);
  } else if (key == "uniqueItems") {
    *own = (own->is_bool() && own->get_bool()) || (value.is_bool() && value.get_bool());
  } else if (key == "multipleOf" && *own != value) {
    if (!own->is_int64() || !value.is_int64() || own->get_int64() <= 0 || value.get_int64() <= 0)
      fail_field(Code::unsupported, where, "{}: two different factors cannot be merged", where);
    const auto a = own->get_int64(), b = value.get_int64();
    const auto multiple = checked_mul<std::int64_t>(a / std::gcd(a, b), b);
    if (!multiple) fail_field(Code::unsupported, where, "{}: the factors are too large", where);
    *own = *multiple;
  } else if ((key == "not" || key == "patternProperties" || key == "propertyNames" || key == "contains" ||
              key == "if") &&
             *own != value) {
    fail_field(Code::unsupported, where,
               "{} stands in two parts that allOf or a reference joins, which is not supported", where);
  }
  return true;  // additionalProperties and items are merged above; annotations keep their first value
}

}  // namespace cofre::grammar
