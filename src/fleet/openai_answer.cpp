#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "fleet/openai.h"
#include "protocol/fields.h"

namespace cofre::fleet {
namespace {

using protocol::Event;
using protocol::Fields;

[[noreturn]] void broken(std::string_view what) { fail(Code::unavailable, "the other server {}", what); }

/// A text member; empty where it is absent or null.
std::string text_if(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::Object* object_if(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

const json::Array* array_if(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? &value->get_array() : nullptr;
}

std::uint64_t count_if(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return 0;
  return Fields(object).count(key, UINT32_MAX);
}

std::vector<protocol::TokenProbability> probabilities(const json::Array& list, bool with_top) {
  std::vector<protocol::TokenProbability> out;
  for (const auto& item : list) {
    if (!item.is_object()) broken("sends log-probabilities that are none");
    const auto& object = item.get_object();
    protocol::TokenProbability one;
    one.logprob = Fields(object).real("logprob");
    one.bytes = text_if(object, "token");
    if (const auto* bytes = array_if(object, "bytes")) {
      one.bytes.clear();
      for (const auto& byte : *bytes)
        if (byte.is_int64() && byte.get_int64() >= 0 && byte.get_int64() < 256)
          one.bytes += static_cast<char>(byte.get_int64());
    }
    const auto* top = with_top ? array_if(object, "top_logprobs") : nullptr;
    if (top != nullptr) one.top = probabilities(*top, false);
    out.push_back(std::move(one));
  }
  return out;
}

protocol::FinishReason reason_of(std::string_view word) {
  if (word == "length") return protocol::FinishReason::length;
  if (word == "tool_calls" || word == "function_call") return protocol::FinishReason::tool_calls;
  if (word == "content_filter") return protocol::FinishReason::content_filter;
  return protocol::FinishReason::stop;
}

void read_calls(const json::Array& calls, std::uint32_t choice, std::vector<Event>& events) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!calls[i].is_object()) broken("sends a tool call that is none");
    const auto& call = calls[i].get_object();
    protocol::ToolCall event;
    event.choice = choice;
    event.index = static_cast<std::uint32_t>(call.contains("index") ? count_if(call, "index") : i);
    event.id = text_if(call, "id");
    if (const auto* function = object_if(call, "function")) {
      event.name = text_if(*function, "name");
      event.arguments = text_if(*function, "arguments");
    }
    events.emplace_back(std::move(event));
  }
}

}  // namespace

void OpenAiReader::feed(std::string_view bytes, std::vector<Event>& events) {
  if (done_) return;
  buffer_ += bytes;
  if (!streams_) {
    if (buffer_.size() > body_bytes_max) broken("sends too long an answer");
    return;
  }
  std::size_t read = 0;
  for (std::size_t end; !done_ && (end = buffer_.find('\n', read)) != buffer_.npos; read = end + 1) {
    std::string_view one(buffer_.data() + read, end - read);
    if (one.ends_with('\r')) one.remove_suffix(1);
    line(one, events);
  }
  buffer_.erase(0, read);
  if (buffer_.size() > line_bytes_max) broken("sends too long a line");
}

/// A line of an event stream (WHATWG HTML §9.2): "data: …" alone matters here; each is one JSON object.
void OpenAiReader::line(std::string_view text, std::vector<Event>& events) {
  if (!text.starts_with("data:")) return;
  text.remove_prefix(5);
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (text.starts_with("[DONE]")) {
    begin(events);
    done_ = true;
    events.emplace_back(protocol::Done{usage_});
    return;
  }
  try {
    const auto value = json::parse(text);
    if (!value.is_object()) broken("sends what is no object");
    chunk(value.get_object(), events);
  } catch (const Error& error) {
    if (error.code() == Code::unavailable) throw;
    broken(fmt::format("sends what cannot be read: {}", error.what()));
  }
}

void OpenAiReader::begin(std::vector<Event>& events) {
  if (!std::exchange(begun_, true)) events.emplace_back(protocol::Started{usage_.prompt_tokens, usage_.cached_tokens});
}

void OpenAiReader::chunk(const json::Object& object, std::vector<Event>& events) {
  if (const auto* error = object_if(object, "error")) broken("failed: " + text_if(*error, "message"));
  if (const auto* numbers = object_if(object, "usage")) usage(*numbers);
  const auto* choices = array_if(object, "choices");
  if (choices == nullptr) return;
  for (const auto& one : *choices)
    if (one.is_object()) choice(one.get_object(), events);
}

void OpenAiReader::choice(const json::Object& object, std::vector<Event>& events) {
  const auto index = static_cast<std::uint32_t>(count_if(object, "index"));
  std::string text = text_if(object, "text");
  if (const auto* delta = object_if(object, "delta")) {
    text = text_if(*delta, "content");
    auto thoughts = text_if(*delta, "reasoning_content");
    if (thoughts.empty()) thoughts = text_if(*delta, "reasoning");
    if (!thoughts.empty()) {
      begin(events);
      events.emplace_back(protocol::Reasoning{index, std::move(thoughts)});
    }
    if (const auto* calls = array_if(*delta, "tool_calls"); calls != nullptr && !calls->empty()) {
      begin(events);
      read_calls(*calls, index, events);
    }
  }
  if (!text.empty()) {
    begin(events);
    protocol::Text event{index, std::move(text), {}};
    const auto* logprobs = object_if(object, "logprobs");
    const auto* content = logprobs != nullptr ? array_if(*logprobs, "content") : nullptr;
    if (content != nullptr) event.logprobs = probabilities(*content, true);
    events.emplace_back(std::move(event));
  }
  const auto reason = text_if(object, "finish_reason");
  if (reason.empty()) return;
  begin(events);
  events.emplace_back(protocol::Finished{index, reason_of(reason), text_if(object, "stop_reason")});
}

void OpenAiReader::usage(const json::Object& object) {
  usage_.prompt_tokens = count_if(object, "prompt_tokens");
  usage_.completion_tokens = count_if(object, "completion_tokens");
  if (const auto* details = object_if(object, "prompt_tokens_details"))
    usage_.cached_tokens = count_if(*details, "cached_tokens");
  if (const auto* details = object_if(object, "completion_tokens_details"))
    usage_.reasoning_tokens = count_if(*details, "reasoning_tokens");
}

void OpenAiReader::embeddings(const json::Object& object, std::vector<Event>& events) {
  const auto* data = array_if(object, "data");
  if (data == nullptr) broken("sends no vectors");
  if (const auto* numbers = object_if(object, "usage")) usage(*numbers);
  protocol::Vectors vectors;
  vectors.vectors.resize(data->size());
  for (std::size_t i = 0; i < data->size(); ++i) {
    const auto* item = (*data)[i].if_object();
    const auto* values = item != nullptr ? array_if(*item, "embedding") : nullptr;
    const auto at = item != nullptr && item->contains("index") ? count_if(*item, "index") : i;
    if (values == nullptr || at >= data->size()) broken("sends vectors that are none");
    for (const auto& value : *values) {
      const double number = protocol::real_of(value, "embedding");
      if (std::fabs(number) > std::numeric_limits<float>::max()) broken("sends numbers that are too large");
      vectors.vectors[at].push_back(static_cast<float>(number));
    }
  }
  begin(events);
  events.emplace_back(std::move(vectors));
  done_ = true;
  events.emplace_back(protocol::Done{usage_});
}

void OpenAiReader::finish(std::vector<Event>& events) {
  if (done_) return;
  if (streams_) broken("broke off its answer");
  try {
    const auto value = json::parse(buffer_);
    if (!value.is_object()) broken("sends what is no object");
    embeddings(value.get_object(), events);
  } catch (const Error& error) {
    if (error.code() == Code::unavailable) throw;
    broken(fmt::format("sends what cannot be read: {}", error.what()));
  }
}

protocol::Failed openai_failure(long status, std::string_view body) {
  protocol::Failed failed{Code::unavailable, fmt::format("the other server answers {}", status), {}, 0, {}};
  try {
    const auto value = json::parse(body);
    const auto* error = value.is_object() ? object_if(value.get_object(), "error") : nullptr;
    if (error != nullptr) {
      failed.field = text_if(*error, "param");
      if (const auto message = text_if(*error, "message"); !message.empty()) failed.message = message;
    }
  } catch (const Error&) {
    // Its body tells nothing more.
  }
  if (status == 400 || status == 413 || status == 422) failed.code = Code::invalid;
  if (status == 501) failed.code = Code::unsupported;
  if (status == 429) {
    failed.code = Code::exhausted;
    failed.retry_after_s = 1;
  }
  return failed;
}

}  // namespace cofre::fleet
