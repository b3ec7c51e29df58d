#include "http/websocket.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/certificates.h"
#include "http/awaited.h"
#include "http/raw_websocket.h"
#include "http/server.h"
#include "http/tls_fixture.h"

namespace cofre::http {
namespace {

using namespace std::chrono_literals;
using Raw = RawWebSocket;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Echoes messages; hands its sockets to the test.
class Echo : public Service {
 public:
  Admission admit(const Request& head) override {
    if (head.path == "/forbidden") return {0, Response{403, {}, "no"}};
    return {};
  }
  void handle(Request request, Responder responder) override {
    if (auto refusal = websocket_refusal(request)) return responder.answer(std::move(*refusal));
    Upgrade upgrade;
    upgrade.headers.add("X-Bad", "a\r\nSet-Cookie: b");
    upgrade.protocols = {"second", "first"};
    upgrade.message_bytes_max = 100'000;
    upgrade.on_message = [](const WebSocket& socket, WebSocketMessage message) { socket.send(std::move(message)); };
    upgrade.on_close = [this](CloseCode code) { closed.give(code); };
    const auto socket = responder.upgrade(request, std::move(upgrade));
    if (request.path == "/greeting") socket.send_text("hello");
    sockets.give(socket);
  }
  Response refuse(int status, std::string_view message) override { return {status, {}, std::string(message)}; }
  void finished(const Record& record) override { records.give(record); }

  Awaited<CloseCode> closed;
  Awaited<WebSocket> sockets;
  Awaited<Record> records;
};

class WebSockets : public testing::Test {
 protected:
  void start(Options options = {}) { server = std::make_unique<Server>(std::move(options), echo); }
  std::string ask(const std::string& request) {
    RawClient client(server->port());
    client.send(request);
    return client.wait_for_end();
  }
  Echo echo;
  std::unique_ptr<Server> server;
};

TEST_F(WebSockets, TheHandshakeIsAnswered) {
  start();
  const Raw socket(server->port(), "/");
  EXPECT_TRUE(socket.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << socket.head;
  EXPECT_TRUE(has(socket.head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) << socket.head;
  EXPECT_TRUE(has(socket.head, "\r\nX-Request-Id: req_")) << socket.head;
  EXPECT_FALSE(has(socket.head, "\r\nSet-Cookie")) << socket.head;
  EXPECT_FALSE(has(socket.head, "Sec-WebSocket-Protocol")) << socket.head;
}
TEST_F(WebSockets, TheBestSubProtocolThatBothSpeakIsChosen) {
  start();
  const Raw socket(server->port(), "/", "Sec-WebSocket-Protocol: other, first\r\nSec-WebSocket-Protocol: second\r\n");
  EXPECT_TRUE(has(socket.head, "\r\nSec-WebSocket-Protocol: second")) << socket.head;
  EXPECT_EQ(echo.sockets.wait()->protocol(), "second");
  const Raw stranger(server->port(), "/", "Sec-WebSocket-Protocol: other\r\n");
  EXPECT_FALSE(has(stranger.head, "Sec-WebSocket-Protocol")) << stranger.head;
}
TEST_F(WebSockets, WhatAsksForNoneGetsAnOrdinaryAnswer) {
  start();
  const std::string end = "Connection: close\r\n\r\n";
  const std::string right = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const auto get = [&](const std::string& headers) { return ask("GET / HTTP/1.1\r\nHost: h\r\n" + headers + end); };
  const std::string upgrade = "Upgrade: websocket\r\nConnection: upgrade\r\n";
  EXPECT_TRUE(has(get(""), "\r\nUpgrade: websocket\r\n"));
  EXPECT_TRUE(get("").starts_with("HTTP/1.1 426 Upgrade Required"));
  EXPECT_TRUE(get("Upgrade: websocket\r\n" + right).starts_with("HTTP/1.1 426"));
  EXPECT_TRUE(get("Upgrade: h2c\r\nConnection: upgrade\r\n" + right).starts_with("HTTP/1.1 426"));
  EXPECT_TRUE(has(get(upgrade + "Sec-WebSocket-Version: 8\r\n"), "\r\nSec-WebSocket-Version: 13\r\n"));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: h\r\n" + upgrade + right + end).starts_with("HTTP/1.1 426"));
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\nHost: h\r\n" + upgrade + right + end).starts_with("HTTP/1.1 426"));
  for (const char* key :
       {"", "Sec-WebSocket-Key: short==\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!==\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"})
    EXPECT_TRUE(get(upgrade + "Sec-WebSocket-Version: 13\r\n" + key).starts_with("HTTP/1.1 400")) << key;
}
TEST_F(WebSockets, ARefusalBeforeTheHandshakeIsAnOrdinaryAnswer) {
  start();
  RawClient client(server->port());
  client.send(Raw::request("/forbidden") + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto& answers = client.wait_for_end();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 403")) << answers;
  EXPECT_TRUE(has(answers, "HTTP/1.1 426")) << answers;
}
TEST_F(WebSockets, MessagesGoBothWays) {
  start();
  Raw socket(server->port(), "/");
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 100'000u}) {
    const std::string message(size, 'a');
    socket.send(Raw::text, message);
    const auto echoed = socket.receive();
    ASSERT_TRUE(echoed) << size;
    EXPECT_EQ(echoed->opcode, Raw::text);
    EXPECT_EQ(echoed->payload, message);
  }
  socket.send(Raw::binary, "\xff\xfe");
  const auto echoed = socket.receive();
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->opcode, Raw::binary);
  EXPECT_EQ(echoed->payload, "\xff\xfe");
}
TEST_F(WebSockets, AMessageInPiecesIsPutTogetherAndPingsMayComeBetween) {
  start();
  Raw socket(server->port(), "/");
  socket.send(Raw::text, "caf\xc3", false);
  socket.send(Raw::ping, "there?");
  socket.send(Raw::more, "\xa9 ", false);
  socket.send(Raw::more, "");
  const auto answer = socket.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->opcode, Raw::pong);
  EXPECT_EQ(answer->payload, "there?");
  const auto echoed = socket.receive();
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->payload, "caf\xc3\xa9 ");
}
TEST_F(WebSockets, AFrameMayComeByteByByteAndWithTheRequest) {
  start();
  RawClient client(server->port());
  const auto bytes = Raw::request("/") + Raw::frame(Raw::text, "first");
  client.send(bytes);
  for (const char byte : Raw::frame(Raw::text, "second")) client.send({&byte, 1});
  EXPECT_TRUE(has(client.wait_for("second"), "first"));
}
TEST_F(WebSockets, WhatIsSentBeforeTheHandshakeIsDoneComesBehindIt) {
  start();
  Raw socket(server->port(), "/greeting");
  const auto greeting = socket.receive();
  ASSERT_TRUE(greeting);
  EXPECT_EQ(greeting->payload, "hello");
}
TEST_F(WebSockets, WhatBreaksTheRulesIsClosedWithItsCode) {
  start();
  const auto close_code = [&](const std::string& bytes) {
    Raw socket(server->port(), "/");
    socket.client.send(bytes);
    return socket.close_code();
  };
  EXPECT_EQ(close_code(Raw::frame(Raw::text, "unmasked", true, false)), 1002);
  EXPECT_EQ(echo.closed.wait(), CloseCode::protocol_error);
  EXPECT_EQ(close_code(Raw::frame(Raw::more, "of nothing")), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::text, "one", false) + Raw::frame(Raw::text, "two")), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::Opcode(3), "unknown")), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::Opcode(0x41), "reserved bit")), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::ping, std::string(126, 'a'))), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::ping, "in pieces", false)), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::close, "1")), 1002);
  EXPECT_EQ(close_code(Raw::frame(Raw::close, Raw::code(1005))), 1002);
}
TEST_F(WebSockets, ATextThatIsNotUtf8IsClosedWithItsCode) {
  start();
  for (const std::string wrong : {"\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    Raw socket(server->port(), "/");
    socket.send(Raw::text, wrong);
    EXPECT_EQ(socket.close_code(), 1007);
    EXPECT_EQ(echo.closed.wait(), CloseCode::bad_text);
  }
}
TEST_F(WebSockets, AMessageThatIsTooLargeIsClosedWithItsCode) {
  start();
  Raw whole(server->port(), "/"), pieces(server->port(), "/");
  whole.client.send(Raw::frame(Raw::binary, std::string(100'001, 'a')).substr(0, 20));  // its length is enough
  EXPECT_EQ(whole.close_code(), 1009);
  EXPECT_EQ(echo.closed.wait(), CloseCode::too_large);
  pieces.send(Raw::binary, std::string(60'000, 'a'), false);
  pieces.send(Raw::more, std::string(60'000, 'a'), false);
  EXPECT_EQ(pieces.close_code(), 1009);
}
TEST_F(WebSockets, AClientsCloseIsAnsweredAndTold) {
  start();
  Raw socket(server->port(), "/");
  socket.send(Raw::text, "last");
  socket.send(Raw::close, Raw::code(4321) + "enough");
  EXPECT_EQ(socket.close_code(Raw::text), 4321);
  EXPECT_FALSE(socket.receive());
  EXPECT_EQ(echo.closed.wait(), static_cast<CloseCode>(4321));
  Raw silent(server->port(), "/");
  silent.send(Raw::close, "");
  const auto answer = silent.receive();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->opcode, Raw::close);
  EXPECT_EQ(echo.closed.wait(), CloseCode::none);
}
TEST_F(WebSockets, TheBoxClosesBehindWhatItSent) {
  start();
  Raw client(server->port(), "/");
  const auto socket = echo.sockets.wait();
  ASSERT_TRUE(socket);
  EXPECT_TRUE(socket->send_text("last"));
  socket->close(CloseCode::not_allowed, "no longer");
  socket->close(CloseCode::normal, "too late");
  EXPECT_TRUE(socket->closed());
  EXPECT_FALSE(socket->send_text("too late"));
  EXPECT_EQ(client.receive()->payload, "last");
  const auto closing = client.receive();
  ASSERT_TRUE(closing);
  EXPECT_EQ(closing->payload, Raw::code(1008) + "no longer");
  client.send(Raw::close, Raw::code(1008));
  EXPECT_FALSE(client.receive());
  EXPECT_EQ(echo.closed.wait(), CloseCode::not_allowed);
}
TEST_F(WebSockets, AClientThatDoesNotAnswerACloseIsCut) {
  Options options;
  options.limits.handshake_ms = 50;
  start(options);
  Raw client(server->port(), "/");
  echo.sockets.wait()->close(CloseCode::normal, "");
  EXPECT_EQ(client.close_code(), 1000);
  EXPECT_FALSE(client.receive());
  EXPECT_EQ(echo.closed.wait(), CloseCode::broken);
}
TEST_F(WebSockets, AClientThatLeavesIsNoticedAtOnce) {
  start();
  for (const bool reset : {false, true}) {
    Raw client(server->port(), "/");
    const auto socket = echo.sockets.wait();
    ASSERT_TRUE(socket);
    if (reset) client.client.vanish();
    client.client.close();
    EXPECT_EQ(echo.closed.wait(), CloseCode::broken);
    EXPECT_TRUE(socket->closed());
    EXPECT_FALSE(socket->send_text("x"));
  }
}
TEST_F(WebSockets, ASilentClientIsAskedWhetherItLives) {
  Options options;
  options.limits.idle_ms = 200;
  start(options);
  Raw socket(server->port(), "/");
  for (int i = 0; i < 5; ++i) {
    const auto question = socket.receive();
    ASSERT_TRUE(question);
    EXPECT_EQ(question->opcode, Raw::ping);
    socket.send(Raw::pong, question->payload);
  }
  socket.send(Raw::text, "alive");
  auto echoed = socket.receive();
  while (echoed && echoed->opcode == Raw::ping) echoed = socket.receive();
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->payload, "alive");
}
TEST_F(WebSockets, ASilentClientThatDoesNotAnswerIsCut) {
  Options options;
  options.limits.idle_ms = 50;
  start(options);
  Raw socket(server->port(), "/");
  EXPECT_EQ(socket.receive()->opcode, Raw::ping);
  EXPECT_FALSE(socket.receive());
  EXPECT_EQ(echo.closed.wait(), CloseCode::broken);
}
TEST_F(WebSockets, AReaderThatLetsTooMuchPileUpIsCut) {
  start();
  Raw client(server->port(), "/");
  const auto socket = echo.sockets.wait();
  ASSERT_TRUE(socket);
  bool sent = true;
  for (int i = 0; i < 100'000 && sent; ++i) sent = socket->send_binary(std::string(1000, 'a'));
  EXPECT_FALSE(sent);
  EXPECT_EQ(echo.closed.wait(), CloseCode::broken);
}
TEST_F(WebSockets, AReaderThatTakesNothingIsCut) {
  Options options;
  options.limits.write_ms = 100;
  options.limits.stream_bytes = 100 << 20;
  start(options);
  Raw client(server->port(), "/");
  const auto socket = echo.sockets.wait();
  ASSERT_TRUE(socket);
  EXPECT_TRUE(socket->send_binary(std::string(50 << 20, 'a')));
  EXPECT_GT(socket->buffered(), 0u);
  EXPECT_EQ(echo.closed.wait(), CloseCode::broken);
  EXPECT_EQ(socket->buffered(), 0u);
}
TEST_F(WebSockets, WhoSendsMayWaitUntilAllIsTaken) {
  start();
  Raw client(server->port(), "/");
  const auto socket = echo.sockets.wait();
  ASSERT_TRUE(socket);
  for (int i = 0; i < 100; ++i) {
    Awaited<bool> drained;
    EXPECT_TRUE(socket->send_binary(std::string(500'000, 'a')));
    socket->on_drained([&] { drained.give(true); });
    EXPECT_EQ(client.receive()->payload.size(), 500'000u);
    ASSERT_TRUE(drained.wait());
  }
  EXPECT_EQ(socket->buffered(), 0u);
}
TEST_F(WebSockets, StoppingClosesThemAndSaysSo) {
  start();
  Raw client(server->port(), "/");
  std::thread stopping([&] { server->stop(20s); });
  EXPECT_EQ(client.close_code(), 1001);
  client.send(Raw::close, Raw::code(1001));
  EXPECT_FALSE(client.receive());
  client.client.close();
  stopping.join();
  EXPECT_EQ(echo.closed.wait(), CloseCode::leaving);
  EXPECT_EQ(server->statistics().open, 0u);
}
TEST_F(WebSockets, StoppingWaitsForNoClientThatStaysSilent) {
  start();
  const Raw client(server->port(), "/");
  server->stop(10ms);
  EXPECT_EQ(server->statistics().open, 0u);
}
TEST_F(WebSockets, TheyCountAsConnectionsOfTheirAddress) {
  Options options;
  options.limits.connections_of_address = 1;
  start(options);
  const Raw socket(server->port(), "/");
  RawClient second(server->port());
  EXPECT_EQ(second.wait_for_end(), "");
  EXPECT_EQ(server->statistics().refused, 1u);
}
TEST_F(WebSockets, TheAccessRecordIsOfTheWholeConversation) {
  start();
  Raw socket(server->port(), "/seen");
  socket.send(Raw::text, "abc");
  EXPECT_EQ(socket.receive()->payload, "abc");
  socket.send(Raw::close, Raw::code(1000));
  EXPECT_EQ(socket.close_code(), 1000);
  const auto record = echo.records.wait();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->path, "/seen");
  EXPECT_EQ(record->status, 101);
  EXPECT_EQ(record->bytes_in, Raw::frame(Raw::text, "abc").size() + Raw::frame(Raw::close, Raw::code(1000)).size());
  EXPECT_FALSE(record->cut);
}
TEST_F(WebSockets, TheySpeakTls) {
  const TestTls tls;
  start(tls.options());
  Raw socket(server->port(), "/", "", tls.authority.certificate_pem);
  for (const std::size_t size : {0u, 5u, 16'384u, 100'000u}) {
    socket.send(Raw::binary, std::string(size, 'a'));
    const auto echoed = socket.receive();
    ASSERT_TRUE(echoed) << size;
    EXPECT_EQ(echoed->payload.size(), size);
  }
  socket.send(Raw::close, Raw::code(1000));
  EXPECT_EQ(socket.close_code(), 1000);
  EXPECT_FALSE(socket.receive());
}

}  // namespace
}  // namespace cofre::http
