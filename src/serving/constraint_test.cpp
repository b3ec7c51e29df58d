#include "serving/guides.h"
#include "serving/service_fixture.h"

namespace cofre::serving {
namespace {

/// A chat whose answer must be what `constraint` says, from a model that knows nothing.
Request bound(Constraint constraint, std::uint64_t max_tokens = 200) {
  Request request;
  Chat chat;
  chat.messages = {json::Object{{"role", "user"}, {"content", "hello"}}};
  request.task = chat;
  request.max_tokens = max_tokens;
  request.sampling.temperature = 1.5;
  request.constraint = std::move(constraint);
  return request;
}
Constraint schema(const char* text) {
  return {.kind = Constraint::Kind::json_schema, .schema = json::parse(text), .text = {}, .choices = {}};
}

TEST_F(Service, AnAnswerKeepsToItsSchemaWhateverTheModelWouldSay) {
  const char* text =
      R"({"type":"object","properties":{"a":{"enum":["x","y"]},"b":{"type":"array","items":{"type":"integer"},"maxItems":3}},
    "required":["a","b"],"additionalProperties":false})";
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    auto request = bound(schema(text), seed % 2 == 0 ? 200 : 24);
    request.sampling.seed = seed;
    const auto result = run(request);
    ASSERT_TRUE(result.done) << result.failed->message;
    const auto value = json::parse(result.texts.at(0));
    EXPECT_TRUE(value.at("a") == "x" || value.at("a") == "y");
    EXPECT_LE(value.at("b").as_array().size(), 3u);
    EXPECT_EQ(result.finished.at(0).reason, FinishReason::stop);
  }
}

TEST_F(Service, AGrammarIsCompiledOnceForATenantAndForNoOther) {
  const Idiom idiom(model_);
  Guides guides(model_, idiom);
  auto request = bound(schema(R"({"type":"object"})"));
  const auto first = guides.masks(request, {}, false);
  EXPECT_EQ(guides.masks(request, {}, false), first);
  request.tenant = 5;
  EXPECT_NE(guides.masks(request, {}, false), first);
}

TEST_F(Service, EveryKindOfConstraintHoldsAlsoForTexts) {
  const auto text = [&](Constraint constraint) {
    auto request = bound(std::move(constraint), 60);
    request.task = Completion{.prompt = std::string("once"), .suffix = {}, .echo = false};
    const auto result = run(request);
    EXPECT_TRUE(result.done) << result.failed->message;
    return result.texts.empty() ? std::string() : result.texts[0];
  };
  EXPECT_TRUE(
      json::parse(text({.kind = Constraint::Kind::json_object, .schema = {}, .text = {}, .choices = {}})).is_object());
  EXPECT_EQ(text({.kind = Constraint::Kind::regex, .schema = {}, .text = "(ab){3}", .choices = {}}), "ababab");
  EXPECT_EQ(text({.kind = Constraint::Kind::gbnf, .schema = {}, .text = "root ::= \"no\" \"!\"", .choices = {}}),
            "no!");
  EXPECT_EQ(text({.kind = Constraint::Kind::choice, .schema = {}, .text = {}, .choices = {"only this"}}), "only this");
}

TEST_F(Service, AConstraintBindsWhatComesBehindTheThought) {
  auto request = bound({.kind = Constraint::Kind::choice, .schema = {}, .text = {}, .choices = {"yes", "no"}}, 60);
  std::get<Chat>(request.task).template_arguments["thinking"] = true;
  const auto result = run(request);
  ASSERT_TRUE(result.done) << result.failed->message;
  EXPECT_TRUE(result.texts.at(0) == "yes" || result.texts.at(0) == "no") << result.texts.at(0);
  EXPECT_GT(result.done->usage.reasoning_tokens, 0u);
}

TEST_F(Service, AConstraintThatCannotBeHeldIsRefused) {
  expect_failed(bound({.kind = Constraint::Kind::regex, .schema = {}, .text = "(", .choices = {}}), Code::invalid,
                "guided_regex");
  expect_failed(bound({.kind = Constraint::Kind::gbnf, .schema = {}, .text = "leaf ::= ", .choices = {}}),
                Code::invalid, "grammar");
}

Request with_tools(ToolChoice choice) {
  auto request = bound({}, 120);
  auto& chat = std::get<Chat>(request.task);
  chat.tools =
      json::parse(R"([{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{
    "city":{"enum":["Rio","Oslo"]},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city","days"],"additionalProperties":false}}},
    {"type":"function","function":{"name":"time"}}])")
          .get_array();
  chat.tool_choice = choice;
  return request;
}

TEST_F(Service, ACallThatIsAskedForIsMadeWithArgumentsByItsSchema) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    auto request = with_tools(ToolChoice::named);
    std::get<Chat>(request.task).tool_name = "weather";
    std::get<Chat>(request.task).parallel_tool_calls = false;
    request.sampling.seed = seed;
    const auto result = run(request);
    ASSERT_TRUE(result.done) << result.failed->message;
    ASSERT_EQ(result.calls.size(), 1u);
    EXPECT_EQ(result.calls[0].name, "weather");
    EXPECT_TRUE(result.calls[0].id.starts_with("call_"));
    const auto arguments = json::parse(result.calls[0].arguments);
    EXPECT_TRUE(arguments.at("city") == "Rio" || arguments.at("city") == "Oslo");
    EXPECT_GE(arguments.at("days").as_int64(), 1);
    EXPECT_EQ(result.finished.at(0).reason, FinishReason::tool_calls);
    EXPECT_TRUE(result.texts.empty());
  }
}

TEST_F(Service, RequiredMeansOneOfTheToolsAndNoneMeansNone) {
  const auto required = run(with_tools(ToolChoice::required));
  ASSERT_TRUE(required.done) << required.failed->message;
  EXPECT_FALSE(required.calls.empty());
  const auto none = run(with_tools(ToolChoice::none));
  EXPECT_TRUE(none.calls.empty());
  EXPECT_LT(none.done->usage.prompt_tokens, required.done->usage.prompt_tokens);
  auto unknown = with_tools(ToolChoice::named);
  std::get<Chat>(unknown.task).tool_name = "nobody";
  expect_failed(unknown, Code::invalid, "tool_choice");
}

}  // namespace
}  // namespace cofre::serving
