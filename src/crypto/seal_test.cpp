#include "crypto/seal.h"

#include <string_view>

#include <gtest/gtest.h>

#include "base/thrown.h"

namespace cofre::crypto {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Seal, PiecesOpenInTheirOrderAndTheLastIsKnown) {
  const auto key = Secret::random();
  Sealer sealer(key);
  const auto first = sealer.seal(bytes_of("first"), false), empty = sealer.seal({}, true);
  Opener opener(key, sealer.head());
  const auto opened = opener.open(first);
  EXPECT_EQ(text_of(opened.bytes), "first");
  EXPECT_FALSE(opened.is_last);
  const auto last = opener.open(empty);
  EXPECT_TRUE(last.bytes.empty());
  EXPECT_TRUE(last.is_last);
}

TEST(Seal, WhatWasChangedMovedOrSealedUnderAnotherKeyDoesNotOpen) {
  const auto key = Secret::random();
  Sealer sealer(key);
  auto first = sealer.seal(bytes_of("first"), false);
  const auto second = sealer.seal(bytes_of("second"), true);
  EXPECT_EQ(code_of([&] { Opener(key, sealer.head()).open(second); }), Code::invalid);
  EXPECT_EQ(code_of([&] { Opener(Secret::random(), sealer.head()).open(first); }), Code::invalid);
  EXPECT_EQ(code_of([&] { Opener(key, bytes_of("short")); }), Code::invalid);
  EXPECT_EQ(code_of([&] { Opener(key, sealer.head()).open(bytes_of("short")); }), Code::invalid);
  first[2] ^= std::byte{1};
  EXPECT_EQ(code_of([&] { Opener(key, sealer.head()).open(first); }), Code::invalid);
}

}  // namespace
}  // namespace cofre::crypto
