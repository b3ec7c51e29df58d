#include <set>
#include <thread>

#include "serving/service_fixture.h"

namespace cofre::serving {
namespace {

TEST_F(Service, AChatIsAnsweredWithItsUsage) {
  const auto result = run(asked());
  ASSERT_TRUE(result.done);
  EXPECT_EQ(result.texts.at(0).size(), 24u);
  EXPECT_EQ(result.finished.at(0).reason, FinishReason::length);
  // <s>user:hello<|im_end|><s>assistant:
  EXPECT_EQ(result.done->usage.prompt_tokens, 1u + 10 + 1 + 1 + 10);
  EXPECT_EQ(result.done->usage.completion_tokens, 24u);
  EXPECT_EQ(result.started->prompt_tokens, result.done->usage.prompt_tokens);
}

TEST_F(Service, TheSameSeedGivesTheSameTextAndAnotherChoiceAnotherOne) {
  auto request = asked();
  request.choices = 3;
  const auto a = run(request), b = run(request);
  EXPECT_EQ(a.texts, b.texts);
  EXPECT_NE(a.texts.at(0), a.texts.at(1));
  EXPECT_EQ(a.texts.at(0), run(asked()).texts.at(0));
  auto next = asked();
  next.sampling.seed = 8;
  EXPECT_EQ(a.texts.at(1), run(next).texts.at(0));
  EXPECT_EQ(a.finished.size(), 3u);
  EXPECT_EQ(a.done->usage.completion_tokens, 72u);
}

TEST_F(Service, EachChoiceTellsItsWork) {
  auto request = asked();
  request.choices = 2;
  request.stop = {run(asked()).texts.at(0).substr(9, 3)};
  const auto result = run(request);
  std::uint64_t tokens = 0;
  for (const auto& finished : result.finished) {
    ASSERT_TRUE(finished.work);
    EXPECT_GE(finished.work->queue_s, 0);
    EXPECT_GT(finished.work->prefill_s, 0);
    EXPECT_GT(finished.work->decode_s, 0);
    tokens += finished.work->tokens;
  }
  EXPECT_EQ(tokens, result.done->usage.completion_tokens);
}

TEST_F(Service, AStopStringEndsTheAnswerAndIsNotShown) {
  const auto whole = run(asked()).texts.at(0);
  auto request = asked();
  request.stop = {"-", whole.substr(9, 3)};
  const auto result = run(request);
  EXPECT_EQ(result.texts.at(0), whole.substr(0, whole.find(whole.substr(9, 3))));
  EXPECT_EQ(result.finished.at(0).reason, FinishReason::stop);
  EXPECT_EQ(result.finished.at(0).stop_sequence, whole.substr(9, 3));
  EXPECT_LT(result.done->usage.completion_tokens, 24u);
}

TEST_F(Service, AStopTokenEndsTheAnswerAndIsNotShown) {
  const auto whole = run(asked()).texts.at(0);
  auto request = asked();
  request.stop_token_ids = {whole[5]};
  const auto result = run(request);
  EXPECT_EQ(result.texts.at(0), whole.substr(0, whole.find(whole[5])));
  EXPECT_EQ(result.finished.at(0).reason, FinishReason::stop);
}

TEST_F(Service, TheModelsEndEndsTheAnswerUnlessItIsIgnored) {
  auto request = asked();
  request.sampling.logit_bias = {{TinyText::end, 100}};
  const auto ended = run(request);
  EXPECT_TRUE(ended.texts.empty());
  EXPECT_EQ(ended.finished.at(0).reason, FinishReason::stop);
  EXPECT_EQ(ended.done->usage.completion_tokens, 1u);
  request.ignore_eos = true;
  const auto ignored = run(request);
  EXPECT_EQ(ignored.finished.at(0).reason, FinishReason::length);
  EXPECT_TRUE(ignored.texts.empty());
  EXPECT_EQ(ignored.done->usage.completion_tokens, 24u);
}

TEST_F(Service, AnEndThatIsIgnoredIsNotChosen) {
  auto request = asked(200);
  request.sampling.logit_bias.clear();  // letters, or the end
  for (int id = 0; id < static_cast<int>(TinyText::vocabulary); ++id)
    if (id != TinyText::end && (id < 'a' || id > 'z')) request.sampling.logit_bias.emplace_back(id, -100);
  EXPECT_LT(run(request).texts.at(0).size(), 200u);
  request.ignore_eos = true;
  EXPECT_EQ(run(request).texts.at(0).size(), 200u);
}

TEST_F(Service, LogprobsStandBesideTheTextTheyBelongTo) {
  auto request = asked(10);
  request.logprobs = true;
  request.top_logprobs = 3;
  const auto result = run(request);
  const auto& scores = result.logprobs.at(0);
  ASSERT_EQ(scores.size(), 10u);
  std::string text;
  for (const auto& score : scores) {
    text += score.bytes;
    EXPECT_LE(score.logprob, 0);
    EXPECT_EQ(score.top.size(), 3u);
  }
  EXPECT_EQ(text, result.texts.at(0));
}

TEST_F(Service, LogprobsOfWhatAStopStringTookAwayAreNotTold) {
  const auto whole = run(asked()).texts.at(0);
  auto request = asked();
  request.logprobs = true;
  request.stop = {whole.substr(9, 3)};
  const auto result = run(request);
  EXPECT_EQ(result.logprobs.at(0).size(), result.texts.at(0).size());
}

TEST_F(Service, AThoughtThatThePromptBeganIsToldApart) {
  auto request = asked(12);
  std::get<Chat>(request.task).template_arguments["thinking"] = true;
  const auto result = run(request);
  EXPECT_TRUE(result.texts.empty());
  EXPECT_EQ(result.thoughts.at(0).size(), 12u);
  EXPECT_EQ(result.done->usage.reasoning_tokens, 12u);
}

TEST_F(Service, ALastMessageIsGoneOnWith) {
  auto request = asked();
  auto& chat = std::get<Chat>(request.task);
  chat.messages.push_back(json::Object{{"role", "assistant"}, {"content", "well "}});
  chat.add_generation_prompt = false;
  chat.continue_final_message = true;
  EXPECT_EQ(run(request).done->usage.prompt_tokens, 1u + 10 + 1 + 1 + 10 + 5);
  chat.add_generation_prompt = true;
  expect_failed(request, Code::invalid, "continue_final_message");
}

TEST_F(Service, ATextIsContinuedAndEchoed) {
  auto request = continued(std::string("once"));
  const auto plain = run(request);
  std::get<Completion>(request.task).echo = true;
  EXPECT_EQ(run(request).texts.at(0), "once" + plain.texts.at(0));
  std::get<Completion>(request.task).prompt = std::vector<std::int32_t>{'o', 'n', 'c', 'e'};
  EXPECT_EQ(run(request).texts.at(0), "once" + plain.texts.at(0));
}

TEST_F(Service, AnEchoedPromptIsScoredAlsoWithoutAnAnswer) {
  auto request = continued(std::string("once upon"), 0);
  std::get<Completion>(request.task).echo = true;
  request.logprobs = request.prompt_logprobs = true;
  request.top_logprobs = 1;
  const auto result = run(request);
  EXPECT_EQ(result.texts.at(0), "once upon");
  ASSERT_EQ(result.logprobs.at(0).size(), 9u);
  EXPECT_TRUE(result.logprobs[0][0].top.empty());
  EXPECT_FALSE(result.logprobs[0][0].logprob) << "nothing stands before it";
  EXPECT_EQ(result.logprobs[0][1].bytes, "n");
  EXPECT_LT(result.logprobs[0][1].logprob, 0);
  EXPECT_EQ(result.logprobs[0][1].top.size(), 1u);
  EXPECT_EQ(result.done->usage.completion_tokens, 0u);
}

TEST_F(Service, OfMoreAnswersTheLikeliestAreTold) {
  auto request = continued(std::string("once"), 6);
  request.logprobs = true;
  request.choices = 5;
  const auto all = run(request);
  std::vector<std::pair<double, std::string>> ranked;
  for (std::size_t i = 0; i < 5; ++i) {
    double sum = 0;
    for (const auto& one : all.logprobs.at(i)) sum += *one.logprob;
    ranked.emplace_back(-sum / 6, all.texts.at(i));
  }
  std::sort(ranked.begin(), ranked.end());
  request.choices = 2;
  request.best_of = 5;
  const auto best = run(request);
  EXPECT_EQ(best.texts, (std::vector<std::string>{ranked[0].second, ranked[1].second}));
  EXPECT_EQ(best.finished.size(), 2u);
  EXPECT_EQ(best.done->usage.completion_tokens, 30u);  // all that was written
  request.best_of = 1;
  expect_failed(request, Code::invalid, "best_of");
}

TEST_F(Service, ARequestThatWantsNoCacheNeitherReadsNorFillsIt) {
  auto request = continued(std::string(200, 'x'), 1);
  request.cache_prompt = false;
  EXPECT_EQ(run(request).done->usage.cached_tokens, 0u);
  request.cache_prompt = true;
  EXPECT_EQ(run(request).done->usage.cached_tokens, 0u);  // the first left nothing
  EXPECT_EQ(run(request).done->usage.cached_tokens, 192u);
  request.cache_prompt = false;
  request.choices = 3;
  EXPECT_EQ(run(request).done->usage.cached_tokens, 0u);
}

TEST_F(Service, AGapIsFilledIn) {
  auto request = continued(std::string("ab"));
  std::get<Completion>(request.task).suffix = "yz";
  EXPECT_EQ(run(request).done->usage.prompt_tokens, 7u);
}

TEST_F(Service, ASecondRequestReadsLessOfTheSamePromptButNotAnotherTenants) {
  auto request = continued(std::string(200, 'x'), 1);
  EXPECT_EQ(run(request).done->usage.cached_tokens, 0u);
  EXPECT_EQ(run(request).done->usage.cached_tokens, 192u);
  request.tenant = 5;
  EXPECT_EQ(run(request).done->usage.cached_tokens, 0u);
}

TEST_F(Service, TextsAndChatsBecomeTokensAndTokensText) {
  Request request;
  request.task = Tokenize{std::string("h\xC3\xA9"), true};
  const auto tokens = run(request).tokens;
  EXPECT_EQ(tokens->ids, (std::vector<std::int32_t>{'h', 0xC3, 0xA9}));
  EXPECT_EQ(tokens->pieces.at(0), "h");
  request.task = Tokenize{std::get<Chat>(asked().task), true};
  EXPECT_EQ(run(request).tokens->ids.size(), 23u);
  request.task = Detokenize{{'h', 0xC3, 0xA9, TinyText::end}};
  EXPECT_EQ(run(request).tokens->text, "h\xC3\xA9<|im_end|>");
}

TEST_F(Service, TextsAndTokensBecomeVectorsOfLengthOneInTheirOrder) {
  Request request;
  Embedding task;
  for (int i = 0; i < 20; ++i) task.inputs.emplace_back(std::string(static_cast<std::size_t>(1 + i), 'a'));
  task.inputs.emplace_back(std::vector<std::int32_t>(3, 'a'));
  request.task = task;
  const auto whole = run(request);
  ASSERT_TRUE(whole.done) << whole.failed->message;
  ASSERT_EQ(whole.vectors.size(), 21u);
  EXPECT_EQ(whole.vectors[20], whole.vectors[2]);
  EXPECT_NE(whole.vectors[0], whole.vectors[19]);
  EXPECT_EQ(whole.done->usage.prompt_tokens, 210u + 3u);
  task.dimensions = 16;
  request.task = task;
  const auto shorter = run(request).vectors.at(0);
  double length = 0;
  for (const float x : shorter) length += static_cast<double>(x) * x;
  EXPECT_EQ(shorter.size(), 16u);
  EXPECT_NEAR(length, 1, 1e-5);
  EXPECT_NEAR(shorter[1] / shorter[0], whole.vectors[0][1] / whole.vectors[0][0], 1e-3);
}

TEST_F(Service, AnInputThatCannotBecomeAVectorIsNamed) {
  const auto with = [](Embedding task) {
    Request request;
    request.task = std::move(task);
    return request;
  };
  expect_failed(with({.inputs = {std::string("a"), std::string()}, .dimensions = {}}), Code::invalid, "input[1]");
  expect_failed(with({.inputs = {std::vector<std::int32_t>{9999}}, .dimensions = {}}), Code::invalid, "input[0]");
  expect_failed(with({.inputs = {std::string(600, 'x')}, .dimensions = {}}), Code::invalid, "input[0]");
  expect_failed(with({.inputs = {std::string("a")}, .dimensions = 65}), Code::invalid, "dimensions");
}

TEST_F(Service, WhatCannotBeHonouredIsRefusedWithTheFieldAtFault) {
  const auto with = [](auto&& change) {
    auto request = asked();
    change(request);
    return request;
  };
  expect_failed(with([](Request& r) { r.sampling.temperature = 2.5; }), Code::invalid, "temperature");
  expect_failed(with([](Request& r) { r.sampling.top_p = 0; }), Code::invalid, "top_p");
  expect_failed(with([](Request& r) { r.sampling.logit_bias = {{9999, 1}}; }), Code::invalid, "logit_bias");
  expect_failed(with([](Request& r) { r.sampling.logit_bias = {{1, 101}}; }), Code::invalid, "logit_bias");
  expect_failed(with([](Request& r) { r.choices = 0; }), Code::invalid, "n");
  expect_failed(with([](Request& r) { r.top_logprobs = 21; }), Code::invalid, "top_logprobs");
  expect_failed(with([](Request& r) { r.stop = {""}; }), Code::invalid, "stop");
  expect_failed(with([](Request& r) { r.stop_token_ids = {-1}; }), Code::invalid, "stop_token_ids");
  expect_failed(with([](Request& r) { r.max_tokens = 0; }), Code::invalid, "max_tokens");
  expect_failed(with([](Request& r) { std::get<Chat>(r.task).messages.clear(); }), Code::invalid, "messages");
  expect_failed(with([](Request& r) { std::get<Chat>(r.task).template_arguments["tools"] = 1; }), Code::invalid,
                "chat_template_kwargs.tools");
  expect_failed(continued(std::string()), Code::invalid, "prompt");
  expect_failed(continued(std::vector<std::int32_t>{-1}), Code::invalid, "prompt");
  expect_failed(continued(std::string("\xFF")), Code::invalid, "prompt");
}

TEST_F(Service, APromptBeyondTheContextIsRefusedWithBothNumbers) {
  auto request = asked();
  std::get<Chat>(request.task).messages = {json::Object{{"role", "user"}, {"content", std::string(600, 'x')}}};
  const auto result = run(request);
  ASSERT_TRUE(result.failed);
  EXPECT_EQ(result.failed->reason, "context_length_exceeded");
  EXPECT_EQ(result.failed->field, "messages");
  EXPECT_NE(result.failed->message.find("618"), std::string::npos) << result.failed->message;
  EXPECT_NE(result.failed->message.find("512"), std::string::npos) << result.failed->message;
}

TEST_F(Service, AnAnswerThatIsDroppedFreesItsPlaceAndTellsNothingMore) {
  for (int i = 0; i < 40; ++i) {
    auto collected = std::make_shared<Collected>();
    auto request = asked(450);
    request.sampling.seed = i;
    const auto answer =
        service_.start(std::move(request), [collected](Event event) { collected->add(std::move(event)); });
    if (i % 2 == 0) collected->wait([](const auto& events) { return events.size() > 3; });
  }
  EXPECT_EQ(run(asked()).texts.at(0).size(), 24u);
}

struct LongService : Service {
  LongService() : Service(TinyText{.context = 16384}) {}
};
TEST_F(LongService, AnAnswerThatIsDroppedEndsEvenWhileEventsOfOthersWaitToBeRead) {
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool reached = false, open = false;
  };
  const auto gate = std::make_shared<Gate>();
  // The thread that reads all answers stands still in this sink.
  const auto slow = service_.start(asked(1), [gate](const Event&) {
    std::unique_lock lock(gate->mutex);
    gate->reached = true;
    gate->changed.notify_all();
    gate->changed.wait(lock, [&] { return gate->open; });
  });
  {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->reached; });
  }
  constexpr std::uint64_t tokens = 16000;
  auto dropped = std::make_unique<Answer>(service_.start(asked(tokens), [](const Event&) {}));
  while (model_.load().running == 0) std::this_thread::yield();
  dropped.reset();
  while (model_.load().running > 0) std::this_thread::yield();
  EXPECT_LT(model_.load().tokens, tokens);
  const std::lock_guard lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
}

TEST_F(Service, ManyRequestsAreAnsweredAtOnceEachAsIfAlone) {
  std::vector<std::string> alone;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    auto request = asked();
    request.sampling.seed = seed;
    alone.push_back(run(request).texts.at(0));
  }
  std::vector<std::shared_ptr<Collected>> all;
  std::vector<Answer> answers;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    auto request = asked();
    request.sampling.seed = seed;
    all.push_back(std::make_shared<Collected>());
    answers.push_back(
        service_.start(std::move(request), [one = all.back()](Event event) { one->add(std::move(event)); }));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->wait([](const auto& events) { return !events.empty() && is_last(events.back()); });
    std::string text;
    for (const auto& event : all[i]->events)
      if (const auto* piece = std::get_if<Text>(&event)) text += piece->text;
    EXPECT_EQ(text, alone[i]);
  }
}

struct WithoutTemplate : Service {
  WithoutTemplate() : Service(TinyText{.chat_template = "", .fill = false}) {}
};
TEST_F(WithoutTemplate, ChatsAndGapsAreRefusedTextsContinued) {
  expect_failed(asked(), Code::unsupported, "messages");
  auto request = continued(std::string("ab"));
  EXPECT_EQ(run(request).texts.at(0).size(), 8u);
  std::get<Completion>(request.task).suffix = "c";
  expect_failed(request, Code::unsupported, "suffix");
}

TEST(Advice, HoldsWhereTheRequestSaysNothing) {
  // Of one candidate only the most likely token is left: whatever the seed, the text is the same.
  const auto loaded = load_tiny();
  TextModel model(*loaded, {});
  TextService service(model,
                      {.advice = {.temperature = 2, .top_p = {}, .min_p = {}, .repetition_penalty = {}, .top_k = 1}});
  std::set<std::string> texts;
  for (int i = 0; i < 4; ++i) {
    Request request;
    request.task = Completion{.prompt = std::string("a"), .suffix = {}, .echo = false};
    request.max_tokens = 6;
    request.ignore_eos = true;
    auto collected = std::make_shared<Collected>();
    const auto answer = service.start(request, [collected](Event event) { collected->add(std::move(event)); });
    collected->wait([](const auto& events) { return !events.empty() && is_last(events.back()); });
    std::string text;
    for (const auto& event : collected->events)
      if (const auto* piece = std::get_if<Text>(&event)) text += piece->text;
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 1u);
}

}  // namespace
}  // namespace cofre::serving
