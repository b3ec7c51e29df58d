#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "serving/text_service.h"
#include "serving/tiny_text.h"

/// A text service over the tiny model, for tests.
namespace cofre::serving {

using namespace protocol;

/// Collects a request's events.
struct Collected {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Event> events;
  void add(Event event) {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
    changed.notify_all();
  }
  template <class Until>
  void wait(Until&& until) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return until(events); });
  }
};

/// All that came of a request, put together.
struct Result {
  std::vector<std::string> texts, thoughts;
  std::vector<std::vector<TokenProbability>> logprobs;
  std::vector<Finished> finished;
  std::vector<ToolCall> calls;  ///< whole ones
  std::optional<Started> started;
  std::optional<Done> done;
  std::optional<Failed> failed;
  std::optional<Tokens> tokens;
  std::vector<std::vector<float>> vectors;
};

class Service : public ::testing::Test {
 protected:
  explicit Service(TinyText tiny = {}, std::size_t sequences = 4)
      : loaded_(load_tiny(tiny)), model_(*loaded_, {.sequences = sequences}) {}

  Result run(Request request) {
    auto collected = std::make_shared<Collected>();
    const auto answer =
        service_.start(std::move(request), [collected](Event event) { collected->add(std::move(event)); });
    collected->wait([](const auto& events) { return !events.empty() && is_last(events.back()); });
    Result result;
    const auto at = [](auto& list, std::size_t i) -> auto& {
      if (list.size() <= i) list.resize(i + 1);
      return list[i];
    };
    for (auto& event : collected->events) {
      if (auto* text = std::get_if<Text>(&event)) {
        at(result.texts, text->choice) += text->text;
        auto& all = at(result.logprobs, text->choice);
        all.insert(all.end(), text->logprobs.begin(), text->logprobs.end());
      }
      if (auto* thought = std::get_if<Reasoning>(&event)) at(result.thoughts, thought->choice) += thought->text;
      if (auto* call = std::get_if<ToolCall>(&event)) {
        if (call->index == result.calls.size())
          result.calls.push_back(*call);
        else
          result.calls.at(call->index).arguments += call->arguments;
      }
      if (auto* finished = std::get_if<Finished>(&event)) result.finished.push_back(*finished);
      if (auto* started = std::get_if<Started>(&event)) result.started = *started;
      if (auto* done = std::get_if<Done>(&event)) result.done = *done;
      if (auto* failed = std::get_if<Failed>(&event)) result.failed = *failed;
      if (auto* vectors = std::get_if<Vectors>(&event)) result.vectors = vectors->vectors;
      if (auto* tokens = std::get_if<Tokens>(&event)) result.tokens = *tokens;
    }
    return result;
  }

  /// A chat whose answer is made of small letters.
  static Request asked(std::uint64_t max_tokens = 24) {
    Request request;
    Chat chat;
    chat.messages = {json::Object{{"role", "user"}, {"content", "hello"}}};
    request.task = chat;
    request.max_tokens = max_tokens;
    request.sampling.temperature = 1;
    request.sampling.seed = 7;
    for (int letter = 'a'; letter <= 'z'; ++letter) request.sampling.logit_bias.emplace_back(letter, 100);
    return request;
  }
  static Request continued(std::variant<std::string, std::vector<std::int32_t>> prompt, std::uint64_t max_tokens = 8) {
    auto request = asked(max_tokens);
    request.task = Completion{.prompt = std::move(prompt), .suffix = {}, .echo = false};
    return request;
  }
  void expect_failed(Request request, Code code, std::string_view field) {
    const auto result = run(std::move(request));
    ASSERT_TRUE(result.failed) << field;
    EXPECT_EQ(result.failed->code, code) << result.failed->message;
    EXPECT_EQ(result.failed->field, field) << result.failed->message;
  }

  std::unique_ptr<Loaded> loaded_;
  TextModel model_;
  TextService service_{model_, {}};
};

}  // namespace cofre::serving
