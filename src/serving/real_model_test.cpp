// What random weights cannot show: real models call tools, keep to schemas in a sensible way, fill gaps.

#include <chrono>

#include <gtest/gtest.h>

#include "os/paths.h"
#include "serving/event_queue.h"
#include "serving/text_service.h"

namespace cofre::serving {
namespace {

using namespace protocol;

/// A model of the store with what it says at temperature 0. Tests skip where it is not there.
class RealModel : public ::testing::Test {
 protected:
  void open(const std::string& name) {
    const auto path = os::data_directory() / "models" / (name + ".gguf");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs the model: cofre pull " << name;
    loaded_ = std::make_unique<Loaded>(path, Loaded::Options{.threads = 0, .progress = {}});
    model_ = std::make_unique<TextModel>(*loaded_, TextModel::Options{.context = 2048, .sequences = 4});
    service_ = std::make_unique<TextService>(*model_, TextService::Options{});
  }

  struct Said {
    std::string text, call, arguments;
    std::vector<std::vector<float>> vectors;
    std::optional<FinishReason> reason;
    Usage usage;
  };
  Said ask(Request request) {
    request.sampling.temperature = 0;
    if (!request.max_tokens) request.max_tokens = 100;
    EventQueue events;
    const auto answer = service_->start(std::move(request), events.sink());
    Said said;
    for (;;) {
      const auto event = events.pop(std::chrono::seconds(60));
      if (!event) {
        ADD_FAILURE() << "no event came";
        return said;
      }
      if (const auto* text = std::get_if<Text>(&*event)) said.text += text->text;
      if (const auto* call = std::get_if<ToolCall>(&*event)) {
        said.call += call->name;
        said.arguments += call->arguments;
      }
      if (const auto* vectors = std::get_if<Vectors>(&*event)) said.vectors = vectors->vectors;
      if (const auto* finished = std::get_if<Finished>(&*event)) said.reason = finished->reason;
      if (const auto* done = std::get_if<Done>(&*event)) said.usage = done->usage;
      if (const auto* failed = std::get_if<Failed>(&*event)) ADD_FAILURE() << failed->message;
      if (is_last(*event)) return said;
    }
  }

  static Request chat(const char* question) {
    Request request;
    Chat task;
    task.messages = {json::Object{{"role", "user"}, {"content", question}}};
    request.task = std::move(task);
    return request;
  }
  static Request weather(const char* question) {
    auto request = chat(question);
    std::get<Chat>(request.task).tools =
        json::parse(R"([{"type":"function","function":{"name":"get_weather","description":"The weather of a city",
      "parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}}}])")
            .get_array();
    return request;
  }

  std::unique_ptr<Loaded> loaded_;
  std::unique_ptr<TextModel> model_;
  std::unique_ptr<TextService> service_;
};

TEST_F(RealModel, AnswersAQuestionAndKeepsToASchema) {
  ASSERT_NO_FATAL_FAILURE(open("smollm2-135m"));
  if (IsSkipped()) return;
  EXPECT_NE(ask(chat("What is the capital of Japan?")).text.find("Tokyo"), std::string::npos);
  auto request = chat("Describe a cat as JSON.");
  request.constraint = {
      .kind = Constraint::Kind::json_schema,
      .schema = json::parse(
          R"({"type":"object","properties":{"name":{"type":"string","maxLength":20},"legs":{"type":"integer"}},
                          "required":["name","legs"],"additionalProperties":false})"),
      .text = {},
      .choices = {}};
  const auto said = ask(request);
  EXPECT_TRUE(json::parse(said.text).at("legs").is_int64()) << said.text;
  EXPECT_EQ(said.reason, FinishReason::stop);
}

TEST_F(RealModel, TextsOfOneMeaningLieCloserThanOthers) {
  ASSERT_NO_FATAL_FAILURE(open("smollm2-135m"));
  if (IsSkipped()) return;
  Request request;
  request.task =
      Embedding{.inputs = {std::string("The cat sleeps on the sofa."), std::string("A kitten is napping on the couch."),
                           std::string("Quarterly revenue rose by nine percent.")},
                .dimensions = {}};
  const auto vectors = ask(request).vectors;
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t i = 0; i < vectors[a].size(); ++i) sum += static_cast<double>(vectors[a][i]) * vectors[b][i];
    return sum;
  };
  ASSERT_EQ(vectors.size(), 3u);
  EXPECT_GT(dot(0, 1), dot(0, 2));
}

TEST_F(RealModel, CallsAToolWhereItIsFreeToAndWhereItMust) {
  ASSERT_NO_FATAL_FAILURE(open("qwen2.5-coder-0.5b"));
  if (IsSkipped()) return;
  auto required = weather("What is the weather in Lisbon?");
  std::get<Chat>(required.task).tool_choice = ToolChoice::required;
  const auto must = ask(required);
  EXPECT_EQ(must.call, "get_weather") << must.text;
  EXPECT_TRUE(json::parse(must.arguments).at("city").is_string()) << must.arguments;
  EXPECT_EQ(must.reason, FinishReason::tool_calls);
  auto none = weather("What is the weather in Lisbon?");
  std::get<Chat>(none.task).tool_choice = ToolChoice::none;
  EXPECT_TRUE(ask(none).call.empty());
  // This one leaves the marks out.
  const auto may = ask(weather("What is the weather in Lisbon?"));
  EXPECT_EQ(may.call, "get_weather") << may.text;
  EXPECT_EQ(may.text, "");
}

TEST_F(RealModel, FillsAGapInAProgram) {
  ASSERT_NO_FATAL_FAILURE(open("qwen2.5-coder-0.5b"));
  if (IsSkipped()) return;
  Request request;
  request.task = Completion{
      .prompt = std::string("def add(a, b):\n    return "), .suffix = "\n\nprint(add(1, 2))\n", .echo = false};
  request.max_tokens = 12;
  const auto said = ask(request);
  EXPECT_NE(said.text.find("a + b"), std::string::npos) << said.text;
}

}  // namespace
}  // namespace cofre::serving
