#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "gguf/gguf.h"
#include "kernels/kernels.h"
#include "model/decoder.h"
#include "os/team.h"
#include "tokenizer/tokenizer.h"

namespace cofre::serving {

/// A model file opened, proved and packed: what every use of it begins with.
struct Loaded {
  struct Options {
    unsigned threads = 0;                  ///< 0: all that this process may use
    std::function<void(double)> progress;  ///< share of the weights packed
  };
  /// Throws Error naming what is wrong with the file. The tokenizer is read while the weights are packed.
  Loaded(const std::filesystem::path& path, const Options& options);

  gguf::File file;
  model::ModelSpec spec;
  const kernels::Kernels& kernels;
  os::Team team;
  tokenizer::Tokenizer tokenizer;
  model::Weights weights;
};

/// One text model at work: token ids in, tokens out, for many at once.
class TextModel {
 public:
  struct Options {
    std::size_t context = 0;     ///< tokens; 0: what the model was trained for, as far as memory holds
    std::uint64_t kv_bytes = 0;  ///< of the KV pool; 0: by memory
    std::size_t sequences = 1;   ///< most generations at once
    kernels::KvFormat kv_format = kernels::KvFormat::f16;
    std::size_t queue = 256;  ///< most generations that wait
    double step_ms = 100;     ///< what a step may take while answers are being written
  };
  /// `loaded` must outlive it.
  TextModel(Loaded& loaded, const Options& options);

  /// Adds BOS where the model wants it.
  std::vector<engine::TokenId> raw_prompt(std::string_view text) const;
  /// As engine::Engine::submit().
  engine::Generation submit(engine::Request request, engine::Sink sink) {
    return engine_.submit(std::move(request), std::move(sink));
  }

  /// Tokens that end an answer.
  const std::vector<engine::TokenId>& ends() const { return ends_; }
  engine::Engine::Load load() const { return engine_.load(); }
  std::size_t context() const { return engine_.context(); }
  std::size_t kv_bytes() const { return engine_.kv_bytes(); }
  kernels::KvFormat kv_format() const { return kv_format_; }
  const Loaded& loaded() const { return loaded_; }

 private:
  Loaded& loaded_;
  kernels::KvFormat kv_format_;
  std::vector<engine::TokenId> ends_;
  engine::Engine engine_;
};

}  // namespace cofre::serving
