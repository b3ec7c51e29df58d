#include "tokenizer/merge_table.h"

#include <bit>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"

namespace cofre::tokenizer {

MergeTable::MergeTable(const gguf::File& file, const Vocabulary& vocabulary) {
  const auto* merges = file.array("tokenizer.ggml.merges");
  if (merges == nullptr) fail_field(Code::invalid, "tokenizer.ggml.merges", "the file has no tokenizer.ggml.merges");
  if (merges->size() != merges->strings.size())
    fail_field(Code::invalid, "tokenizer.ggml.merges", "tokenizer.ggml.merges must be a list of strings");
  slots_.resize(std::bit_ceil(2 * merges->strings.size() + 16));
  std::string joined;
  for (std::size_t rank = 0; rank < merges->strings.size(); ++rank) {
    const auto merge = merges->strings[rank];
    const auto gap = merge.find(' ', 1);
    if (gap == std::string_view::npos)
      fail_field(Code::invalid, "tokenizer.ggml.merges", "merge {} is not a pair: \"{}\"", rank, merge);
    const auto left = merge.substr(0, gap), right = merge.substr(gap + 1);
    joined.assign(left).append(right);
    const TokenId a = vocabulary.find(left), b = vocabulary.find(right), both = vocabulary.find(joined);
    if (a < 0 || b < 0 || both < 0)
      fail_field(Code::invalid, "tokenizer.ggml.merges",
                 "merge {} (\"{}\") names a piece that is not in the vocabulary", rank, merge);
    add(a, b, static_cast<std::uint32_t>(rank), both);
  }
}

}  // namespace cofre::tokenizer
