#include "os/machine.h"

#include <gtest/gtest.h>

#include "os/sandbox_probe.h"

namespace cofre::os {
namespace {

TEST(Machine, HasANameAndAddressesOthersCanUse) {
  EXPECT_FALSE(host_name().empty());
  for (const auto& address : host_addresses()) {
    EXPECT_FALSE(address.starts_with("127.")) << address;
    EXPECT_NE(address, "::1");
  }
}

TEST(Machine, AProbeOfTheSandboxTellsEveryPart) {
  const auto report = probe_sandbox();
  EXPECT_GT(report.applied.size() + report.refused.size(), 3u);
}

}  // namespace
}  // namespace cofre::os
