#include "app/admin.h"

#include <gtest/gtest.h>

#include "accounts/actions/actions.h"
#include "app/box.h"
#include "base/error.h"
#include "os/paths.h"

namespace cofre::app {
namespace {

json::Object act(Box& box, const json::Object& request) {
  return accounts::act(box.accounts, accounts::Actor::machine(), json::string_at(request, "do"), request);
}

class Admin : public testing::Test {
 protected:
  os::TemporaryDirectory folder_{testing::TempDir()};
  const std::filesystem::path& data() const { return folder_.path(); }
};

TEST_F(Admin, WhereNoBoxRunsNobodyAnswers) {
  EXPECT_FALSE(ask_box(data(), {{"do", "status"}}));
  EXPECT_EQ(box_process(data()), 0);
}

TEST_F(Admin, AnswersAndErrorsComeBackAsTheyAre) {
  AdminServer server(data(), [](const json::Object& request, std::uint32_t) -> json::Object {
    if (request.at("do") == "fail") fail_field(Code::not_found, "name", "there is none");
    if (request.at("do") == "break") throw std::runtime_error("broken");
    return {{"asked", request.at("do")}};
  });
  EXPECT_EQ(ask_box(data(), {{"do", "x"}})->at("asked"), "x");
  for (const auto& [what, code, field] :
       {std::tuple{"fail", Code::not_found, "name"}, std::tuple{"break", Code::internal, ""}}) {
    try {
      ask_box(data(), {{"do", what}});
      ADD_FAILURE() << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_EQ(error.field(), field);
    }
  }
}

TEST_F(Admin, AStrangersBytesHarmNobodyElse) {
  AdminServer server(data(), [](const json::Object&, std::uint32_t) -> json::Object { return {{"fine", true}}; });
  for (const std::string& bytes : {std::string("\xff\xff\xff\xff"), std::string("\5\0\0\0[1,2]", 9),
                                   std::string("\3\0\0\0{x}", 7), std::string("\1")}) {
    auto socket = os::LocalSocket::connect(admin_socket_in(data()));
    socket.send(bytes, std::chrono::seconds(5));
  }
  EXPECT_EQ(ask_box(data(), {{"do", "x"}})->at("fine"), true);
}

TEST_F(Admin, OneProcessHoldsTheBox) {
  const auto first = Box::try_open(data());
  ASSERT_TRUE(first);
  EXPECT_FALSE(Box::try_open(data()));
}

TEST_F(Admin, KeysAreMadeInTheRunningBoxAndWithoutOne) {
  const json::Object create{{"do", "key.create"}, {"name", "app"}, {"scopes", json::Array{"inference"}}};
  const auto made = ask_or_open(data(), create, act);
  {
    const auto box = Box::try_open(data());
    AdminServer server(data(), [&](const json::Object& request, std::uint32_t) { return act(*box, request); });
    EXPECT_TRUE(box->keys.authenticate(json::string_at(made, "key")));
    ask_or_open(data(), {{"do", "key.revoke"}, {"key", "app"}}, act);
    EXPECT_FALSE(box->keys.authenticate(json::string_at(made, "key")));
    const auto again = ask_or_open(data(), create, act);
    EXPECT_TRUE(box->keys.authenticate(json::string_at(again, "key")));
  }
  const auto list = ask_or_open(data(), {{"do", "key.list"}}, act);
  EXPECT_EQ(json::array_at(list, "keys").size(), 2u);
}

TEST_F(Admin, ActionsNameWhatIsWrong) {
  const auto box = Box::try_open(data());
  for (const char* text :
       {R"({"do":"key.make"})", R"({"do":"key.create"})", R"({"do":"key.create","name":"a","scopes":[1]})",
        R"({"do":"key.create","name":"a","scopes":["root"]})", R"({"do":"key.revoke","key":"a"})",
        R"({"do":"key.create","name":"a","scopes":["inference"],"expires":-1})", R"({})"}) {
    EXPECT_THROW(act(*box, json::parse(text).as_object()), Error) << text;
  }
}

}  // namespace
}  // namespace cofre::app
