#pragma once

#include <memory>
#include <optional>

#include "serving/service.h"
#include "serving/text_model.h"

namespace cofre::serving {

/// What a model's maker advises for sampling; holds where a request says nothing.
struct Advice {
  std::optional<double> temperature, top_p, min_p, repetition_penalty;
  std::optional<std::int64_t> top_k;
};

/// One text model that answers requests of many callers at once: conversations, texts to continue, tokenizations.
///
/// Prompts are made, and answers read (reasoning, tool calls, stop strings), on threads of its own: the engine's thread
/// only computes.
class TextService : public ModelService {
 public:
  struct Options {
    Advice advice;
    unsigned prompt_threads = 2;  ///< make prompts: templates, tokens, grammars
  };
  /// `model` must outlive it; answers may outlive it and are then told nothing more.
  TextService(TextModel& model, const Options& options);
  ~TextService() override;

  [[nodiscard]] Answer start(protocol::Request request, EventSink sink) override;
  /// One token after one token.
  protocol::Request probe() const override;
  engine::Engine::Load load() const override;

  const TextModel& model() const;
  /// Whether it answers conversations: it has a chat template.
  bool chats() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cofre::serving
