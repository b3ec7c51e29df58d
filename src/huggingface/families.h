#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "huggingface/config.h"

namespace cofre::gguf {
class Writer;
}

namespace cofre::huggingface {

/// What becomes of a tensor on its way.
enum class Change {
  none,
  drop,
  interleave_queries,  ///< rows of each head: pairs (i, i + width/2) become neighbours, as GGUF's llama turns them
  interleave_keys,
  add_one,          ///< Gemma's norms multiply by 1 + weight
  skip_first_rows,  ///< RoBERTa's positions begin behind the padding token's number
};

/// A row of a table of names: a suffix behind "model.layers.N." or "encoder.layer.N." (or the whole name) and what it
/// is behind "blk.N." (or the whole name). Both without ".weight" and ".bias".
struct NameRow {
  std::string_view theirs, ours;
  Change change = Change::none;
};

/// A tensor that no file holds: rope's factors for each pair.
struct MadeTensor {
  std::string name;
  std::vector<float> values;
};

/// A family of models as Hugging Face writes them and as GGUF does.
struct Family {
  std::string_view architecture;           ///< general.architecture
  std::vector<std::string_view> classes;   ///< of config.json's architectures
  std::vector<std::string_view> prefixes;  ///< of names, taken away
  std::string_view layers;                 ///< "layers." or "encoder.layer."
  std::vector<NameRow> layer_names, names;
  /// Writes the keys of the family; returns tensors to add. Throws Error naming the member of config.json at fault.
  std::vector<MadeTensor> (*write_keys)(const Config& config, gguf::Writer& writer, std::vector<std::string>& notes);
};

/// The family of a model. Throws Error(unsupported) naming the class where there is none.
const Family& family_of(const Config& config);

// Parts of write_keys (families_keys.cpp).
std::vector<MadeTensor> write_llama(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_qwen2(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_qwen3(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_gemma3(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_glm4(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_phi3(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_bert(const Config&, gguf::Writer&, std::vector<std::string>& notes);
std::vector<MadeTensor> write_xlm_roberta(const Config&, gguf::Writer&, std::vector<std::string>& notes);

}  // namespace cofre::huggingface
