#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "gguf/gguf.h"
#include "model/spec.h"

namespace cofre::model {

/// Metadata of one family: keys are "<architecture>.<name>".
class Keys {
 public:
  explicit Keys(const gguf::File& file);

  /// A whole number within [low, high]; throws Error(invalid, field) where it is absent or out of range.
  std::size_t number(const std::string& name, std::size_t low, std::size_t high) const;
  std::size_t number(const std::string& name, std::size_t low, std::size_t high, std::size_t otherwise) const;
  /// A positive finite number.
  double positive(const std::string& name) const;
  double positive(const std::string& name, double otherwise) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  const gguf::File& file() const { return file_; }
  std::string full(const std::string& name) const { return prefix_ + name; }

 private:
  const gguf::File& file_;
  std::string prefix_;
};

/// What every transformer has: layers, widths, heads, context.
ModelSpec read_widths(const Keys& keys);
/// The same with heads of keys as wide as those of queries, which may share them.
ModelSpec read_sizes(const Keys& keys);
/// How `width` leading values of a head turn, with the scaling of their frequencies; fewer where the file says so.
RopeSpec read_rope(const Keys& keys, std::size_t width);
/// What llama-like families share: sizes, heads, norms, rope with its scaling.
ModelSpec read_common(const Keys& keys);
/// Refuses a file in which more heads share a key than the attention kernels take at once.
void check_sharing(const Keys& keys, const ModelSpec& spec);
/// How many experts there are, how many a token takes, how wide they are.
ExpertSpec read_experts(const Keys& keys);
/// What the largest model of Gemma 2 and that of Gemma 3 multiply scores by: as if heads split the model's width.
float scale_of_split_width(const ModelSpec& spec);

ModelSpec read_bert(const gguf::File& file);
ModelSpec read_llama(const gguf::File& file);
ModelSpec read_qwen2(const gguf::File& file);
ModelSpec read_qwen3(const gguf::File& file);
ModelSpec read_qwen2moe(const gguf::File& file);
ModelSpec read_qwen3moe(const gguf::File& file);
ModelSpec read_gpt_oss(const gguf::File& file);
ModelSpec read_gemma2(const gguf::File& file);
ModelSpec read_gemma3(const gguf::File& file);
ModelSpec read_phi3(const gguf::File& file);
ModelSpec read_glm4(const gguf::File& file);
ModelSpec read_ernie4_5(const gguf::File& file);
ModelSpec read_hunyuan_dense(const gguf::File& file);
ModelSpec read_deepseek2(const gguf::File& file);

}  // namespace cofre::model
