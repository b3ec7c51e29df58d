// Rows turned into the formats of files, and back.

#include "kernels/quantize_row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace cofre::kernels {
namespace {

constexpr std::size_t inputs = 256;

std::vector<float> random_row() {
  std::mt19937 source(3);
  std::normal_distribution<float> normal;
  std::vector<float> row(inputs);
  for (float& value : row) value = normal(source);
  return row;
}

/// Root of the mean square of what a format loses, as a share of the row's own.
double loss(Format format, const std::vector<float>& row) {
  std::vector<std::byte> bytes(row_bytes(format, inputs));
  EXPECT_TRUE(quantize_row(format, row.data(), inputs, bytes.data()));
  std::vector<float> back(inputs);
  dequantize_row(format, bytes.data(), inputs, back.data());
  double lost = 0, all = 0;
  for (std::size_t i = 0; i < inputs; ++i) {
    lost += std::pow(back[i] - row[i], 2.0);
    all += std::pow(row[i], 2.0);
  }
  return std::sqrt(lost / all);
}

TEST(QuantizeRow, EachFormatLosesWhatItsBitsAllow) {
  const auto row = random_row();
  EXPECT_EQ(loss(Format::f32, row), 0);
  EXPECT_LT(loss(Format::f16, row), 5e-4);
  EXPECT_LT(loss(Format::bf16, row), 4e-3);
  EXPECT_LT(loss(Format::q8_0, row), 8e-3);
  EXPECT_LT(loss(Format::q4_0, row), 0.12);
  EXPECT_GT(loss(Format::q4_0, row), 0.02);
}

TEST(QuantizeRow, ARowOfZerosAndOneOfTinyValuesStayNearZero) {
  for (const float value : {0.0f, 1e-42f}) {
    const std::vector<float> row(inputs, value);
    for (const auto format : {Format::q8_0, Format::q4_0}) {
      std::vector<std::byte> bytes(row_bytes(format, inputs));
      ASSERT_TRUE(quantize_row(format, row.data(), inputs, bytes.data()));
      std::vector<float> back(inputs);
      dequantize_row(format, bytes.data(), inputs, back.data());
      for (const float one : back) EXPECT_LT(std::fabs(one), 1e-30f);
    }
  }
}

TEST(QuantizeRow, WhatIsNotFiniteOrTooLargeIsTold) {
  for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e30f}) {
    auto row = random_row();
    row[70] = value;
    for (const auto format : {Format::f16, Format::q8_0, Format::q4_0}) {
      std::vector<std::byte> bytes(row_bytes(format, inputs));
      EXPECT_FALSE(quantize_row(format, row.data(), inputs, bytes.data()));
    }
  }
}

}  // namespace
}  // namespace cofre::kernels
