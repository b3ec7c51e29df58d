#include "ldap/watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace cofre::ldap {
namespace {

std::array<int, 2> connected_pair() {
  std::array<int, 2> pair{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  return pair;
}

void close_both(const std::array<int, 2>& pair) {
  for (const int one : pair) ::close(one);
}

TEST(LdapWatch, AConnectionIsCutWhenTheTimeIsOver) {
  const auto pair = connected_pair();
  Watch watch{std::chrono::seconds(0)};
  watch.look_after(pair[0]);
  char byte = 0;
  EXPECT_EQ(::read(pair[0], &byte, 1), 0);  // would wait for ever
  EXPECT_TRUE(watch.is_late());
  close_both(pair);
}

TEST(LdapWatch, AConnectionThatIsDoneWithInTimeIsLeftAlone) {
  const auto pair = connected_pair();
  {
    Watch watch{std::chrono::seconds(1000)};
    watch.look_after(pair[0]);
    EXPECT_FALSE(watch.is_late());
  }
  char byte = 'a';
  EXPECT_EQ(::write(pair[0], &byte, 1), 1);
  EXPECT_EQ(::read(pair[1], &byte, 1), 1);
  close_both(pair);
}

}  // namespace
}  // namespace cofre::ldap
