#pragma once

#include <chrono>
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
    unsigned threads = 0;                          ///< 0: all that this process may use
    std::function<void(double)> progress;          ///< share of the weights packed
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

/// What a text generation tells while it runs.
struct TextEvent {
  std::string text;                         ///< whole UTF-8
  std::optional<engine::Finish> finish;     ///< on the last event
  std::string error;
};

/// Figures of a finished generation.
struct TextStats {
  std::size_t prompt_tokens = 0, cached_tokens = 0, generated_tokens = 0;
  std::size_t steps = 0;      ///< fewer than tokens where guessed ones were right
  double first_token_s = 0;   ///< from submission
  double generate_s = 0;      ///< from the first token to the last
};

/// A generation whose tokens come as text. Dropping it cancels.
class TextGeneration {
 public:
  TextGeneration(engine::Generation generation, const tokenizer::Tokenizer& tokenizer, std::size_t prompt_tokens);
  /// Waits for more text. After the event with `finish` there is no other.
  TextEvent next();
  /// The same, but waits no longer than this; nothing where no text came.
  std::optional<TextEvent> next(std::chrono::milliseconds wait);
  const TextStats& stats() const { return stats_; }

 private:
  TextEvent take(engine::Event event);
  engine::Generation generation_;
  const tokenizer::Tokenizer& tokenizer_;
  tokenizer::StreamDecoder decoder_;
  TextStats stats_;
  std::chrono::steady_clock::time_point begin_, first_;
};

/// One text model at work: prompts as text or token ids in, text out.
class TextModel {
 public:
  struct Options {
    std::size_t context = 0;       ///< tokens; 0: what the model was trained for, as far as memory holds
    std::uint64_t kv_bytes = 0;    ///< of the KV pool; 0: by memory
    std::size_t sequences = 1;     ///< most generations at once
    kernels::KvFormat kv_format = kernels::KvFormat::f16;
    std::size_t queue = 256;       ///< most generations that wait
    double step_ms = 100;          ///< what a step may take while answers are being written
  };
  /// `loaded` must outlive it.
  TextModel(Loaded& loaded, const Options& options);

  /// Adds BOS where the model wants it.
  std::vector<engine::TokenId> raw_prompt(std::string_view text) const;
  /// Ends of generation are filled in. Throws Error(invalid, field) for parameters out of range.
  TextGeneration generate(engine::Request request);
  /// The same, told to a sink; the request's own ends alone hold.
  engine::Generation submit(engine::Request request, engine::Sink sink) { return engine_.submit(std::move(request), std::move(sink)); }

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
