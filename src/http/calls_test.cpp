#include "http/calls.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "http/tls_fixture.h"
#include "os/paths.h"

namespace cofre::http {
namespace {

using std::chrono::seconds;

/// Tells what it was asked, with more headers than one; /away leads elsewhere, /silent says nothing.
class Mirror : public Service {
 public:
  Admission admit(const Request&) override { return {1000, std::nullopt}; }
  void handle(Request request, Responder responder) override {
    if (request.path == "/silent") return silent.push_back(responder);
    if (request.path == "/away") return responder.answer({302, {{"Location", "/"}}, "away"});
    std::string text = request.method + " " + request.path + "?" + request.query + "\n" + request.body;
    for (const char* name : {"authorization", "content-type"}) {
      text += fmt::format("\n{}: {}", name, request.headers.find(name).value_or("none"));
    }
    responder.answer({request.path == "/missing" ? 404 : 200, {}, text});
  }
  Response refuse(int status, std::string_view message) override { return {status, {}, std::string(message)}; }
  std::vector<Responder> silent;
};

class Asking : public testing::Test {
 protected:
  Asking() { std::ofstream(ca_file_) << tls_.authority.certificate_pem; }
  std::string url(const std::string& path, const std::string& host = "localhost") const {
    return fmt::format("https://{}:{}{}", host, server_.port(), path);
  }
  Outgoing to(const std::string& path) const { return {.url = url(path), .type = {}, .ca_file = ca_file_}; }

  os::TemporaryDirectory folder_{testing::TempDir()};
  std::string ca_file_ = (folder_.path() / "ca.pem").string();
  TestTls tls_;
  Mirror mirror_;
  Server server_{tls_.options(), mirror_};
};

TEST_F(Asking, GetsWhatTheServerSaysWhateverTheStatus) {
  const auto found = ask(to("/a?b=c"), seconds(20), 1000);
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, "GET /a?b=c\n\nauthorization: none\ncontent-type: none");
  EXPECT_EQ(ask(to("/missing"), seconds(20), 1000).status, 404);
}

TEST_F(Asking, PostsAFormWithAPassword) {
  auto request = to("/token");
  request.type = "application/x-www-form-urlencoded";
  request.body = "a=b";
  request.user = "box";
  request.password = "p%20w";
  EXPECT_EQ(ask(request, seconds(20), 1000).body,
            "POST /token?\na=b\nauthorization: Basic Ym94OnAlMjB3\ncontent-type: application/x-www-form-urlencoded");
  request.user.clear();
  request.key = "abc";
  EXPECT_NE(ask(request, seconds(20), 1000).body.find("Bearer abc"), std::string::npos);
}

TEST_F(Asking, GoesNowhereElse) { EXPECT_EQ(ask(to("/away"), seconds(20), 1000).body, "away"); }

TEST_F(Asking, AnotherAuthorityOrAnotherNameIsRefused) {
  auto request = to("/");
  request.url = url("/", "127.0.0.1");  // the certificate is for localhost
  EXPECT_EQ(code_of([&] { ask(request, seconds(20), 1000); }), Code::unavailable);
  const auto other = folder_.path() / "other.pem";
  std::ofstream(other) << TestTls().authority.certificate_pem;
  request = to("/");
  request.ca_file = other.string();
  EXPECT_EQ(code_of([&] { ask(request, seconds(20), 1000); }), Code::unavailable);
  request.ca_file.clear();
  EXPECT_EQ(code_of([&] { ask(request, seconds(20), 1000); }), Code::unavailable);
}

TEST_F(Asking, TheFilesAuthorityIsTrustedWithoutTheSystems) {
  auto request = to("/");
  request.trusts_ca_file_alone = true;
  EXPECT_EQ(ask(request, seconds(20), 1000).status, 200);
}

TEST_F(Asking, ALongAnswerIsBrokenOff) {
  const auto error = thrown_by([&] { ask(to("/a"), seconds(20), 10); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("more than 10 bytes"), std::string::npos);
}

TEST_F(Asking, PatienceEnds) {
  EXPECT_EQ(code_of([&] { ask(to("/silent"), seconds(1), 1000); }), Code::unavailable);
}

}  // namespace
}  // namespace cofre::http
