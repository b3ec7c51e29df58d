#include "serving/tool_calls/grammar.h"

#include <algorithm>

#include "base/error.h"
#include "grammar/json_rules.h"
#include "grammar/schema.h"
#include "serving/tool_calls/scan.h"

namespace cofre::serving::tool_calls {

using grammar::Builder;
using grammar::Node;

namespace {

/// A schema of an object, whatever it says of its type.
json::Value object_schema(json::Object schema) {
  if (!schema.contains("type")) schema["type"] = "object";
  return schema;
}

/// Whether a schema becomes a grammar. Throws Error(invalid) where it is none.
bool can_hold(const json::Value& schema, std::string_view field) {
  try {
    Builder builder;
    builder.compile(grammar::add_schema(builder, schema, field));
    return true;
  } catch (const Error& error) {
    if (error.code() == Code::invalid) throw;
    return false;
  }
}

const json::Array* text_values(const json::Value& schema) {
  const auto* object = schema.if_object();
  const auto* values = object == nullptr ? nullptr : object->if_contains("enum");
  const auto* list = values == nullptr ? nullptr : values->if_array();
  const bool texts = list != nullptr && !list->empty() &&
                     std::all_of(list->begin(), list->end(), [](const json::Value& v) { return v.is_string(); });
  return texts ? list : nullptr;
}

}  // namespace

Node CallGrammar::arguments(const Tool& tool) {
  const auto field = fmt::format("tools[{}].function.parameters", tool.index);
  if (tool.schema.empty()) return grammar::JsonRules(builder_).object();
  const auto schema = object_schema(tool.schema);
  // Tools that do not ask for strictness may have schemas of any kind: then any object is let through.
  if (!tool.strict && !can_hold(schema, field)) return grammar::JsonRules(builder_).object();
  return grammar::add_schema(builder_, schema, field);
}

Node CallGrammar::line() { return builder_.optional(builder_.literal("\n")); }

Node CallGrammar::some_of(std::string_view characters, std::uint32_t most) {
  std::vector<Node> each;
  for (const char& c : characters) each.push_back(builder_.literal({&c, 1}));
  return builder_.repeat(builder_.choice(std::move(each)), 0, most);
}

Node CallGrammar::blank() { return some_of(white, grammar::unlimited); }

Node CallGrammar::bare_beginning(Node name) {
  const auto text = [this](std::string_view bytes) { return builder_.literal(bytes); };
  return builder_.sequence({text("{"), blank(), text("\"name\""), blank(), text(":"), blank(), text("\""), name,
                            text("\""), blank(), text(","), blank(),
                            builder_.choice({text("\"arguments\""), text("\"parameters\"")}), blank(), text(":")});
}

Node CallGrammar::bare_beginning() {
  std::vector<Node> names;
  for (const auto& tool : tools_.all()) names.push_back(builder_.literal(tool.name));
  return bare_beginning(builder_.choice(std::move(names)));
}

Node CallGrammar::bare(bool many) {
  constexpr std::uint32_t spaces = 8;
  std::vector<Node> each;
  for (const auto& tool : tools_.all())
    each.push_back(builder_.sequence({bare_beginning(builder_.literal(tool.name)), some_of(white, spaces),
                                      arguments(tool), some_of(white, spaces), builder_.literal("}")}));
  const auto one = builder_.choice(std::move(each));
  const auto between = some_of(std::string(white).append(format_.separators), spaces);
  return builder_.sequence({one, builder_.repeat(builder_.sequence({between, one}), 0, many ? grammar::unlimited : 0)});
}

Node CallGrammar::calls(bool many) {
  std::vector<Node> each;
  for (const auto& tool : tools_.all()) each.push_back(call(tool));
  const auto one = builder_.choice(std::move(each));
  const bool list = format_.begin.empty() && !format_.section_begin.empty();
  const auto between = list                            ? builder_.literal(", ")
                       : format_.unmarked              ? builder_.literal("; ")
                       : format_.section_begin.empty() ? line()
                                                       : builder_.empty();
  const auto more = builder_.repeat(builder_.sequence({between, one}), 0, many ? grammar::unlimited : 0);
  const auto all = builder_.sequence({one, more});
  if (format_.section_begin.empty()) return all;
  if (list) return builder_.sequence({mark_(format_.section_begin), builder_.literal("["), all, builder_.literal("]")});
  return builder_.sequence({mark_(format_.section_begin), all, mark_(format_.section_end)});
}

Node CallGrammar::call(const Tool& tool) {
  std::vector<Node> parts;
  if (!format_.begin.empty() && !format_.unmarked) parts.push_back(mark_(format_.begin));
  switch (format_.body) {
    case Format::Body::object: {
      const auto key = format_.unmarked ? "parameters" : "arguments";
      const auto margin = format_.end.empty() ? "" : "\n";
      parts.push_back(builder_.literal(fmt::format("{}{{\"name\": \"{}\", \"{}\": ", margin, tool.name, key)));
      parts.push_back(arguments(tool));
      parts.push_back(builder_.literal(fmt::format("}}{}", margin)));
      break;
    }
    case Format::Body::named: {
      const bool numbered = format_.name == "kimi";
      parts.push_back(builder_.literal((numbered ? "functions." : "") + tool.name));
      if (numbered)
        parts.push_back(
            builder_.sequence({builder_.literal(":"), builder_.repeat(builder_.byte_range('0', '9'), 1, 3)}));
      parts.push_back(mark_(format_.name_end));
      parts.push_back(arguments(tool));
      break;
    }
    case Format::Body::pairs:
      parts.push_back(builder_.sequence({builder_.literal(tool.name), line(), pairs(tool)}));
      break;
    case Format::Body::tagged:
      parts.push_back(builder_.literal(fmt::format("\n{}{}>\n", function_begin, tool.name)));
      parts.push_back(pairs(tool));
      parts.push_back(builder_.literal(fmt::format("{}\n", function_end)));
      break;
    case Format::Body::harmony: CHECK(false); break;
  }
  if (!format_.end.empty()) parts.push_back(mark_(format_.end));
  return builder_.sequence(std::move(parts));
}

/// Its pairs in the schema's order, those that are not required or not.
Node CallGrammar::pairs(const Tool& tool) {
  std::vector<Node> parts;
  const auto* properties = tool.schema.if_contains("properties");
  if (properties != nullptr && properties->is_object()) {
    const auto* required = tool.schema.if_contains("required");
    for (const auto& property : properties->get_object()) {
      const auto is_it = [&](const json::Value& name) {
        return name.is_string() && name.get_string() == property.key();
      };
      const bool must = required != nullptr && required->is_array() &&
                        std::any_of(required->get_array().begin(), required->get_array().end(), is_it);
      const auto one = pair(tool, property.key(), property.value());
      parts.push_back(must ? one : builder_.optional(one));
    }
  }
  return builder_.sequence(std::move(parts));
}

Node CallGrammar::pair(const Tool& tool, std::string_view key, const json::Value& schema) {
  const bool tagged = format_.body == Format::Body::tagged;
  std::vector<Node> value;
  if (const auto* texts = text_values(schema)) {
    for (const auto& text : *texts) value.push_back(builder_.literal(text.get_string()));
  } else if (tools_.is_text(tool.name, key)) {
    value.push_back(builder_.text_without({std::string(tagged ? parameter_end : value_end)}));
  } else {
    const auto field = fmt::format("tools[{}].function.parameters.properties.{}", tool.index, key);
    const bool held = tool.strict || can_hold(schema, field);
    value.push_back(held ? grammar::add_schema(builder_, schema, field) : grammar::JsonRules(builder_).value());
  }
  if (tagged)
    return builder_.sequence({builder_.literal(fmt::format("{}{}>\n", parameter_begin, key)),
                              builder_.choice(std::move(value)),
                              builder_.literal(fmt::format("\n{}\n", parameter_end))});
  return builder_.sequence({mark_(key_begin), builder_.literal(key), mark_(key_end), line(), mark_(value_begin),
                            builder_.choice(std::move(value)), mark_(value_end), line()});
}

}  // namespace cofre::serving::tool_calls
