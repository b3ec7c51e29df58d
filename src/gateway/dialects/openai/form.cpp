#include "gateway/dialects/openai/form.h"

#include <algorithm>

namespace cofre::gateway::openai {

Form::Form(const json::Value& value, std::string path) : path_(std::move(path)) {
  if (!value.is_object()) {
    auto field = path_.empty() ? std::string("body") : path_.substr(0, path_.size() - 1);
    fail_field(Code::invalid, field, "{} must be an object", field);
  }
  object_ = &value.get_object();
}

void Form::refuse(std::string_view key, std::string_view what) const {
  fail_field(Code::invalid, name(key), "{} {}", name(key), what);
}

const json::Value* Form::take(std::string_view key) {
  known_.emplace_back(key);
  const auto* found = object_->if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string> Form::text(std::string_view key, std::size_t bytes_max) {
  const auto* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(key, "must be a string");
  if (value->get_string().size() > bytes_max) refuse(key, fmt::format("must have at most {} bytes", bytes_max));
  return std::string(value->get_string());
}

std::string Form::required_text(std::string_view key, std::size_t bytes_max) {
  auto found = text(key, bytes_max);
  if (!found) refuse(key, "is missing");
  return std::move(*found);
}

std::optional<bool> Form::flag(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) refuse(key, "must be true or false");
  return value->get_bool();
}

std::optional<double> Form::real(std::string_view key, double least, double most) {
  const auto* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse(key, "must be a number");
  const auto number = value->to_number<double>();
  if (!(number >= least && number <= most)) refuse(key, fmt::format("must lie between {} and {}", least, most));
  return number;
}

std::optional<std::int64_t> Form::whole(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* value = take(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_int64() && !value->is_uint64()) refuse(key, "must be a whole number");
  if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most)
    refuse(key, fmt::format("must lie between {} and {}", least, most));
  return value->get_int64();
}

std::optional<std::string> Form::word(std::string_view key, std::initializer_list<std::string_view> words) {
  auto found = text(key);
  if (found && std::find(words.begin(), words.end(), *found) == words.end()) {
    std::string all;
    for (const auto one : words) all += (all.empty() ? "" : ", ") + std::string(one);
    refuse(key, "must be one of: " + all);
  }
  return found;
}

std::optional<Form> Form::object(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr) return std::nullopt;
  return Form(*value, name(key) + ".");
}

const json::Array* Form::list(std::string_view key, std::size_t most) {
  const auto* value = take(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) refuse(key, "must be a list");
  if (value->get_array().size() > most) refuse(key, fmt::format("must have at most {} items", most));
  return &value->get_array();
}

void Form::unsupported(std::string_view key, std::string_view why) {
  if (take(key) != nullptr) fail_field(Code::unsupported, name(key), "{} {}", name(key), why);
}

void Form::finish() const {
  for (const auto& member : *object_)
    if (std::find(known_.begin(), known_.end(), std::string_view(member.key())) == known_.end())
      refuse(member.key(), "is not a field of this request");
}

}  // namespace cofre::gateway::openai
