#include "huggingface/steps.h"

namespace cofre::huggingface {
namespace {

void append(const json::Value& value, std::string_view part, std::string_view list, std::vector<Step>& steps) {
  if (!value.is_object()) fail_field(Code::invalid, std::string(part), "tokenizer.json: {} is no object", part);
  const auto& object = value.get_object();
  const std::string path = std::string(part) + ".";
  const std::string type(json::string_at(object, "type", path));
  if (type != "Sequence") {
    steps.push_back({path + type, type, &object});
    return;
  }
  for (const auto& inner : json::array_at(object, list, path)) append(inner, part, list, steps);
}

}  // namespace

const json::Value* member(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool flag(const json::Object& object, std::string_view key, bool otherwise, std::string_view place) {
  const auto* value = member(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool())
    fail_field(Code::invalid, std::string(place), "tokenizer.json: {}: {} is neither true nor false", place, key);
  return value->get_bool();
}

std::vector<Step> steps_of(const json::Object& tokenizer, std::string_view part, std::string_view list) {
  std::vector<Step> steps;
  if (const auto* value = member(tokenizer, part)) append(*value, part, list, steps);
  return steps;
}

Pattern pattern_of(const Step& step) {
  const auto& value = json::at(*step.members, "pattern", step.place + ".");
  if (value.is_object()) {
    const auto& pattern = value.get_object();
    for (const char* kind : {"String", "Regex"})
      if (const auto* text = member(pattern, kind); text != nullptr && text->is_string())
        return {std::string(text->get_string()), std::string_view(kind) == "Regex"};
  }
  fail_field(Code::invalid, step.place, "tokenizer.json: {}: the pattern is neither a String nor a Regex", step.place);
}

}  // namespace cofre::huggingface
