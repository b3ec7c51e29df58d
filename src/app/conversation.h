#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/command.h"
#include "app/model_options.h"
#include "fleet/catalogue.h"
#include "json/json.h"
#include "serving/chat.h"
#include "serving/text_model.h"

namespace cofre::app {

/// What decides how an answer is written; each may be given, else the model's maker's advice holds, else a default.
struct AnswerOptions {
  std::optional<double> temperature, top_p, min_p, typical_p, repetition_penalty, presence_penalty, frequency_penalty;
  std::optional<std::int64_t> top_k, seed, max_tokens;

  void declare(Options& options);
  /// `random_seed` serves where no seed was given.
  engine::SamplingParams sampling(const std::optional<fleet::Model>& row, std::uint64_t random_seed) const;
};

/// A model that answers in this terminal, and what was said so far.
class Conversation {
 public:
  struct Setup {
    std::size_t context = 0;
    std::uint64_t kv_bytes = 0;
    kernels::KvFormat kv_format = kernels::KvFormat::f16;
    bool stats = false;
  };
  Conversation(std::unique_ptr<serving::Loaded> loaded, std::optional<fleet::Model> row, const Setup& setup);

  AnswerOptions answer;
  std::string system;

  /// Throws Error where the model has no chat template.
  void require_template();
  /// Prints the answer as it is written. It joins the history, also where Ctrl-C cut it short: then false.
  /// Throws Error where the model has no template or the conversation no longer fits.
  bool ask(std::string_view question);
  /// Continues a text, without template or history. False where Ctrl-C cut it short.
  bool continue_text(std::string_view text);

  void clear() { messages_.clear(); }
  /// The conversation as {"messages": […]}.
  std::string as_json() const;
  std::size_t turns() const { return messages_.size(); }
  std::size_t context() const { return model_.context(); }

 private:
  struct Answer {
    std::string text;
    bool whole = true;
  };
  Answer generate(std::vector<engine::TokenId> prompt);
  void print_stats(const serving::TextStats& stats);

  std::unique_ptr<serving::Loaded> loaded_;
  std::optional<fleet::Model> row_;
  bool stats_;
  serving::TextModel model_;
  std::optional<serving::ChatFormat> format_;
  json::Array messages_;
};

/// Reads questions from the terminal until Ctrl-D.
void chat(Conversation& conversation, std::string_view name);

}  // namespace cofre::app
