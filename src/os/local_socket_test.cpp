#include "os/local_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "os/paths.h"

namespace cofre::os {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds patience{10'000};

class LocalSockets : public testing::Test {
 protected:
  TemporaryDirectory folder_{testing::TempDir()};
  std::filesystem::path path_ = folder_.path() / "test.sock";
};

TEST_F(LocalSockets, BytesGoBothWays) {
  LocalListener listener(path_);
  auto client = LocalSocket::connect(path_);
  auto server = listener.accept();
  ASSERT_TRUE(server);
  EXPECT_EQ(server->peer_user(), ::geteuid());
  client.send("ask", patience);
  EXPECT_EQ(server->receive(patience), "ask");
  server->send("answer", patience);
  EXPECT_EQ(client.receive(patience), "answer");
  server.reset();
  EXPECT_EQ(client.receive(patience), "");
}

TEST_F(LocalSockets, ItsFileIsItsOwnersAloneAndGoesWithIt) {
  {
    LocalListener listener(path_);
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THROW(LocalSocket::connect(path_), Error);
}

TEST_F(LocalSockets, NamesMayBeLongerThanAnAddressHolds) {
  const auto folder = folder_.path() / std::string(120, 'x');
  std::filesystem::create_directory(folder);
  LocalListener listener(folder / "test.sock");
  auto client = LocalSocket::connect(folder / "test.sock");
  EXPECT_TRUE(listener.accept());
}

TEST_F(LocalSockets, PatienceEnds) {
  LocalListener listener(path_);
  auto client = LocalSocket::connect(path_);
  EXPECT_THROW(client.receive(milliseconds(1)), Error);
}

TEST_F(LocalSockets, StoppingWakesTheOneThatWaits) {
  LocalListener listener(path_);
  std::thread waiting([&] { EXPECT_FALSE(listener.accept()); });
  listener.stop();
  waiting.join();
}

}  // namespace
}  // namespace cofre::os
