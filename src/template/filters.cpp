#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "template/builtin_input.h"
#include "text/unicode.h"
#include "text/utf8.h"

// The filters of Jinja2 (jinja.palletsprojects.com/templates, "List of Builtin Filters"), without those that make HTML
// or draw lots.

namespace cofre::chat_template {
namespace {

using Input = BuiltinInput;

/// Follows "a.b.0" from a value.
Value follow(Interpreter& interpreter, Value value, const Value& path) {
  if (path.integer()) return interpreter.item(value, path);
  const std::string names = path.str();
  for (std::size_t at = 0; at <= names.size();) {
    const auto end = std::min(names.find('.', at), names.size());
    const auto name = std::string_view(names).substr(at, end - at);
    const bool index = !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos;
    value = index ? interpreter.item(value, Value(std::int64_t{std::stoll(std::string(name))}))
                  : interpreter.attribute(value, name);
    at = end + 1;
  }
  return value;
}

std::size_t length_of(Interpreter& interpreter, const Value& value) {
  if (const auto* text = value.text())
    return static_cast<std::size_t>(std::count_if(
        text->begin(), text->end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  if (const auto* list = value.list()) return list->items.size();
  if (const auto* dict = value.dict()) return dict->items.size();
  if (value.is_undefined()) return 0;
  interpreter.fail_at(fmt::format("object of type '{}' has no len()", value.type_name()));
}

/// What sort, unique, min and max compare: an attribute, in lower case unless case_sensitive.
Value sort_key(const Input& in, const Value& value, std::size_t attribute_at, std::size_t case_at) {
  const auto* attribute = in.find(attribute_at, "attribute");
  Value key = attribute != nullptr && !attribute->is_none() ? follow(in.interpreter, value, *attribute) : value;
  if (key.text() && !in.flag(case_at, "case_sensitive", false)) return text::to_lower(*key.text());
  return key;
}

std::vector<Value> sorted(std::vector<std::pair<Value, Value>> keyed, bool reverse) {
  std::stable_sort(keyed.begin(), keyed.end(), [reverse](const auto& a, const auto& b) {
    return reverse ? b.first.less(a.first) : a.first.less(b.first);
  });
  std::vector<Value> items;
  for (auto& [key, value] : keyed) items.push_back(std::move(value));
  return items;
}

Value sort(const Input& in) {
  std::vector<std::pair<Value, Value>> keyed;
  for (auto& one : in.items()) keyed.emplace_back(sort_key(in, one, 2, 1), one);
  in.interpreter.step(keyed.size());
  return Value::list(sorted(std::move(keyed), in.flag(0, "reverse", false)));
}

Value dictsort(const Input& in) {
  const auto* dict = in.value.dict();
  if (dict == nullptr) in.interpreter.fail_at("dictsort needs a dictionary");
  const bool by_value = in.text(1, "by", "key") == "value";
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : dict->items) {
    Value by = by_value ? value : Value(key);
    if (by.text() && !in.flag(0, "case_sensitive", false)) by = text::to_lower(*by.text());
    keyed.emplace_back(std::move(by), Value::list({Value(key), value}, true));
  }
  return Value::list(sorted(std::move(keyed), in.flag(2, "reverse", false)));
}

Value unique(const Input& in) {
  std::vector<Value> keys, kept;
  for (auto& one : in.items()) {
    Value key = sort_key(in, one, 1, 0);
    in.interpreter.step(keys.size());
    if (std::any_of(keys.begin(), keys.end(), [&](const Value& seen) { return seen.equals(key); })) continue;
    keys.push_back(std::move(key));
    kept.push_back(one);
  }
  return Value::list(std::move(kept));
}

Value extreme(const Input& in, bool largest) {
  std::optional<std::pair<Value, Value>> best;
  for (auto& one : in.items()) {
    Value key = sort_key(in, one, 1, 0);
    if (!best || (largest ? best->first.less(key) : key.less(best->first))) best.emplace(std::move(key), one);
  }
  return best ? best->second : Value(Undefined{"an item of an empty list"});
}

/// select, reject (`by_attribute` false) and selectattr, rejectattr.
Value choose(const Input& in, bool wanted, bool by_attribute) {
  std::size_t at = 0;
  const Value* attribute = nullptr;
  if (by_attribute) {
    attribute = in.find(at++, "attribute");
    if (attribute == nullptr) in.interpreter.fail_at("selectattr and rejectattr need an attribute");
  }
  const auto& given = in.arguments.positional;
  Arguments rest;
  if (given.size() > at + 1) rest.positional.assign(given.begin() + static_cast<std::ptrdiff_t>(at) + 1, given.end());
  std::vector<Value> kept;
  for (auto& one : in.items()) {
    in.interpreter.step();
    const Value subject = attribute ? follow(in.interpreter, one, *attribute) : one;
    const bool holds = given.size() > at ? in.interpreter.apply_test(given[at].str(), subject, rest) : subject.truth();
    if (holds == wanted) kept.push_back(one);
  }
  return Value::list(std::move(kept));
}

Value map(const Input& in) {
  std::vector<Value> out;
  const Value* attribute = in.arguments.positional.empty() ? in.find(0, "attribute") : nullptr;
  if (attribute == nullptr && in.arguments.positional.empty())
    in.interpreter.fail_at("map needs a filter or an attribute");
  Arguments rest = in.arguments;
  const std::string filter = rest.positional.empty() ? "" : rest.positional.front().str();
  if (!rest.positional.empty()) rest.positional.erase(rest.positional.begin());
  for (auto& one : in.items()) {
    in.interpreter.step();
    if (attribute == nullptr) {
      out.push_back(in.interpreter.apply_filter(filter, one, rest));
      continue;
    }
    Value found = follow(in.interpreter, one, *attribute);
    if (const auto* otherwise = in.find(99, "default"); found.is_undefined() && otherwise) found = *otherwise;
    out.push_back(std::move(found));
  }
  return Value::list(std::move(out));
}

Value groupby(const Input& in) {
  const auto* attribute = in.find(0, "attribute");
  if (attribute == nullptr) in.interpreter.fail_at("groupby needs an attribute");
  std::vector<std::pair<Value, Value>> keyed;
  for (auto& one : in.items()) keyed.emplace_back(follow(in.interpreter, one, *attribute), one);
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first.less(b.first); });
  std::vector<Value> groups;
  for (std::size_t i = 0; i < keyed.size();) {
    std::vector<Value> members;
    const Value key = keyed[i].first;
    for (; i < keyed.size() && keyed[i].first.equals(key); ++i) members.push_back(keyed[i].second);
    groups.push_back(Value::list({key, Value::list(std::move(members))}, true));
  }
  return Value::list(std::move(groups));
}

Value join(const Input& in) {
  const std::string between = in.text(0, "d", "");
  const auto* attribute = in.find(1, "attribute");
  std::string out;
  bool first = true;
  for (auto& one : in.items()) {
    in.interpreter.step();
    if (!std::exchange(first, false)) out += between;
    out += (attribute ? follow(in.interpreter, one, *attribute) : one).str();
    out = in.interpreter.checked(std::move(out));
  }
  return out;
}

Value sum(const Input& in) {
  const auto* attribute = in.find(0, "attribute");
  const auto* start = in.find(1, "start");
  Value total = start ? *start : Value(std::int64_t{0});
  for (auto& one : in.items())
    total = in.interpreter.binary("+", total,
                                  attribute && !attribute->is_none() ? follow(in.interpreter, one, *attribute) : one);
  return total;
}

Value replace(const Input& in) {
  const std::string text = in.value.str(), old = in.text(0, "old", ""), fresh = in.text(1, "new", "");
  auto left = in.whole(2, "count", -1);
  if (old.empty()) in.interpreter.fail_at("replace needs a text to look for");
  std::string out;
  std::size_t at = 0;
  for (std::size_t found; left != 0 && (found = text.find(old, at)) != text.npos; at = found + old.size(), --left) {
    out = in.interpreter.checked(std::move(out.append(text, at, found - at).append(fresh)));
  }
  return in.interpreter.checked(std::move(out.append(text, at)));
}

Value indent(const Input& in) {
  const auto* width = in.find(0, "width");
  const auto count = in.find(0, "width") && width->text() ? 0 : in.whole(0, "width", 4);
  if (count < 0 || count > 1000) in.interpreter.fail_at("indent takes a width up to 1000");
  const std::string pad = width && width->text() ? *width->text() : std::string(static_cast<std::size_t>(count), ' ');
  const bool blank = in.flag(2, "blank", false);
  const std::string text = in.value.str();
  std::string out = in.flag(1, "first", false) ? pad : "";
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (at > 0 && (blank || end > at)) out += pad;
    out.append(text, at, end - at + (end < text.size() ? 1 : 0));
    at = end + 1;
    out = in.interpreter.checked(std::move(out));
  }
  return out;
}

Value tojson(const Input& in) {
  std::string item = ", ", key = ": ";
  const auto width = in.whole(1, "indent", -1);
  if (width > 100) in.interpreter.fail_at("tojson takes an indent up to 100");
  if (width >= 0) item = ",";
  if (const auto* separators = in.find(2, "separators"); separators && separators->list()) {
    if (separators->list()->items.size() != 2) in.interpreter.fail_at("separators must be two texts");
    item = separators->list()->items[0].str();
    key = separators->list()->items[1].str();
  }
  return in.interpreter.checked(json::dump(in.value.to_json(), {.item = item,
                                                                .key = key,
                                                                .indent = static_cast<int>(width),
                                                                .ascii = in.flag(0, "ensure_ascii", false),
                                                                .sort_keys = in.flag(3, "sort_keys", false)}));
}

/// printf-like: %s %d %i %f %r %%, as Python's operator knows them, with widths and precisions.
Value format(const Input& in) {
  const std::string form = in.value.str();
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '%') {
      out += form[i];
      continue;
    }
    std::string flags;
    for (++i; i < form.size() && std::string_view("-+ 0#.123456789").find(form[i]) != std::string_view::npos; ++i)
      flags += form[i];
    if (i >= form.size() || flags.size() > 6) in.interpreter.fail_at("an incomplete format");
    const char kind = form[i];
    if (kind == '%') {
      out += '%';
      continue;
    }
    const Value* value = in.find(next++, "");
    if (value == nullptr) in.interpreter.fail_at("not enough arguments for format string");
    const auto number = value->number();
    char buffer[1600];  // the longest double by %f and 999 places
    if (kind == 's' || kind == 'r') {
      const std::string text = kind == 's' ? value->str() : value->repr();
      std::size_t width = 0, most = text.size();
      const bool left = flags.starts_with('-');
      const auto dot = flags.find('.');
      const auto digits = flags.substr(left ? 1 : 0, dot == flags.npos ? flags.npos : dot - (left ? 1 : 0));
      if (!digits.empty() && digits.find_first_not_of("0123456789") == digits.npos) width = std::stoul(digits);
      if (dot != flags.npos && flags.find_first_not_of("0123456789", dot + 1) == flags.npos && dot + 1 < flags.size())
        most = std::min<std::size_t>(most, std::stoul(flags.substr(dot + 1)));
      const std::string pad(width > most ? width - most : 0, ' ');
      out += left ? text.substr(0, most) + pad : pad + text.substr(0, most);
    } else if (number && (kind == 'd' || kind == 'i')) {
      const auto size = std::snprintf(buffer, sizeof buffer, ("%" + flags + "lld").c_str(),
                                      static_cast<long long>(value->integer().value_or(
                                          std::abs(*number) < 9e18 ? static_cast<std::int64_t>(*number) : 0)));
      out.append(buffer, std::min<std::size_t>(sizeof buffer - 1, static_cast<std::size_t>(std::max(0, size))));
    } else if (number && (kind == 'f' || kind == 'g' || kind == 'e')) {
      const auto size = std::snprintf(buffer, sizeof buffer, ("%" + flags + kind).c_str(), *number);
      out.append(buffer, std::min<std::size_t>(sizeof buffer - 1, static_cast<std::size_t>(std::max(0, size))));
    } else {
      in.interpreter.fail_at(fmt::format("%{} cannot write a {}", kind, value->type_name()));
    }
    out = in.interpreter.checked(std::move(out));
  }
  return out;
}

Value round(const Input& in) {
  const auto number = in.value.number();
  const auto places = in.whole(0, "precision", 0);
  const auto method = in.text(1, "method", "common");
  if (!number || places < -300 || places > 300) in.interpreter.fail_at("round needs a number");
  const double scale = std::pow(10.0, static_cast<double>(places)), scaled = *number * scale;
  const double rounded = method == "ceil"    ? std::ceil(scaled)
                         : method == "floor" ? std::floor(scaled)
                                             : std::nearbyint(scaled);
  return rounded / scale;
}

Value to_int(const Input& in) {
  if (const auto whole = in.value.integer()) return *whole;
  if (const auto number = in.value.number())
    return std::abs(*number) < 9e18 ? Value(static_cast<std::int64_t>(*number)) : Value(in.whole(0, "default", 0));
  if (const auto* text = in.value.text()) {
    const auto base = in.whole(1, "base", 10);
    try {
      if (base < 2 || base > 36) in.interpreter.fail_at("int takes a base from 2 to 36");
      std::size_t used = 0;
      const auto number = std::stoll(*text, &used, static_cast<int>(base));
      if (text->find_first_not_of(" \t\n", used) == text->npos) return std::int64_t{number};
      const double real = std::stod(*text, &used);
      if (used == text->size() && std::abs(real) < 9e18) return static_cast<std::int64_t>(real);
    } catch (const std::logic_error&) {
    }
  }
  return in.whole(0, "default", 0);
}

Value to_float(const Input& in) {
  if (const auto number = in.value.number()) return *number;
  if (const auto* text = in.value.text()) {
    try {
      std::size_t used = 0;
      const double real = std::stod(*text, &used);
      if (used == text->size()) return real;
    } catch (const std::logic_error&) {
    }
  }
  const auto* otherwise = in.find(0, "default");
  return otherwise ? *otherwise : Value(0.0);
}

Value capitalized(const std::string& text, bool every_word) {
  std::string out;
  bool start = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = text::decode_utf8(text, at);
    const auto bytes = std::max<std::size_t>(1, decoded.bytes);
    const auto letter = text.substr(at, bytes);
    out += start ? text::to_upper(letter) : text::to_lower(letter);
    start = every_word && !(text::properties(decoded.code) & (text::letter | text::number)) && decoded.code != '\'';
    at += bytes;
  }
  return out;
}

Value escape(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

Value batch(const Input& in) {
  const auto size = in.whole(0, "linecount", 0);
  if (size < 1) in.interpreter.fail_at("batch needs a size");
  std::vector<Value> lines, line;
  for (auto& one : in.items()) {
    if (static_cast<std::int64_t>(line.size()) == size) lines.push_back(Value::list(std::exchange(line, {})));
    line.push_back(one);
  }
  if (const auto* fill = in.find(1, "fill_with"); fill && !line.empty())
    for (; static_cast<std::int64_t>(line.size()) < size; in.interpreter.step()) line.push_back(*fill);
  if (!line.empty()) lines.push_back(Value::list(std::move(line)));
  return Value::list(std::move(lines));
}

Value truncate(const Input& in) {
  const std::string text = in.value.str(), end = in.text(2, "end", "...");
  const auto size = in.whole(0, "length", 255), leeway = in.whole(3, "leeway", 5);
  const auto length = static_cast<std::int64_t>(length_of(in.interpreter, in.value.text() ? in.value : Value(text)));
  if (size < 0 || leeway < 0) in.interpreter.fail_at("truncate takes a length");
  if (length <= size + leeway) return text;
  std::size_t at = 0;
  const auto keep = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(length_of(in.interpreter, Value(end))));
  for (std::int64_t i = 0; i < keep && at < text.size(); ++i)
    at += std::max<std::size_t>(1, text::decode_utf8(text, at).bytes);
  std::string head = text.substr(0, at);
  if (!in.flag(1, "killwords", false))
    if (const auto space = head.rfind(' '); space != head.npos) head.resize(space);
  return head + end;
}

Value items(const Input& in) {
  std::vector<Value> pairs;
  if (const auto* dict = in.value.dict()) {
    for (const auto& [key, value] : dict->items) pairs.push_back(Value::list({Value(key), value}, true));
  } else if (!in.value.is_undefined()) {
    in.interpreter.fail_at("Can only get item pairs from a mapping.");
  }
  return Value::list(std::move(pairs));
}

Value absolute(const Input& in) {
  if (const auto whole = in.value.integer(); whole && *whole != INT64_MIN) return *whole < 0 ? -*whole : *whole;
  const auto number = in.value.number();
  if (!number) in.interpreter.fail_at(fmt::format("bad operand type for abs(): '{}'", in.value.type_name()));
  return std::abs(*number);
}

Value method(const Input& in, std::string_view name) {
  const Value text = in.value.str();
  return in.interpreter.call(*find_method(in.interpreter, text, name), in.arguments);
}

Value edge(const Input& in, bool last) {
  const auto all = in.items();
  if (all.empty()) return Undefined{"an item of an empty list"};
  return last ? all.back() : all.front();
}

Value reversed(const Input& in) {
  auto all = in.items();
  std::reverse(all.begin(), all.end());
  if (!in.value.text()) return Value::list(std::move(all));
  std::string out;
  for (const auto& letter : all) out += letter.str();
  return out;
}

Value otherwise(const Input& in) {
  const bool absent = in.value.is_undefined() || (in.flag(1, "boolean", false) && !in.value.truth());
  const auto* given = in.find(0, "default_value");
  return !absent ? in.value : given ? *given : Value("");
}

using Filter = Value (*)(const Input&);

const std::map<std::string_view, Filter>& filters() {
  static const std::map<std::string_view, Filter> all = {
      {"abs", absolute},
      {"attr", [](const Input& in) { return in.interpreter.attribute(in.value, in.text(0, "name", "")); }},
      {"batch", batch},
      {"capitalize", [](const Input& in) { return capitalized(in.value.str(), false); }},
      {"count", [](const Input& in) { return Value(static_cast<std::int64_t>(length_of(in.interpreter, in.value))); }},
      {"d", otherwise},
      {"default", otherwise},
      {"dictsort", dictsort},
      {"e", [](const Input& in) { return escape(in.value.str()); }},
      {"escape", [](const Input& in) { return escape(in.value.str()); }},
      {"first", [](const Input& in) { return edge(in, false); }},
      {"float", to_float},
      {"format", format},
      {"groupby", groupby},
      {"indent", indent},
      {"int", to_int},
      {"items", items},
      {"join", join},
      {"last", [](const Input& in) { return edge(in, true); }},
      {"length", [](const Input& in) { return Value(static_cast<std::int64_t>(length_of(in.interpreter, in.value))); }},
      {"list", [](const Input& in) { return Value::list(in.items()); }},
      {"lower", [](const Input& in) { return Value(text::to_lower(in.value.str())); }},
      {"map", map},
      {"max", [](const Input& in) { return extreme(in, true); }},
      {"min", [](const Input& in) { return extreme(in, false); }},
      {"reject", [](const Input& in) { return choose(in, false, false); }},
      {"rejectattr", [](const Input& in) { return choose(in, false, true); }},
      {"replace", replace},
      {"reverse", reversed},
      {"round", round},
      {"safe", [](const Input& in) { return in.value; }},
      {"select", [](const Input& in) { return choose(in, true, false); }},
      {"selectattr", [](const Input& in) { return choose(in, true, true); }},
      {"sort", sort},
      {"string", [](const Input& in) { return Value(in.value.str()); }},
      {"sum", sum},
      {"title", [](const Input& in) { return capitalized(in.value.str(), true); }},
      {"tojson", tojson},
      {"trim", [](const Input& in) { return method(in, "strip"); }},
      {"truncate", truncate},
      {"unique", unique},
      {"upper", [](const Input& in) { return Value(text::to_upper(in.value.str())); }},
      {"wordcount",
       [](const Input& in) {
         return Value(static_cast<std::int64_t>(length_of(in.interpreter, method(in, "split"))));
       }},
  };
  return all;
}

}  // namespace

bool is_filter(std::string_view name) { return filters().contains(name); }

Value Interpreter::apply_filter(const std::string& name, const Value& input, const Arguments& arguments) {
  const Deeper deeper(*this);
  const auto found = filters().find(name);
  if (found == filters().end()) fail_at(fmt::format("No filter named '{}'.", name));
  return found->second({*this, input, arguments});
}

}  // namespace cofre::chat_template
