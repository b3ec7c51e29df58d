// A remote engine that is a real one: llama-server, where $COFRE_PEER names the program.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>

#include "fleet/fleet.h"
#include "fleet/resolve.h"
#include "os/paths.h"
#include "os/spawn.h"

namespace cofre::fleet {
namespace {

using namespace std::chrono_literals;

/// A port that was free a moment ago.
int free_port() {
  const os::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

TEST(Peer, LlamaServerAnswersUnderANameOfThisBox) {
  const auto program = os::environment("COFRE_PEER");
  if (!program) GTEST_SKIP() << "COFRE_PEER names no llama-server";
  std::filesystem::path model;
  try {
    model = resolve(Models::open(), "smollm2-135m").file;
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const int port = free_port();
  const os::Child server(os::spawn(
      {*program, "server", "-m", model.string(), "--host", "127.0.0.1", "--port", std::to_string(port)}, {}, {}));

  os::TemporaryDirectory folder{std::filesystem::temp_directory_path()};
  Fleet::Options options;
  options.data_directory = folder.path();
  config::Engine engine;
  engine.name = "far";
  engine.urls = {fmt::format("http://127.0.0.1:{}/v1", port)};
  options.config.engines.push_back(engine);
  Fleet fleet(options);
  const auto end = std::chrono::steady_clock::now() + 100s;
  while (!fleet.find("far")->healthy && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  ASSERT_TRUE(fleet.find("far")->healthy) << fleet.find("far")->reason;

  protocol::Request request;
  request.model = "far";
  protocol::Chat chat;
  chat.messages.push_back(json::Object{{"role", "user"}, {"content", "What is the capital of France?"}});
  request.task = chat;
  request.sampling.temperature = 0;
  request.max_tokens = 16;
  request.ignore_eos = true;
  std::string text;
  std::promise<protocol::Event> last;
  const auto stream = fleet.submit(request, [&](protocol::Event event) {
    if (const auto* piece = std::get_if<protocol::Text>(&event)) text += piece->text;
    if (protocol::is_last(event)) last.set_value(std::move(event));
  });
  const auto event = last.get_future().get();
  ASSERT_TRUE(std::holds_alternative<protocol::Done>(event)) << std::get<protocol::Failed>(event).message;
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(std::get<protocol::Done>(event).usage.completion_tokens, 16u);
  EXPECT_GT(std::get<protocol::Done>(event).usage.prompt_tokens, 5u);
}

}  // namespace
}  // namespace cofre::fleet
