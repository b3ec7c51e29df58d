#include "huggingface/config.h"

#include "base/error.h"
#include "huggingface/steps.h"

namespace cofre::huggingface {
namespace {

double positive_of(const json::Value& value, std::string_view key) {
  const double number = value.is_number() ? value.to_number<double>() : -1;
  if (!(number > 0) || number > 1e12)
    fail_field(Code::invalid, std::string(key), "config.json: {} must be above 0 and at most 1e12", key);
  return number;
}

[[noreturn]] void fail_absent(std::string_view key) {
  fail_field(Code::invalid, std::string(key), "config.json has no {}", key);
}

}  // namespace

Config::Config(json::Value root) : root_(std::move(root)) {
  if (!root_.is_object()) fail(Code::invalid, "config.json is no JSON object");
  const auto* text = member(root_.get_object(), "text_config");
  if (text != nullptr && text->is_object()) text_ = &text->get_object();
}

std::string Config::model_class() const {
  const auto* all = find("architectures");
  if (all == nullptr || !all->is_array() || all->get_array().empty() || !all->get_array()[0].is_string())
    fail_field(Code::invalid, "architectures", "config.json does not name the model's class (architectures)");
  return std::string(all->get_array()[0].get_string());
}

const json::Value* Config::find(std::string_view key) const {
  // The class of the whole model counts, not the one of its text part.
  if (text_ != nullptr && key != "architectures")
    if (const auto* value = member(*text_, key)) return value;
  return member(root_.get_object(), key);
}

std::size_t Config::number(std::string_view key, std::size_t low, std::size_t high) const {
  const auto* value = find(key);
  if (value == nullptr) fail_absent(key);
  const auto number = value->is_int64() ? value->get_int64() : -1;
  if (number < 0 || static_cast<std::size_t>(number) < low || static_cast<std::size_t>(number) > high)
    fail_field(Code::invalid, std::string(key), "config.json: {} must be a whole number from {} to {}", key, low, high);
  return static_cast<std::size_t>(number);
}

std::size_t Config::number(std::string_view key, std::size_t low, std::size_t high, std::size_t otherwise) const {
  return find(key) == nullptr ? otherwise : number(key, low, high);
}

double Config::positive(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) fail_absent(key);
  return positive_of(*value, key);
}

double Config::positive(std::string_view key, double otherwise) const {
  return find(key) == nullptr ? otherwise : positive(key);
}

bool Config::boolean(std::string_view key, bool otherwise) const {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) fail_field(Code::invalid, std::string(key), "config.json: {} is neither true nor false", key);
  return value->get_bool();
}

std::string Config::text(std::string_view key, std::string_view otherwise) const {
  const auto* value = find(key);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) fail_field(Code::invalid, std::string(key), "config.json: {} is no text", key);
  return std::string(value->get_string());
}

Config::Rope Config::rope(std::string_view layers) const {
  Rope rope;
  const auto* value = find("rope_parameters");
  if (value == nullptr) value = find("rope_scaling");
  if (value != nullptr && !value->is_object())
    fail_field(Code::invalid, "rope_parameters", "config.json: rope_parameters is no object");
  if (value != nullptr) {
    rope.members_ = &value->get_object();
    const auto* inner = member(*rope.members_, layers);
    if (inner != nullptr && inner->is_object()) rope.members_ = &inner->get_object();
  }
  rope.kind = "default";
  if (rope.members_ != nullptr) {
    for (const char* key : {"rope_type", "type"}) {
      const auto* kind = member(*rope.members_, key);
      if (kind == nullptr || !kind->is_string()) continue;
      rope.kind = kind->get_string();
      break;
    }
    if (rope.has("rope_theta")) rope.base = rope.positive("rope_theta");
  }
  if (!rope.base && find("rope_theta") != nullptr) rope.base = positive("rope_theta");
  if (rope.kind == "su") rope.kind = "longrope";  // Phi-3's first name for it
  return rope;
}

bool Config::Rope::has(std::string_view key) const { return members_ != nullptr && member(*members_, key) != nullptr; }

double Config::Rope::positive(std::string_view key) const {
  if (!has(key)) fail_absent("rope_parameters." + std::string(key));
  return positive_of(*member(*members_, key), "rope_parameters." + std::string(key));
}

double Config::Rope::positive(std::string_view key, double otherwise) const {
  return has(key) ? positive(key) : otherwise;
}

bool Config::Rope::boolean(std::string_view key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const auto* value = member(*members_, key);
  if (!value->is_bool())
    fail_field(Code::invalid, "rope_parameters." + std::string(key),
               "config.json: rope_parameters.{} is neither true nor false", key);
  return value->get_bool();
}

std::vector<float> Config::Rope::factors(std::string_view key, std::size_t count) const {
  const std::string full = "rope_parameters." + std::string(key);
  const auto* value = has(key) ? member(*members_, key) : nullptr;
  if (value == nullptr || !value->is_array() || value->get_array().size() != count)
    fail_field(Code::invalid, full, "config.json: {} must be {} numbers", full, count);
  std::vector<float> factors;
  for (const auto& one : value->get_array()) factors.push_back(static_cast<float>(positive_of(one, full)));
  return factors;
}

}  // namespace cofre::huggingface
