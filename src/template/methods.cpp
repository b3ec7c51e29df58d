#include <algorithm>
#include <map>

#include "base/error.h"
#include "template/interpreter.h"
#include "text/unicode.h"
#include "text/utf8.h"

// The methods of Python's str, list and dict that templates use.

namespace cofre::chat_template {
namespace {

struct Call {
  Interpreter& interpreter;
  const Value& self;
  const Arguments& arguments;

  const Value* find(std::size_t index, std::string_view name = "") const { return arguments.find(index, name); }
  const std::string& text() const { return *self.text(); }
  /// A text argument, which must be given.
  const std::string& text_at(std::size_t index) const {
    const auto* given = find(index);
    if (given == nullptr || given->text() == nullptr)
      interpreter.fail_at(fmt::format("argument {} must be a text", index + 1));
    return *given->text();
  }
  std::int64_t whole(std::size_t index, std::string_view name, std::int64_t otherwise) const {
    const auto* given = find(index, name);
    if (given == nullptr || given->is_none()) return otherwise;
    const auto number = given->integer();
    if (!number) interpreter.fail_at(fmt::format("argument {} must be a whole number", index + 1));
    return *number;
  }
};

bool is_space(char32_t code) { return (text::properties(code) & text::space) || (code >= 0x1c && code <= 0x1f); }

/// Offset after the characters at the front that are to go.
std::size_t front(std::string_view text, const std::string* letters) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto decoded = text::decode_utf8(text, at);
    const auto bytes = std::max<std::size_t>(1, decoded.bytes);
    if (letters ? letters->find(text.substr(at, bytes)) == std::string::npos : !is_space(decoded.code)) break;
    at += bytes;
  }
  return at;
}

std::size_t back(std::string_view text, const std::string* letters) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t start = end - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    const auto letter = text.substr(start, end - start);
    if (letters ? letters->find(letter) == std::string::npos : !is_space(text::decode_utf8(letter, 0).code)) break;
    end = start;
  }
  return end;
}

Value strip(const Call& c, bool left, bool right) {
  const auto* given = c.find(0, "chars");
  const std::string* letters = given && given->text() ? given->text() : nullptr;
  std::string_view text = c.text();
  if (left) text.remove_prefix(front(text, letters));
  if (right) text = text.substr(0, back(text, letters));
  return text;
}

Value split(const Call& c) {
  const auto* given = c.find(0, "sep");
  auto left = c.whole(1, "maxsplit", -1);
  std::string_view rest = c.text();
  std::vector<Value> pieces;
  if (given == nullptr || given->is_none()) {
    for (rest.remove_prefix(front(rest, nullptr)); !rest.empty(); rest.remove_prefix(front(rest, nullptr))) {
      c.interpreter.step();
      std::size_t end = 0;
      while (end < rest.size() && !is_space(text::decode_utf8(rest, end).code))
        end += std::max<std::size_t>(1, text::decode_utf8(rest, end).bytes);
      if (left-- == 0) end = rest.size();
      pieces.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    return Value::list(std::move(pieces));
  }
  const std::string& separator = c.text_at(0);
  if (separator.empty()) c.interpreter.fail_at("empty separator");
  for (std::size_t found; left != 0 && (found = rest.find(separator)) != rest.npos; --left) {
    c.interpreter.step();
    pieces.emplace_back(rest.substr(0, found));
    rest.remove_prefix(found + separator.size());
  }
  pieces.emplace_back(rest);
  return Value::list(std::move(pieces));
}

Value rsplit(const Call& c) {
  const std::string& separator = c.text_at(0);
  auto left = c.whole(1, "maxsplit", -1);
  if (separator.empty()) c.interpreter.fail_at("empty separator");
  std::string_view rest = c.text();
  std::vector<Value> pieces;
  for (std::size_t found; left != 0 && (found = rest.rfind(separator)) != rest.npos; --left) {
    c.interpreter.step();
    pieces.emplace_back(rest.substr(found + separator.size()));
    rest = rest.substr(0, found);
  }
  pieces.emplace_back(rest);
  std::reverse(pieces.begin(), pieces.end());
  return Value::list(std::move(pieces));
}

Value partition(const Call& c, bool from_right) {
  const std::string& text = c.text();
  const std::string& separator = c.text_at(0);
  const auto found = from_right ? text.rfind(separator) : text.find(separator);
  if (found == text.npos)
    return from_right ? Value::list({Value(""), Value(""), Value(text)}, true)
                      : Value::list({Value(text), Value(""), Value("")}, true);
  return Value::list({Value(text.substr(0, found)), Value(separator), Value(text.substr(found + separator.size()))},
                     true);
}

Value splitlines(const Call& c) {
  std::vector<Value> lines;
  const std::string& text = c.text();
  const bool keep = c.find(0, "keepends") && c.find(0, "keepends")->truth();
  for (std::size_t at = 0; at < text.size(); c.interpreter.step()) {
    const auto end = std::min(text.find_first_of("\r\n", at), text.size());
    const auto next = end + (text.compare(end, 2, "\r\n") == 0 ? 2 : end < text.size() ? 1 : 0);
    lines.emplace_back(text.substr(at, (keep ? next : end) - at));
    at = next;
  }
  return Value::list(std::move(lines));
}

/// startswith, endswith: one text or a tuple of them.
Value has_edge(const Call& c, bool at_end) {
  const auto* given = c.find(0);
  const auto fits = [&](const Value& edge) {
    if (edge.text() == nullptr) c.interpreter.fail_at("startswith and endswith take a text or a tuple of texts");
    return at_end ? c.text().ends_with(*edge.text()) : c.text().starts_with(*edge.text());
  };
  if (given == nullptr) c.interpreter.fail_at("startswith and endswith take a text");
  if (given->list() == nullptr) return fits(*given);
  return std::any_of(given->list()->items.begin(), given->list()->items.end(), fits);
}

std::int64_t characters_before(std::string_view text, std::size_t end) {
  return std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

Value find(const Call& c, bool last) {
  const auto found = last ? c.text().rfind(c.text_at(0)) : c.text().find(c.text_at(0));
  return found == std::string::npos ? std::int64_t{-1} : characters_before(c.text(), found);
}

Value count(const Call& c) {
  std::int64_t times = 0;
  if (const auto* list = c.self.list()) {
    const auto* wanted = c.find(0);
    if (wanted == nullptr) c.interpreter.fail_at("count takes a value");
    return static_cast<std::int64_t>(
        std::count_if(list->items.begin(), list->items.end(), [&](const Value& one) { return one.equals(*wanted); }));
  }
  const std::string& part = c.text_at(0);
  if (part.empty()) return characters_before(c.text(), c.text().size()) + 1;
  for (std::size_t at = 0; (at = c.text().find(part, at)) != std::string::npos; at += part.size()) ++times;
  return times;
}

Value by_filter(const Call& c, const char* name) { return c.interpreter.apply_filter(name, c.self, c.arguments); }

Value join(const Call& c) {
  const auto* given = c.find(0);
  if (given == nullptr) c.interpreter.fail_at("join takes a list");
  for (const auto& one : c.interpreter.items_of(*given))
    if (one.text() == nullptr)
      c.interpreter.fail_at(fmt::format("sequence item: expected str instance, {} found", one.type_name()));
  Arguments a;
  a.positional.push_back(c.self);
  return c.interpreter.apply_filter("join", *given, a);
}

/// Whether the text has letters and every code point has one of `wanted`.
Value all_are(const Call& c, int wanted) {
  const std::string& text = c.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = text::decode_utf8(text, at);
    if (!(text::properties(decoded.code) & wanted)) return false;
    at += std::max<std::size_t>(1, decoded.bytes);
  }
  return !text.empty();
}

Value cased(const Call& c, bool upper) { return c.interpreter.apply_test(upper ? "upper" : "lower", c.self, {}); }

Value justify(const Call& c, bool left, bool right) {
  const auto width = c.whole(0, "width", 0);
  const std::string fill = c.find(1) ? c.text_at(1) : " ";
  const auto missing = width - characters_before(c.text(), c.text().size());
  if (missing <= 0) return c.self;
  if (missing > 100'000) c.interpreter.fail_at("a width is too large");
  std::string before, after;
  for (std::int64_t i = 0; i < missing; ++i) (left && right ? i < missing / 2 : left) ? before += fill : after += fill;
  return before + c.text() + after;
}

const std::map<std::string_view, Value (*)(const Call&)>& text_methods() {
  static const std::map<std::string_view, Value (*)(const Call&)> all = {
      {"capitalize", [](const Call& c) { return by_filter(c, "capitalize"); }},
      {"center", [](const Call& c) { return justify(c, true, true); }},
      {"count", count},
      {"endswith", [](const Call& c) { return has_edge(c, true); }},
      {"find", [](const Call& c) { return find(c, false); }},
      {"format",
       [](const Call& c) -> Value { c.interpreter.fail_at("str.format is not offered: use the filter format, or ~"); }},
      {"isalnum", [](const Call& c) { return all_are(c, text::letter | text::number); }},
      {"isalpha", [](const Call& c) { return all_are(c, text::letter); }},
      {"isdigit", [](const Call& c) { return all_are(c, text::number); }},
      {"islower", [](const Call& c) { return cased(c, false); }},
      {"isspace", [](const Call& c) { return all_are(c, text::space); }},
      {"isupper", [](const Call& c) { return cased(c, true); }},
      {"join", join},
      {"ljust", [](const Call& c) { return justify(c, false, true); }},
      {"lower", [](const Call& c) { return by_filter(c, "lower"); }},
      {"lstrip", [](const Call& c) { return strip(c, true, false); }},
      {"partition", [](const Call& c) { return partition(c, false); }},
      {"removeprefix",
       [](const Call& c) {
         return Value(c.text().starts_with(c.text_at(0)) ? c.text().substr(c.text_at(0).size()) : c.text());
       }},
      {"removesuffix",
       [](const Call& c) {
         return Value(c.text().ends_with(c.text_at(0)) ? c.text().substr(0, c.text().size() - c.text_at(0).size())
                                                       : c.text());
       }},
      {"replace", [](const Call& c) { return by_filter(c, "replace"); }},
      {"rfind", [](const Call& c) { return find(c, true); }},
      {"rjust", [](const Call& c) { return justify(c, true, false); }},
      {"rpartition", [](const Call& c) { return partition(c, true); }},
      {"rsplit", rsplit},
      {"rstrip", [](const Call& c) { return strip(c, false, true); }},
      {"split", split},
      {"splitlines", splitlines},
      {"startswith", [](const Call& c) { return has_edge(c, false); }},
      {"strip", [](const Call& c) { return strip(c, true, true); }},
      {"title", [](const Call& c) { return by_filter(c, "title"); }},
      {"upper", [](const Call& c) { return by_filter(c, "upper"); }},
  };
  return all;
}

const Value& kept(const Call& c, std::size_t index, const void* container) {
  const auto* given = c.find(index);
  if (given == nullptr) c.interpreter.fail_at("a value is missing");
  if (given->holds(container)) c.interpreter.fail_at("a list or dictionary cannot hold itself");
  return *given;
}

Value append(const Call& c) {
  c.interpreter.step();
  auto* list = c.self.mutable_list();
  list->items.push_back(kept(c, 0, list));
  return None{};
}

Value extend(const Call& c) {
  auto* list = c.self.mutable_list();
  auto fresh = c.interpreter.items_of(kept(c, 0, nullptr));
  for (const auto& one : fresh)
    if (one.holds(list)) c.interpreter.fail_at("a list cannot hold itself");
  c.interpreter.step(fresh.size());
  list->items.insert(list->items.end(), fresh.begin(), fresh.end());
  return None{};
}

Value insert(const Call& c) {
  auto* list = c.self.mutable_list();
  const auto size = static_cast<std::int64_t>(list->items.size());
  auto at = c.whole(0, "index", 0);
  at = std::clamp<std::int64_t>(at < 0 ? std::max<std::int64_t>(at, -size) + size : at, 0, size);
  c.interpreter.step(1 + list->items.size() / 16);
  list->items.insert(list->items.begin() + at, kept(c, 1, list));
  return None{};
}

Value pop(const Call& c) {
  auto* list = c.self.mutable_list();
  const auto size = static_cast<std::int64_t>(list->items.size());
  auto at = c.whole(0, "index", -1);
  if (at < 0) at += size;
  if (at < 0 || at >= size) c.interpreter.fail_at(size == 0 ? "pop from empty list" : "pop index out of range");
  c.interpreter.step(1 + list->items.size() / 16);
  Value taken = list->items[static_cast<std::size_t>(at)];
  list->items.erase(list->items.begin() + at);
  return taken;
}

Value index(const Call& c) {
  const auto& items = c.self.list()->items;
  const auto* wanted = c.find(0);
  if (wanted == nullptr) c.interpreter.fail_at("index takes a value");
  const auto found = std::find_if(items.begin(), items.end(), [&](const Value& one) { return one.equals(*wanted); });
  if (found == items.end()) c.interpreter.fail_at(fmt::format("{} is not in list", wanted->repr()));
  return static_cast<std::int64_t>(found - items.begin());
}

const std::map<std::string_view, Value (*)(const Call&)>& list_methods() {
  static const std::map<std::string_view, Value (*)(const Call&)> all = {
      {"append", append},
      {"count", count},
      {"extend", extend},
      {"index", index},
      {"insert", insert},
      {"pop", pop},
      {"copy", [](const Call& c) { return Value::list(c.interpreter.items_of(c.self)); }},
      {"clear",
       [](const Call& c) -> Value {
         c.self.mutable_list()->items.clear();
         return None{};
       }},
      {"reverse",
       [](const Call& c) -> Value {
         auto& items = c.self.mutable_list()->items;
         c.interpreter.step(items.size());
         std::reverse(items.begin(), items.end());
         return None{};
       }},
  };
  return all;
}

Value dict_get(const Call& c) {
  const auto* key = c.find(0);
  if (key == nullptr) c.interpreter.fail_at("get takes a key");
  const auto* found = c.self.dict()->find(key->str());
  if (found != nullptr) return *found;
  const auto* otherwise = c.find(1);
  return otherwise ? *otherwise : Value(None{});
}

Value dict_update(const Call& c) {
  auto* dict = c.self.mutable_dict();
  if (const auto* given = c.find(0)) {
    if (given->dict() == nullptr) c.interpreter.fail_at("update takes a dictionary");
    for (const auto& [key, value] : std::vector(given->dict()->items)) {
      if (value.holds(dict)) c.interpreter.fail_at("a dictionary cannot hold itself");
      dict->set(key, value);
      c.interpreter.step(1 + dict->items.size() / 16);
    }
  }
  for (const auto& [key, value] : c.arguments.named) {
    if (value.holds(dict)) c.interpreter.fail_at("a dictionary cannot hold itself");
    dict->set(key, value);
  }
  return None{};
}

Value dict_pop(const Call& c) {
  auto& items = c.self.mutable_dict()->items;
  const auto* key = c.find(0);
  if (key == nullptr) c.interpreter.fail_at("pop takes a key");
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& one) { return one.first == key->str(); });
  if (found == items.end()) {
    const auto* otherwise = c.find(1);
    if (otherwise == nullptr) c.interpreter.fail_at(fmt::format("no key {}", key->repr()));
    return *otherwise;
  }
  Value taken = found->second;
  items.erase(found);
  return taken;
}

const std::map<std::string_view, Value (*)(const Call&)>& dict_methods() {
  static const std::map<std::string_view, Value (*)(const Call&)> all = {
      {"get", dict_get},
      {"items", [](const Call& c) { return by_filter(c, "items"); }},
      {"keys", [](const Call& c) { return Value::list(c.interpreter.items_of(c.self)); }},
      {"values",
       [](const Call& c) {
         std::vector<Value> values;
         for (const auto& [key, value] : c.self.dict()->items) values.push_back(value);
         return Value::list(std::move(values));
       }},
      {"update", dict_update},
      {"pop", dict_pop},
      {"copy", [](const Call& c) { return Value(std::make_shared<Dict>(*c.self.dict())); }},
      {"setdefault",
       [](const Call& c) {
         auto* dict = c.self.mutable_dict();
         const auto* key = c.find(0);
         if (key == nullptr) c.interpreter.fail_at("setdefault takes a key");
         if (const auto* found = dict->find(key->str())) return *found;
         const Value fresh = c.find(1) ? kept(c, 1, dict) : Value(None{});
         dict->set(key->str(), fresh);
         return fresh;
       }},
  };
  return all;
}

}  // namespace

std::optional<Value> find_method(Interpreter& interpreter, const Value& object, std::string_view name) {
  const std::map<std::string_view, Value (*)(const Call&)>* methods = nullptr;
  if (object.text()) methods = &text_methods();
  if (object.list()) methods = &list_methods();
  if (object.dict() && !object.dict()->is_namespace) methods = &dict_methods();
  if (methods == nullptr) return std::nullopt;
  const auto found = methods->find(name);
  if (found == methods->end()) return std::nullopt;
  auto function = std::make_shared<Function>();
  function->name = name;
  function->bound = true;
  function->call = [&interpreter, object, method = found->second](const Arguments& arguments) {
    return method({interpreter, object, arguments});
  };
  return Value(std::move(function));
}

}  // namespace cofre::chat_template
