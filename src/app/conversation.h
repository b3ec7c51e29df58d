#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/command.h"
#include "app/model_options.h"
#include "fleet/catalogue.h"
#include "json/json.h"
#include "protocol/request.h"
#include "serving/text_model.h"
#include "serving/text_service.h"

namespace cofre::app {

/// What decides how an answer is written; each may be given, else the model's maker's advice holds, else a default.
struct AnswerOptions {
  std::optional<double> temperature, top_p, min_p, typical_p, repetition_penalty, presence_penalty, frequency_penalty;
  std::optional<std::int64_t> top_k, seed, max_tokens;

  void declare(Options& options);
  /// What was given, as a request has it.
  void apply(protocol::Request& request) const;
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
  Conversation(std::unique_ptr<serving::Loaded> loaded, const std::optional<fleet::Model>& row, const Setup& setup);

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
    bool thought = false;  ///< thoughts came before it
  };
  /// Figures of an answer.
  struct Stats {
    protocol::Usage usage;
    std::uint64_t steps = 0;   ///< fewer than tokens where guessed ones were right
    double first_token_s = 0;  ///< from the question on
    double generate_s = 0;     ///< from the first token to the last
  };
  Answer answer_to(protocol::Request request);
  /// Prints an event; true where it is the last one.
  bool show(protocol::Event& event, Answer& out, Stats& stats);
  [[noreturn]] void refuse(const protocol::Failed& failed) const;
  void print_stats(const Stats& stats);

  std::unique_ptr<serving::Loaded> loaded_;
  bool stats_;
  serving::TextModel model_;
  serving::TextService service_;
  json::Array messages_;
};

/// Reads questions from the terminal until Ctrl-D.
void chat(Conversation& conversation, std::string_view name);

}  // namespace cofre::app
