// Files of the safetensors format, right and wrong.

#include "safetensors/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/error.h"

namespace cofre::safetensors {
namespace {

std::string file_of(const std::string& header, std::size_t data) {
  const std::uint64_t size = header.size();
  std::string file(sizeof size, '\0');
  std::memcpy(file.data(), &size, sizeof size);
  file += header;
  for (std::size_t i = 0; i < data; ++i) file += static_cast<char>(i);
  return file;
}

std::span<const std::byte> bytes_of(const std::string& file) { return std::as_bytes(std::span(file)); }

constexpr const char* two =
    R"({"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]},"__metadata__":{"format":"pt"},)"
    R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  )";

void expect_error(const std::string& header, std::size_t data, std::string_view part) {
  const auto file = file_of(header, data);
  try {
    parse(bytes_of(file));
    ADD_FAILURE() << "no error; expected one with: " << part;
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  }
}

TEST(Safetensors, AFileIsReadInTheOrderOfItsBytes) {
  const auto file = file_of(two, 12);
  const auto tensors = parse(bytes_of(file));
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].type, Type::f32);
  EXPECT_EQ(tensors[1].shape, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(tensors[1].bytes.size(), 4u);
  EXPECT_EQ(tensors[1].bytes[0], std::byte{8});
}

TEST(Safetensors, AFileCutAnywhereIsAnError) {
  const auto file = file_of(two, 12);
  for (std::size_t size = 0; size < file.size(); ++size) EXPECT_THROW(parse(bytes_of(file).first(size)), Error) << size;
}

TEST(Safetensors, AHeaderThatTheFileCannotHoldIsRefused) {
  auto file = file_of(two, 12);
  for (const std::uint64_t size : {~std::uint64_t{0}, std::uint64_t{1} << 40, std::uint64_t{file.size()}}) {
    std::memcpy(file.data(), &size, sizeof size);
    EXPECT_THROW(parse(bytes_of(file)), Error) << size;
  }
}

TEST(Safetensors, WhatIsWrongIsNamed) {
  expect_error("[]", 0, "no JSON object");
  expect_error(R"({"t":7})", 0, "tensor t is not described");
  expect_error(R"({"t":{"dtype":"Q9","shape":[1],"data_offsets":[0,1]}})", 1, "type \"Q9\"");
  expect_error(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1, "data_offsets");
  expect_error(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1, "data_offsets");
  expect_error(R"({"t":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "shape");
  expect_error(R"({"t":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}})", 1, "shape");
  expect_error(R"({"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "need 12");
  expect_error(R"({"t":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, "too large");
  expect_error(R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3, "data ends at 3");
  expect_error(R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5, "data at 5");
}

TEST(Safetensors, OverlapsAndHolesAreRefused) {
  for (const char* begin : {"3", "5"}) {
    const int first = std::stoi(begin);
    expect_error(
        R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[)" +
            std::to_string(first) + "," + std::to_string(first + 4) + "]}}",
        static_cast<std::size_t>(first) + 4, "tensor b begins at");
  }
}

class Folder : public ::testing::Test {
 protected:
  Folder() : path_(std::filesystem::temp_directory_path() / ("cofre-safetensors-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() override { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  void write_tensor(const std::string& file, const std::string& name) {
    write(file, file_of(R"({")" + name + R"(":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
  }
  void index(const std::string& map) { write("model.safetensors.index.json", R"({"weight_map":)" + map + "}"); }
  void expect_error(std::string_view part) {
    try {
      Weights::open(path_);
      ADD_FAILURE() << "no error; expected one with: " << part;
    } catch (const Error& error) {
      EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
    }
  }
  std::filesystem::path path_;
};

TEST_F(Folder, OneFileIsRead) {
  write_tensor("model.safetensors", "t");
  EXPECT_NE(Weights::open(path_).find("t"), nullptr);
  EXPECT_EQ(Weights::open(path_).find("u"), nullptr);
}

TEST_F(Folder, ShardsAreOneModel) {
  write_tensor("one.safetensors", "a");
  write_tensor("two.safetensors", "b");
  index(R"({"a":"one.safetensors","b":"two.safetensors"})");
  const auto weights = Weights::open(path_);
  EXPECT_NE(weights.find("a"), nullptr);
  EXPECT_NE(weights.find("b"), nullptr);
}

TEST_F(Folder, WhatIsMissingOrTwiceIsNamed) {
  expect_error("neither model.safetensors nor");
  write_tensor("one.safetensors", "a");
  index(R"({"a":"one.safetensors","b":"one.safetensors"})");
  expect_error("tensor b, which no file holds");
  index(R"({"a":"one.safetensors","b":"two.safetensors"})");
  expect_error("two.safetensors");
  write_tensor("two.safetensors", "a");
  expect_error("tensor a stands in two files");
  index("[]");
  expect_error("no weight_map");
}

TEST_F(Folder, AnIndexLeadsNowhereElse) {
  for (const char* file : {"../x.safetensors", "/etc/passwd", "sub/x.safetensors", ""}) {
    index(R"({"a":")" + std::string(file) + R"("})");
    expect_error("no file of this folder");
  }
}

}  // namespace
}  // namespace cofre::safetensors
