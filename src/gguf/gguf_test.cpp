#include "gguf/gguf.h"

#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/writer.h"

namespace cofre::gguf {
namespace {

using Bytes = std::vector<std::byte>;

Bytes floats(std::size_t count) { return Bytes(count * 4, std::byte{1}); }

/// A small whole file: every kind of value the writer knows, two tensors.
Bytes small_file() {
  Writer writer;
  writer.add("general.architecture", "llama");
  writer.add("llama.block_count", std::uint32_t{2});
  writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writer.add("tokenizer.ggml.add_bos_token", true);
  const std::vector<std::string> tokens{"a", "b", ""};
  writer.add("tokenizer.ggml.tokens", tokens);
  const std::vector<float> scores{0, -1, 2};
  writer.add("tokenizer.ggml.scores", scores);
  const std::uint64_t matrix[] = {8, 4}, vector[] = {5};
  writer.add_tensor("m", Type::f32, matrix, floats(32));
  writer.add_tensor("v", Type::f32, vector, floats(5));
  return writer.finish();
}

void expect_error(const Bytes& bytes, std::string_view part) {
  try {
    File::parse(bytes);
    ADD_FAILURE() << "no error; expected one with: " << part;
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos) << error.what();
  }
}

template <class T>
void put(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// Position just behind a text that stands in the file.
std::size_t behind(const Bytes& bytes, std::string_view text) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto at = all.rfind(text);
  EXPECT_NE(at, std::string_view::npos);
  return at + text.size();
}

TEST(Gguf, AWholeFileIsRead) {
  const auto bytes = small_file();
  const auto file = File::parse(bytes);
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(file.string("general.architecture"), "llama");
  EXPECT_EQ(file.unsigned_number("llama.block_count"), 2u);
  EXPECT_FLOAT_EQ(static_cast<float>(*file.real("llama.attention.layer_norm_rms_epsilon")), 1e-5f);
  EXPECT_EQ(file.boolean("tokenizer.ggml.add_bos_token"), true);
  EXPECT_EQ(file.array("tokenizer.ggml.tokens")->strings[1], "b");
  ASSERT_NE(file.find_tensor("v"), nullptr);
  EXPECT_EQ(file.find_tensor("v")->bytes.size(), 20u);
  EXPECT_EQ(file.find_tensor("w"), nullptr);
}

TEST(Gguf, AFileCutAnywhereBeforeItsDataEndsIsAnError) {
  const auto bytes = small_file();
  const std::size_t end = behind(bytes, std::string_view("\1\1\1\1", 4));
  for (std::size_t size = 0; size < end; ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(File::parse(cut), Error) << size;
  }
}

TEST(Gguf, AnotherMagicIsRefused) {
  auto bytes = small_file();
  bytes[0] = std::byte{'X'};
  expect_error(bytes, "not a GGUF file");
}

TEST(Gguf, VersionsOtherThanTwoAndThreeAreRefused) {
  auto bytes = small_file();
  put(bytes, 4, std::uint32_t{1});
  expect_error(bytes, "version 1");
  put(bytes, 4, std::uint32_t{0x03000000});
  expect_error(bytes, "big-endian");
}

TEST(Gguf, ATensorCountThatTheFileCannotHoldIsRefused) {
  auto bytes = small_file();
  put(bytes, 8, ~std::uint64_t{0});
  expect_error(bytes, "number of tensors");
}

TEST(Gguf, APairCountThatTheFileCannotHoldIsRefused) {
  auto bytes = small_file();
  put(bytes, 16, std::uint64_t{1} << 62);
  expect_error(bytes, "number of metadata pairs");
}

TEST(Gguf, AnArrayThatClaimsTooMuchIsRefused) {
  auto bytes = small_file();
  put(bytes, behind(bytes, "tokenizer.ggml.tokens") + 8, std::uint64_t{1} << 60);
  expect_error(bytes, "tokenizer.ggml.tokens");
}

TEST(Gguf, AnArrayOfArraysIsRefused) {
  auto bytes = small_file();
  put(bytes, behind(bytes, "tokenizer.ggml.tokens") + 4, std::uint32_t{9});
  expect_error(bytes, "arrays of arrays");
}

TEST(Gguf, AnUnknownValueTypeIsRefused) {
  auto bytes = small_file();
  put(bytes, behind(bytes, "llama.block_count"), std::uint32_t{77});
  expect_error(bytes, "llama.block_count");
}

// Behind a tensor's name stand: u32 dimensions, u64 each, u32 type, u64 offset.
std::size_t tensor_info(const Bytes& bytes, std::string_view name) {
  std::string key(8, '\0');
  key[0] = static_cast<char>(name.size());
  return behind(bytes, key + std::string(name));
}

TEST(Gguf, ADimensionOfTwoToThe63IsRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 4, std::uint64_t{1} << 63);
  expect_error(bytes, "tensor v: dimension 0");
}

TEST(Gguf, ADimensionOfZeroIsRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 4, std::uint64_t{0});
  expect_error(bytes, "tensor v: dimension 0");
}

TEST(Gguf, FiveDimensionsAreRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v"), std::uint32_t{5});
  expect_error(bytes, "5 dimensions");
}

TEST(Gguf, AnUnknownElementTypeIsRefusedByNumber) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 12, std::uint32_t{16});
  expect_error(bytes, "element type 16");
}

TEST(Gguf, RowsThatDoNotFillBlocksAreRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 12, static_cast<std::uint32_t>(Type::q4_k));
  expect_error(bytes, "tensor v: rows of 5");
}

TEST(Gguf, AnOffsetBehindTheFileIsRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 16, std::uint64_t{1} << 40);
  expect_error(bytes, "tensor v needs 20 bytes");
}

TEST(Gguf, AnOffsetThatOverflowsIsRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 16, ~std::uint64_t{31});
  expect_error(bytes, "tensor v needs");
}

TEST(Gguf, AnUnalignedOffsetIsRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 16, std::uint64_t{4});
  expect_error(bytes, "no multiple of 32");
}

TEST(Gguf, OverlappingTensorsAreRefused) {
  auto bytes = small_file();
  put(bytes, tensor_info(bytes, "v") + 16, std::uint64_t{96});
  expect_error(bytes, "overlap");
}

TEST(Gguf, ATensorThatStandsTwiceIsRefused) {
  Writer writer;
  const std::uint64_t shape[] = {2};
  writer.add_tensor("t", Type::f32, shape, floats(2));
  writer.add_tensor("t", Type::f32, shape, floats(2));
  expect_error(writer.finish(), "stands twice");
}

TEST(Gguf, AKeyThatStandsTwiceIsRefused) {
  Writer writer;
  writer.add("k", std::uint32_t{1});
  writer.add("k", std::uint32_t{2});
  expect_error(writer.finish(), "k stands twice");
}

TEST(Gguf, AnAlignmentThatIsNoPowerOfTwoIsRefused) {
  Writer writer;
  writer.add("general.alignment", std::uint32_t{48});
  expect_error(writer.finish(), "general.alignment");
}

TEST(Gguf, AValueOfTheWrongTypeNamesItsKey) {
  const auto bytes = small_file();
  const auto file = File::parse(bytes);
  EXPECT_THROW(file.unsigned_number("general.architecture"), Error);
  EXPECT_THROW(file.string("llama.block_count"), Error);
  EXPECT_THROW(file.array("llama.block_count"), Error);
  EXPECT_EQ(file.string("absent"), std::nullopt);
}

class OnDisk : public ::testing::Test {
 protected:
  OnDisk() : folder_(std::filesystem::temp_directory_path() / ("cofre-gguf-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~OnDisk() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, const Bytes& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

Bytes part(std::string_view tensor) {
  Writer writer;
  writer.add("general.architecture", "llama");
  const std::uint64_t shape[] = {2};
  writer.add_tensor(tensor, Type::f32, shape, floats(2));
  return writer.finish();
}

TEST_F(OnDisk, SplitFilesAreOneModel) {
  const auto first = write("m-00001-of-00002.gguf", part("a"));
  write("m-00002-of-00002.gguf", part("b"));
  const auto file = File::open(first);
  EXPECT_NE(file.find_tensor("a"), nullptr);
  EXPECT_NE(file.find_tensor("b"), nullptr);
}

TEST_F(OnDisk, AMissingSplitFileIsNamed) {
  const auto first = write("m-00001-of-00002.gguf", part("a"));
  try {
    File::open(first);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find("m-00002-of-00002.gguf"), std::string_view::npos);
  }
}

TEST_F(OnDisk, AnErrorInAFileNamesIt) {
  const auto path = write("bad.gguf", Bytes(100));
  try {
    File::open(path);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find("bad.gguf"), std::string_view::npos);
  }
}

TEST_F(OnDisk, AFolderIsNoModel) { EXPECT_THROW(File::open(folder_), Error); }
TEST_F(OnDisk, AnAbsentFileIsNotFound) {
  try {
    File::open(folder_ / "none.gguf");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
  }
}

}  // namespace
}  // namespace cofre::gguf
