#include "os/signals.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace cofre::os {
namespace {

using std::chrono::milliseconds;

TEST(SignalQueue, SignalsAreTakenInsteadOfActing) {
  SignalQueue queue{SIGTERM, SIGHUP};
  SignalQueue::post(SIGHUP);
  EXPECT_EQ(queue.wait(milliseconds(5000)), SIGHUP);
  std::thread other([] { SignalQueue::post(SIGTERM); });
  EXPECT_EQ(queue.wait(milliseconds(5000)), SIGTERM);
  other.join();
  EXPECT_EQ(queue.wait(milliseconds(0)), std::nullopt);
}

TEST(SignalQueue, WhatNobodyTookIsDropped) {
  {
    SignalQueue queue{SIGTERM};
    SignalQueue::post(SIGTERM);
  }
  SUCCEED();  // and this process lives
}

}  // namespace
}  // namespace cofre::os
