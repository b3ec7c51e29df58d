#include "gateway/transcript.h"

#include <variant>

#include "text/utf8.h"

namespace cofre::gateway {
namespace {

json::Array texts_of(const std::vector<protocol::Request>& requests) {
  json::Array list;
  for (const auto& request : requests) {
    auto object = protocol::to_json(request);
    for (const char* other : {"id", "tenant", "priority"}) object.erase(other);  // the record has them
    list.emplace_back(std::move(object));
  }
  return list;
}

/// So much of its beginning as is whole UTF-8.
std::string beginning(const std::string& text, std::size_t bytes) {
  auto some = text.substr(0, bytes);
  some.resize(text::whole_utf8_prefix(some));
  return some;
}

}  // namespace

Transcript::Transcript(const std::vector<protocol::Request>& requests) : asked_(texts_of(requests)) {
  auto text = json::dump(asked_);
  if (text.size() <= asked_bytes_max) return;
  asked_ = beginning(text, asked_bytes_max);
  cut_ = true;
}

void Transcript::take(std::size_t run, const protocol::Event& event) {
  if (const auto* text = std::get_if<protocol::Text>(&event)) {
    add(answered_[{run, text->choice}].text, text->text);
  } else if (const auto* thought = std::get_if<protocol::Reasoning>(&event)) {
    add(answered_[{run, thought->choice}].reasoning, thought->text);
  } else if (const auto* call = std::get_if<protocol::ToolCall>(&event)) {
    auto& [name, arguments] = answered_[{run, call->choice}].calls[call->index];
    add(name, call->name);
    add(arguments, call->arguments);
  }
}

void Transcript::add(std::string& to, const std::string& piece) {
  const auto room = answered_bytes_max - bytes_;
  const auto taken = piece.size() <= room ? piece : beginning(piece, room);
  cut_ = cut_ || taken.size() < piece.size();
  bytes_ = taken.size() < piece.size() ? answered_bytes_max : bytes_ + taken.size();
  to += taken;
}

std::string Transcript::text() const {
  json::Array list;
  for (const auto& [place, answered] : answered_) {
    json::Object one{{"run", place.first}, {"choice", place.second}, {"text", answered.text}};
    if (!answered.reasoning.empty()) one["reasoning"] = answered.reasoning;
    json::Array calls;
    for (const auto& [index, call] : answered.calls)
      calls.emplace_back(json::Object{{"name", call.first}, {"arguments", call.second}});
    if (!calls.empty()) one["tool_calls"] = std::move(calls);
    list.emplace_back(std::move(one));
  }
  json::Object all{{"asked", asked_}, {"answered", std::move(list)}};
  if (cut_) all["cut"] = true;
  return json::dump(all);
}

}  // namespace cofre::gateway
