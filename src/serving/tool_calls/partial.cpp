#include "serving/tool_calls/partial.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "serving/tool_calls/scan.h"

namespace cofre::serving::tool_calls {
namespace {

using State = Partial::State;
constexpr auto npos = std::string_view::npos;

Partial malformed() { return {.state = State::malformed}; }

/// The text that a JSON string literal stands for; nothing where it is none.
std::optional<std::string> text_value(std::string_view literal) {
  try {
    const auto value = json::parse(literal);
    if (value.is_string()) return std::string(value.get_string());
  } catch (const Error&) {  // no JSON: no text
  }
  return std::nullopt;
}

/// The call is whole at `at`; its end mark may follow, white space before it.
Partial ended(Partial call, std::string_view raw, std::size_t at, const Format& format) {
  call.state = State::done;
  call.begun = true;
  call.consumed = at;
  if (format.end.empty()) return call;
  const auto mark = format.end.substr(skip_white(format.end, 0));
  const auto next = skip_white(raw, at);
  const auto here = at_mark(raw, next, mark);
  if (here == Here::yes) call.consumed = next + mark.size();
  if (here == Here::unknown) call.state = State::more;
  return call;
}

/// {"name": …, "arguments": {…}} on its way; members in any order, "parameters" for "arguments". An "id" may come
/// behind the arguments, when the call was told already: it is left out.
class ObjectParser {
 public:
  ObjectParser(std::string_view raw, const Format& format, const Tools& tools)
      : raw_(raw), format_(format), tools_(tools) {}

  Partial parse() {
    at_ = skip_white(raw_, 0);
    if (at_ == raw_.size()) return call_;
    if (raw_[at_] != '{') return malformed();
    at_ = skip_white(raw_, at_ + 1);
    for (bool first = true;; first = false) {
      if (at_ == raw_.size()) return so_far();
      if (raw_[at_] == '}') return closed();
      if (!first) {
        if (raw_[at_] != ',') return broken();
        at_ = skip_white(raw_, at_ + 1);
        if (at_ == raw_.size()) return so_far();
      }
      if (const auto verdict = member(); verdict == State::malformed)
        return broken();
      else if (verdict == State::more)
        return so_far();
      at_ = skip_white(raw_, at_);
    }
  }

 private:
  /// Reads a member: done where all of it was there.
  State member() {
    if (raw_[at_] != '"') return State::malformed;
    const auto key_stop = string_end(raw_, at_);
    if (key_stop == npos) return State::more;
    const auto key = text_value(raw_.substr(at_, key_stop - at_));
    if (!key) return State::malformed;
    const bool is_arguments = key == "arguments" || key == "parameters";
    if (!is_arguments && key != "name" && key != "id" && key != "type") return State::malformed;
    auto at = skip_white(raw_, key_stop);
    if (at == raw_.size()) return State::more;
    if (raw_[at] != ':') return State::malformed;
    at = skip_white(raw_, at + 1);
    if (at == raw_.size()) return State::more;
    const auto stop = value_end_at(raw_, at, format_.end);
    if (is_arguments) {
      if (arguments_ || (raw_[at] != '{' && raw_[at] != '"')) return State::malformed;
      if (raw_[at] == '{')
        arguments_ = stop == npos ? settled(raw_.substr(at), format_.end) : raw_.substr(at, stop - at);
      else if (stop != npos)
        arguments_ = text_value(raw_.substr(at, stop - at));
    } else if (stop != npos) {
      const auto value = text_value(raw_.substr(at, stop - at));
      if (key == "name" && (!value || !call_.name.empty() || !tools_.has(*value))) return State::malformed;
      if (key == "name") call_.name = *value;
    }
    if (stop == npos) return State::more;
    at_ = stop;
    return State::done;
  }

  Partial so_far() {
    call_.begun = !call_.name.empty() && arguments_;
    if (call_.begun) call_.arguments = *arguments_;
    return call_;
  }
  Partial closed() {
    if (call_.name.empty()) return malformed();
    if (!arguments_) arguments_ = "{}";
    return ended(so_far(), raw_, at_ + 1, format_);
  }
  /// What follows does not belong here: where the arguments are there, the call is whole all the same.
  Partial broken() { return so_far().begun ? ended(so_far(), raw_, at_, format_) : malformed(); }

  std::string_view raw_;
  const Format& format_;
  const Tools& tools_;
  Partial call_;
  std::optional<std::string> arguments_;
  std::size_t at_ = 0;
};

/// "functions.NAME:3" of Kimi is NAME.
std::string_view bare_name(std::string_view name) {
  name = trim(name);
  constexpr std::string_view prefix = "functions.";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const auto colon = name.rfind(':');
  if (colon != npos && name.find_first_not_of("0123456789", colon + 1) == npos) name = name.substr(0, colon);
  return name;
}

Partial parse_named(std::string_view raw, const Format& format, const Tools& tools) {
  constexpr std::size_t longest_head = 512;
  auto head_end = raw.find(format.name_end);
  std::size_t at = head_end == npos ? npos : head_end + format.name_end.size();
  // Some leave out the mark between name and arguments.
  if (const auto brace = raw.find('{'); brace != npos && (head_end == npos || brace < head_end)) head_end = at = brace;
  Partial call;
  if (head_end == npos) return raw.size() > longest_head ? malformed() : call;
  auto head = raw.substr(0, head_end);
  const auto id = format.id_begin.empty() ? npos : head.find(format.id_begin);
  if (id != npos) {
    call.id = trim(head.substr(id + format.id_begin.size()));
    head = head.substr(0, id);
  }
  call.name = bare_name(head);
  if (!tools.has(call.name)) return malformed();
  at = skip_white(raw, at);
  if (at == raw.size()) return call;
  if (raw[at] != '{') return malformed();
  call.begun = true;
  const auto stop = value_end_at(raw, at, format.end);
  call.arguments = stop == npos ? settled(raw.substr(at), format.end) : raw.substr(at, stop - at);
  return stop == npos ? call : ended(std::move(call), raw, stop, format);
}

/// A value of a pair as JSON: text where the schema says so or where it is no JSON.
std::string pair_value(std::string_view value, bool text) {
  if (text) return json::quote(value);
  try {
    json::parse(trim(value));
    return std::string(trim(value));
  } catch (const Error&) {
    return json::quote(value);
  }
}

/// Appends a pair that begins at `at` to the arguments and moves on behind it; false where not all of it is there.
bool take_pair(std::string_view raw, std::size_t& at, const Tools& tools, bool first, Partial& call) {
  const auto key_at = at + key_begin.size();
  const auto key_stop = raw.find(key_end, key_at);
  const auto value_mark = key_stop == npos ? npos : raw.find(value_begin, key_stop);
  if (value_mark == npos) return false;
  const auto key = trim(raw.substr(key_at, key_stop - key_at));
  const auto value_at = value_mark + value_begin.size();
  const auto value_stop = raw.find(value_end, value_at);
  const bool text = tools.is_text(call.name, key);
  if (value_stop == npos && !text) return false;
  call.arguments += (first ? "" : ", ") + json::quote(key) + ": ";
  if (value_stop == npos) {
    call.arguments += json::quote(settled(raw.substr(value_at), value_end));
    call.arguments.pop_back();  // the closing quote is not there yet
    return false;
  }
  call.arguments += pair_value(raw.substr(value_at, value_stop - value_at), text);
  at = value_stop + value_end.size();
  return true;
}

Partial parse_pairs(std::string_view raw, const Format& format, const Tools& tools) {
  Partial call;
  const auto head_end = std::min(raw.find(key_begin), raw.find(format.end));
  if (head_end == npos) {
    const auto name = trim(settled(settled(raw, key_begin), format.end));
    return tools.begins(name) ? call : malformed();
  }
  call.name = trim(raw.substr(0, head_end));
  if (!tools.has(call.name)) return malformed();
  call.begun = true;
  call.arguments = "{";
  std::size_t at = head_end;
  for (bool first = true;; first = false) {
    at = skip_white(raw, at);
    const auto end = at_mark(raw, at, format.end), pair = at_mark(raw, at, key_begin);
    if (end != Here::yes && pair != Here::yes && (end == Here::unknown || pair == Here::unknown)) return call;
    if (pair == Here::yes) {
      if (!take_pair(raw, at, tools, first, call)) return call;
      continue;
    }
    call.arguments += '}';
    call.state = State::done;
    call.consumed = end == Here::yes ? at + format.end.size() : at;
    return call;
  }
}

/// A value without the line ends that stand around it.
std::string_view without_lines(std::string_view value) {
  if (value.starts_with('\n')) value.remove_prefix(1);
  if (value.ends_with('\n')) value.remove_suffix(1);
  return value;
}

/// As take_pair(), of <parameter=K> V </parameter>.
bool take_parameter(std::string_view raw, std::size_t& at, const Tools& tools, bool first, Partial& call) {
  const auto key_at = at + parameter_begin.size();
  const auto key_stop = raw.find('>', key_at);
  if (key_stop == npos) return false;
  const auto key = trim(raw.substr(key_at, key_stop - key_at));
  const auto value_at = key_stop + 1;
  const auto value_stop = raw.find(parameter_end, value_at);
  const bool text = tools.is_text(call.name, key);
  if (value_stop == npos && !text) return false;
  call.arguments += (first ? "" : ", ") + json::quote(key) + ": ";
  if (value_stop == npos) {
    auto value = settled(raw.substr(value_at), parameter_end);
    if (value.starts_with('\n')) value.remove_prefix(1);
    if (value.ends_with('\n')) value.remove_suffix(1);  // it may be the one before the mark
    call.arguments += json::quote(value);
    call.arguments.pop_back();  // the closing quote is not there yet
    return false;
  }
  call.arguments += pair_value(without_lines(raw.substr(value_at, value_stop - value_at)), text);
  at = value_stop + parameter_end.size();
  return true;
}

Partial parse_tagged(std::string_view raw, const Format& format, const Tools& tools) {
  Partial call;
  std::size_t at = skip_white(raw, 0);
  const auto begin = at_mark(raw, at, function_begin);
  if (begin != Here::yes) return begin == Here::unknown ? call : malformed();
  const auto name_at = at + function_begin.size(), name_stop = raw.find('>', name_at);
  if (name_stop == npos) return tools.begins(raw.substr(name_at)) ? call : malformed();
  call.name = trim(raw.substr(name_at, name_stop - name_at));
  if (!tools.has(call.name)) return malformed();
  call.begun = true;
  call.arguments = "{";
  at = name_stop + 1;
  for (bool first = true;; first = false) {
    at = skip_white(raw, at);
    const auto end = at_mark(raw, at, function_end), parameter = at_mark(raw, at, parameter_begin);
    if (end != Here::yes && parameter != Here::yes && (end == Here::unknown || parameter == Here::unknown)) return call;
    if (parameter == Here::yes) {
      if (!take_parameter(raw, at, tools, first, call)) return call;
      continue;
    }
    call.arguments += '}';
    return ended(std::move(call), raw, end == Here::yes ? at + function_end.size() : at, format);
  }
}

}  // namespace

Partial parse(std::string_view raw, const Format& format, const Tools& tools) {
  CHECK(format.body != Format::Body::harmony);
  switch (format.body) {
    case Format::Body::object: return ObjectParser(raw, format, tools).parse();
    case Format::Body::named: return parse_named(raw, format, tools);
    case Format::Body::pairs: return parse_pairs(raw, format, tools);
    case Format::Body::tagged: return parse_tagged(raw, format, tools);
    case Format::Body::harmony: break;
  }
  return malformed();
}

}  // namespace cofre::serving::tool_calls
