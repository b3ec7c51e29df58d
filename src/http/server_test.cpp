#include "http/server.h"

#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/certificates.h"
#include "http/awaited.h"
#include "http/raw_client.h"
#include "http/tls_fixture.h"

namespace cofre::http {
namespace {

using namespace std::chrono_literals;

/// Counts the letters of a body as they come.
struct Counter : BodySink {
  void take(std::string_view piece) noexcept override {
    for (const char letter : piece) ++letters[letter];
    ++pieces;
  }
  std::map<char, std::size_t> letters;
  std::size_t pieces = 0;
};

/// Echoes; /stream hands its Responder to the test; /drop forgets it; /count counts.
class Echo : public Service {
 public:
  Admission admit(const Request& head) override {
    if (head.path == "/refused") return {0, Response{403, {}, "no"}};
    if (head.path == "/count") return {2'000'000, std::nullopt, std::make_shared<Counter>()};
    return {head.path == "/large" ? 200'000'000u : 1'000u, std::nullopt};
  }
  void handle(Request request, Responder responder) override {
    if (request.path == "/drop") return;
    if (request.path == "/count") {
      const auto& counter = dynamic_cast<Counter&>(*request.sink);
      const auto text = fmt::format("{} a, {} b, {}", counter.letters.at('a'), counter.letters.at('b'),
                                    counter.pieces > 1 && request.body.empty() ? "in pieces" : "at once");
      return responder.answer({200, {}, text});
    }
    if (request.path == "/stream" || request.path == "/slow") {
      responder.on_close([this] { closed.give(true); });
      responder.on_stop([responder] {
        responder.write("stopped");
        responder.end();
      });
      if (request.path == "/stream")
        responder.begin({200, {{"Content-Type", "text/event-stream"}}, ""}, ":\n\n", idle_ms);
      streams.give(responder);
      return;
    }
    responder.answer({200,
                      {{"Content-Type", "text/plain"}, {"X-Bad", "a\r\nSet-Cookie: b"}},
                      request.method + " " + request.path + "?" + request.query + " " +
                          std::to_string(request.body.size()) + " " + request.body.substr(0, 100)});
  }
  Response refuse(int status, std::string_view message) override { return {status, {}, std::string(message)}; }
  void finished(const Record& record) override { records.give(record); }

  Awaited<bool> closed;
  Awaited<Responder> streams;
  Awaited<Record> records;
  std::int64_t idle_ms = 60'000;
};

class HttpServer : public testing::Test {
 protected:
  void start(Options options = {}) { server = std::make_unique<Server>(std::move(options), echo); }
  std::string ask(std::string_view request) {
    RawClient client(server->port());
    client.send(request);
    return client.wait_for_end();
  }
  Echo echo;
  std::unique_ptr<Server> server;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(HttpServer, AnswersOverPlainTcp) {
  start();
  const auto answer = ask("GET /a/b?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(has(answer, "\r\n\r\nGET /a/b?x=1 0 "));
  EXPECT_TRUE(has(answer, "\r\nX-Request-Id: req_"));
  EXPECT_TRUE(has(answer, "\r\nDate: "));
}
TEST_F(HttpServer, AHeadersValueBringsNoSecondHeaderAlong) {
  start();
  EXPECT_FALSE(has(ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "\r\nSet-Cookie"));
}
TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  start();
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
  const auto answers = ask(requests + "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = answers.find("POST /" + std::to_string(i) + "? 2 ab", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(answers.find("GET /last", at), std::string::npos);
}
TEST_F(HttpServer, AChunkedBodyIsPutTogether) {
  start();
  EXPECT_TRUE(has(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                      "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nAuthorization: t\r\n\r\n"),
                  "POST /? 8 abcdefgh"));
}
TEST_F(HttpServer, ARequestMayComeByteByByte) {
  start();
  RawClient client(server->port());
  for (const char c :
       std::string_view("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_TRUE(has(client.wait_for("abc"), "POST /x? 3 abc"));
}
TEST_F(HttpServer, WhatIsNoHttpIsRefused) {
  start();
  const std::pair<const char*, const char*> cases[] = {
      {"hello\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", "505"},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: h\r\nExpect: a miracle\r\nContent-Length: 1\r\n\r\n", "417"},
  };
  for (const auto& [request, status] : cases) {
    const auto answer = ask(request);
    EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << request << "\n" << answer;
    EXPECT_TRUE(has(answer, "\r\nConnection: close\r\n"));
  }
}
TEST_F(HttpServer, ANulInTheTargetIsRefused) {
  start();
  EXPECT_TRUE(ask(std::string_view("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28)).starts_with("HTTP/1.1 400"));
}
TEST_F(HttpServer, LongHeadersAreRefused) {
  start();
  EXPECT_TRUE(ask("GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(
      ask("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(100'000, 'a') + "\r\n\r\n").starts_with("HTTP/1.1 4"));
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 20'000; ++i) many += "a: b\r\n";
  EXPECT_TRUE(ask(many + "\r\n").starts_with("HTTP/1.1 431"));
}
TEST_F(HttpServer, ABodyBeyondItsRoutesLimitIsRefusedBeforeItIsRead) {
  start();
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n" + std::string(100'000'000, 'a'))
                  .starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'a') +
                  "\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 413"));
}
TEST_F(HttpServer, ALargeBodyIsTakenWhereItsRouteAllowsIt) {
  start();
  EXPECT_TRUE(has(ask("POST /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 30000000\r\n\r\n" +
                      std::string(30'000'000, 'a')),
                  " 30000000 aaa"));
}
TEST_F(HttpServer, ASinkTakesABodyAsItComes) {
  const std::string body = std::string(500'000, 'a') + std::string(500'000, 'b');
  start();
  RawClient client(server->port());
  client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + body);
  EXPECT_NE(client.wait_for("in pieces").find("500000 a, 500000 b, in pieces"), std::string::npos);
  EXPECT_EQ(echo.records.wait()->bytes_in, 1'000'000u);
  client.forget();
  client.send(
      "POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  EXPECT_NE(client.wait_for("1 b").find("1 a, 1 b"), std::string::npos);
  client.forget();
  client.send("POST /count HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.send("f4240\r\n" + body + "\r\n");
  EXPECT_NE(client.wait_for("most").find("HTTP/1.1 413"), std::string::npos);
}
TEST_F(HttpServer, AClientThatExpectsToBeAskedIsAsked) {
  start();
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.wait_for("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_TRUE(has(client.wait_for(" 3 abc"), "HTTP/1.1 200 OK"));
}
TEST_F(HttpServer, AClientThatExpectsToBeAskedMayBeRefusedInstead) {
  start();
  const auto answer = ask("POST /refused HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403")) << answer;
}
TEST_F(HttpServer, ARefusalWithoutABodyKeepsTheConnection) {
  start();
  const auto answer =
      ask("GET /refused HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(answer, "GET /next"));
}
TEST_F(HttpServer, SlowHeadersAndBodiesAreRefused) {
  Options options;
  options.limits.header_ms = 50;
  options.limits.body_ms = 50;
  start(options);
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost:").starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na").starts_with("HTTP/1.1 408"));
}
TEST_F(HttpServer, AnIdleConnectionIsClosedWithoutAWord) {
  Options options;
  options.limits.idle_ms = 50;
  start(options);
  EXPECT_EQ(ask(""), "");
}
TEST_F(HttpServer, OldClientsGetAnAnswerAndAnEnd) {
  start();
  const auto answer = ask("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has(answer, "GET /old"));
  EXPECT_TRUE(has(answer, "Connection: close"));
}
TEST_F(HttpServer, AHeadRequestGetsNoBody) {
  start();
  const auto answer = ask("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(answer, "Content-Length: ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}
TEST_F(HttpServer, AStrangersNameForThisMachineIsRefused) {
  Options options;
  options.hosts = {"box.example.com"};
  start(options);
  for (const char* good : {"box.example.com", "BOX.example.com:8443", "127.0.0.1:1", "[::1]:2", "localhost"})
    EXPECT_TRUE(ask(std::string("GET / HTTP/1.1\r\nHost: ") + good + "\r\nConnection: close\r\n\r\n")
                    .starts_with("HTTP/1.1 200"))
        << good;
  for (const char* bad : {"evil.example", "box.example.com.evil.example", "127.0.0.1.evil.example", ""})
    EXPECT_TRUE(ask(std::string("GET / HTTP/1.1\r\nHost: ") + bad + "\r\nConnection: close\r\n\r\n")
                    .starts_with("HTTP/1.1 421"))
        << bad;
}
TEST_F(HttpServer, AStreamArrivesPieceByPiece) {
  start();
  RawClient client(server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  {
    const auto stream = echo.streams.wait();
    ASSERT_TRUE(stream);
    EXPECT_TRUE(has(client.wait_for("\r\n\r\n"), "Transfer-Encoding: chunked"));
    EXPECT_TRUE(stream->write("one"));
    EXPECT_TRUE(has(client.wait_for("one\r\n"), "3\r\none\r\n"));
    EXPECT_TRUE(stream->write("two"));
    stream->end();
  }
  EXPECT_TRUE(client.wait_for("0\r\n\r\n").ends_with("3\r\ntwo\r\n0\r\n\r\n"));
  client.send("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(client.wait_for_end(), "GET /next"));
}
TEST_F(HttpServer, ASilentStreamShowsThatItLives) {
  echo.idle_ms = 20;
  start();
  RawClient client(server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto stream = echo.streams.wait();
  EXPECT_TRUE(has(client.wait_for("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"), ":\n\n"));
}
TEST_F(HttpServer, AClientThatLeavesIsNoticedAtOnce) {
  start();
  for (const char* path : {"/stream", "/slow"}) {
    for (const bool reset : {false, true}) {
      RawClient client(server->port());
      client.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
      const auto stream = echo.streams.wait();
      ASSERT_TRUE(stream);
      if (reset) client.vanish();
      client.close();
      EXPECT_TRUE(echo.closed.wait()) << path;
      EXPECT_TRUE(stream->closed());
      if (path == std::string_view("/stream")) {
        EXPECT_FALSE(stream->write("x"));
      }
    }
  }
}
TEST_F(HttpServer, ASlowReaderIsCut) {
  Options options;
  options.limits.write_ms = 100;
  start(options);
  RawClient client(server->port());
  const int small = 4096;
  ::setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto stream = echo.streams.wait();
  ASSERT_TRUE(stream);
  bool written = true;
  for (int i = 0; i < 20'000 && written; ++i) written = stream->write(std::string(1000, 'a'));
  EXPECT_FALSE(written);
  EXPECT_TRUE(echo.closed.wait());
}
TEST_F(HttpServer, AnAnswerNobodyGivesIsAnError) {
  start();
  EXPECT_TRUE(ask("GET /drop HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 500"));
}
TEST_F(HttpServer, AStreamThatIsDroppedBreaksOff) {
  start();
  RawClient client(server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  {
    auto stream = echo.streams.wait();
    ASSERT_TRUE(stream);
    stream->write("one");
    stream->on_stop({});
  }
  EXPECT_TRUE(client.wait_for_end().ends_with("one\r\n"));
}
TEST_F(HttpServer, StoppingTellsStreamsAndEndsThem) {
  start();
  RawClient idle(server->port());
  RawClient client(server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  client.wait_for("\r\n\r\n");
  echo.streams.wait();
  server->stop(10ms);
  EXPECT_TRUE(has(client.wait_for_end(), "7\r\nstopped\r\n0\r\n\r\n"));
  EXPECT_EQ(idle.wait_for_end(), "");
  EXPECT_EQ(server->statistics().open, 0u);
}
TEST_F(HttpServer, ConnectionsBeyondTheLimitAreClosed) {
  Options options;
  options.limits.connections_of_address = 2;
  start(options);
  RawClient one(server->port()), two(server->port());
  one.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  two.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  one.wait_for("GET /");
  two.wait_for("GET /");
  RawClient three(server->port());
  EXPECT_EQ(three.wait_for_end(), "");
  EXPECT_EQ(server->statistics().refused, 1u);
}
TEST_F(HttpServer, AThousandClientsThatVanishLeaveNothing) {
  start();
  for (int i = 0; i < 1000; ++i) {
    RawClient client(server->port());
    if (i % 2 == 0) client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
    client.vanish();
  }
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
  server->stop(0ms);
  EXPECT_EQ(server->statistics().open, 0u);
}
TEST_F(HttpServer, SpeaksTls) {
  const TestTls tls;
  start(tls.options());
  RawClient client(server->port(), tls.authority.certificate_pem);
  EXPECT_EQ(client.tls_version(), "TLSv1.3");
  client.send("POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'a'));
  EXPECT_TRUE(has(client.wait_for("aaa"), "POST /large? 1000000"));
  client.forget();
  client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  {
    const auto stream = echo.streams.wait();
    ASSERT_TRUE(stream);
    std::string long_text(500'000, 'b');
    stream->write(long_text);
    EXPECT_TRUE(has(client.wait_for(long_text), long_text));
    client.close();
    EXPECT_TRUE(echo.closed.wait());
  }
  RawClient stranger(server->port());
  stranger.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(stranger.wait_for_end().find("HTTP"), std::string::npos);
  const auto other = crypto::make_authority("Other", tls.now, std::chrono::days(2));
  EXPECT_THROW(RawClient(server->port(), other.certificate_pem), std::runtime_error);
  EXPECT_THROW(server->replace_tls({.certificate_pem = "no", .key_pem = "no", .clients = {}}), Error);
  auto wrong = tls.options().tls;
  wrong.key_pem = other.key_pem;
  EXPECT_THROW(server->replace_tls(wrong), Error);
}
TEST_F(HttpServer, TheOldestTlsVersionCanBeSetAndChanged) {
  const TestTls tls;
  start(tls.options());
  const auto spoken = [&](int newest) {
    return RawClient(server->port(), tls.authority.certificate_pem, newest).tls_version();
  };
  EXPECT_EQ(spoken(TLS1_2_VERSION), "TLSv1.2");
  EXPECT_THROW(spoken(TLS1_1_VERSION), std::runtime_error);
  auto options = tls.options();
  options.tls.least = TlsVersion::v1_3;
  server->replace_tls(options.tls);
  EXPECT_THROW(spoken(TLS1_2_VERSION), std::runtime_error);
  EXPECT_EQ(spoken(TLS1_3_VERSION), "TLSv1.3");
  start(options);
  EXPECT_THROW(spoken(TLS1_2_VERSION), std::runtime_error);
}
TEST_F(HttpServer, LimitsAndHostsChangeForConnectionsThatComeLater) {
  start();
  RawClient early(server->port());
  early.send("GET /early HTTP/1.1\r\nHost: any\r\n\r\n");
  early.wait_for("GET /early");
  Limits limits;
  limits.connections_of_address = 2;
  server->replace_rules(limits, {"box.example"});
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 421"));
  early.forget();
  early.send("GET /again HTTP/1.1\r\nHost: any\r\n\r\n");
  EXPECT_TRUE(has(early.wait_for("GET /again"), "HTTP/1.1 200"));
  RawClient second(server->port());
  second.send("GET / HTTP/1.1\r\nHost: box.example\r\n\r\n");
  second.wait_for("GET /");
  RawClient third(server->port());
  EXPECT_EQ(third.wait_for_end(), "");
}
TEST_F(HttpServer, AUnixSocketsClientIsKnownByItsUser) {
  const auto path = std::filesystem::temp_directory_path() / ("cofre-http-" + std::to_string(::getpid()) + ".sock");
  Options options;
  options.listen.unix_socket = path;
  start(options);
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  server->stop(0ms);
  EXPECT_FALSE(std::filesystem::exists(path));
}
TEST_F(HttpServer, AnAddressThatCannotBeHadIsAnError) {
  start();
  Options taken;
  taken.listen.port = server->port();
  EXPECT_THROW(Server(taken, echo), Error);
  Options wrong;
  wrong.listen.address = "nowhere";
  EXPECT_THROW(Server(wrong, echo), Error);
}
TEST_F(HttpServer, TheAccessRecordTellsWhatHappened) {
  start();
  ask("POST /seen?secret=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab");
  const auto record = echo.records.wait();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->method, "POST");
  EXPECT_EQ(record->path, "/seen");
  EXPECT_EQ(record->status, 200);
  EXPECT_EQ(record->bytes_in, 2u);
  EXPECT_GT(record->bytes_out, 100u);
  EXPECT_EQ(record->peer, "127.0.0.1");
}

}  // namespace
}  // namespace cofre::http
