// Remote engines against small servers of this test: a thread each, canned answers.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "fleet/fleet.h"
#include "os/disk.h"
#include "os/paths.h"
#include "os/spawn.h"

namespace cofre::fleet {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
constexpr std::string_view token = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
constexpr std::string_view finish =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Answers every connection with the same bytes; where `hold` is set it then waits until the client leaves.
class Server {
 public:
  explicit Server(std::string answer, bool hold = false) : answer_(std::move(answer)), hold_(hold) {
    listener_ = os::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    for (auto& one : clients_) one.join();
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }
  int requests() const { return requests_.load(); }
  int left() const { return left_.load(); }
  std::string last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void serve() {
    for (;;) {
      const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      clients_.emplace_back([this, client] { answer(os::Descriptor(client)); });
    }
  }
  void answer(const os::Descriptor& client) {
    std::string request;
    char piece[4096];
    const auto whole = [&] {
      const auto end = request.find("\r\n\r\n");
      const auto length = request.find("Content-Length: ");
      return end != request.npos && length != request.npos &&
             request.size() >= end + 4 + std::stoul(request.substr(length + 16));
    };
    while (!whole()) {
      const auto got = ::recv(client.get(), piece, sizeof piece, 0);
      if (got <= 0) return;
      request.append(piece, static_cast<std::size_t>(got));
    }
    const bool is_probe = request.find("\"max_tokens\":1,") != request.npos;
    if (!is_probe) {
      const std::lock_guard lock(mutex_);
      last_ = request;
      ++requests_;
    }
    ::send(client.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    while (hold_ && !stopping_) {
      pollfd waiting{client.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) break;
    }
    if (hold_ && !is_probe) ++left_;
  }

  std::string answer_;
  bool hold_;
  std::uint16_t port_ = 0;
  os::Descriptor listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> requests_{0}, left_{0};
  std::mutex mutex_;
  std::string last_;
  std::vector<std::thread> clients_;
  std::thread thread_;
};

std::string whole_answer() { return fmt::format("{}{}{}", head, token, finish); }

protocol::Request question() {
  protocol::Request request;
  request.model = "far";
  protocol::Chat chat;
  chat.messages.push_back(json::Object{{"role", "user"}, {"content", "hello"}});
  request.task = chat;
  request.max_tokens = 5;
  return request;
}

class Remote : public testing::Test {
 protected:
  void start(std::vector<std::string> urls) {
    options.data_directory = folder.path();
    config::Engine engine;
    engine.name = "far";
    engine.urls = std::move(urls);
    engine.model = "theirs";
    engine.probe_s = 3600;
    engine.key_file = (folder.path() / "key").string();
    os::write_whole(engine.key_file, "secret\n");
    options.config.engines.push_back(engine);
    fleet = std::make_unique<Fleet>(options);
  }
  void take(protocol::Event event) {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
    ready.notify_all();
  }
  /// Waits for so many events of one request, or its last.
  std::vector<protocol::Event> ask(std::size_t count = 1000, const std::function<void()>& then = {}) {
    events.clear();
    const auto stream = fleet->submit(question(), [this](protocol::Event event) { take(std::move(event)); });
    std::unique_lock lock(mutex);
    ready.wait_for(lock, 60s,
                   [&] { return events.size() >= count || (!events.empty() && protocol::is_last(events.back())); });
    if (then) then();
    return events;
  }
  static void expect_answer(const std::vector<protocol::Event>& events) {
    ASSERT_EQ(events.size(), 4u);
    EXPECT_EQ(std::get<protocol::Text>(events[1]).text, "hi");
    EXPECT_TRUE(std::holds_alternative<protocol::Done>(events[3]));
  }
  static protocol::Failed failure(const std::vector<protocol::Event>& events) {
    const auto* failed = events.empty() ? nullptr : std::get_if<protocol::Failed>(&events.back());
    return failed != nullptr ? *failed : protocol::Failed{Code::internal, "it did not fail", {}, 0, {}};
  }
  template <class Condition>
  static bool comes(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return condition();
  }

  os::TemporaryDirectory folder{std::filesystem::temp_directory_path()};
  Fleet::Options options;
  std::mutex mutex;
  std::condition_variable ready;
  std::vector<protocol::Event> events;
  std::unique_ptr<Fleet> fleet;
};

TEST_F(Remote, AnswersComeThroughWithTheKeyAndTheModelsNameThere) {
  Server server(whole_answer());
  start({server.url()});
  expect_answer(ask());
  EXPECT_NE(server.last().find("Authorization: Bearer secret\r\n"), std::string::npos);
  EXPECT_NE(server.last().find("\"model\":\"theirs\""), std::string::npos);
  EXPECT_TRUE(server.last().starts_with("POST /v1/chat/completions "));
}

TEST_F(Remote, BeforeTheFirstTokenARequestMovesToAnotherServer) {
  std::string gone;
  { gone = Server("").url(); }
  Server broken("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  Server silent{std::string(head)};
  Server good(whole_answer());
  start({gone, broken.url(), silent.url(), good.url()});
  expect_answer(ask());
  EXPECT_EQ(good.requests(), 1);
}

TEST_F(Remote, AfterTheFirstTokenItFailsWithItsServer) {
  Server server(fmt::format("{}{}", head, token));
  Server other(fmt::format("{}{}", head, token));
  start({server.url(), other.url()});
  const auto got = ask();
  EXPECT_EQ(failure(got).code, Code::unavailable);
  EXPECT_EQ(server.requests() + other.requests(), 1);
}

TEST_F(Remote, WhatTheServerRefusesIsToldWithItsField) {
  const std::string body = R"({"error":{"message":"too long","param":"messages"}})";
  Server server(
      fmt::format("HTTP/1.1 400 Bad\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.size(), body));
  start({server.url()});
  const auto failed = failure(ask());
  EXPECT_EQ(failed.code, Code::invalid);
  EXPECT_EQ(failed.field, "messages");
}

TEST_F(Remote, WithoutAnyServerARequestFails) {
  std::string gone;
  { gone = Server("").url(); }
  start({gone});
  EXPECT_EQ(failure(ask()).code, Code::unavailable);
  EXPECT_TRUE(comes([&] { return !fleet->health().ok; }));
}

TEST_F(Remote, TheServerWithTheFewestRequestsIsAsked) {
  Server first(fmt::format("{}{}", head, token), true), second(fmt::format("{}{}", head, token), true);
  start({first.url(), second.url()});
  std::vector<Stream> streams;
  for (int i = 0; i < 6; ++i) streams.push_back(fleet->submit(question(), [](protocol::Event) {}));
  EXPECT_TRUE(comes([&] { return first.requests() == 3 && second.requests() == 3; }));
}

TEST_F(Remote, AClientThatLeavesClosesTheConnection) {
  Server server(fmt::format("{}{}", head, token), true);
  start({server.url()});
  EXPECT_GE(ask(2).size(), 2u);
  EXPECT_TRUE(comes([&] { return server.left() == 1; }));
}

TEST_F(Remote, AServerThatMakesATokenIsHealthy) {
  Server server(whole_answer());
  start({server.url()});
  EXPECT_TRUE(comes([&] { return fleet->find("far")->healthy; }));
  EXPECT_EQ(fleet->find("default")->name, "far");
}

}  // namespace
}  // namespace cofre::fleet
