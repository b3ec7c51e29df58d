#include "serving/text_service.h"

#include "serving/job.h"

namespace cofre::serving {

struct TextService::Parts {
  Parts(TextModel& model, const Options& options) : shared(model, options.advice), prompts(options.prompt_threads) {}
  Shared shared;
  Tasks prompts;
};

TextService::TextService(TextModel& model, const Options& options) : parts_(std::make_unique<Parts>(model, options)) {}

TextService::~TextService() {
  parts_->prompts.stop();
  parts_->shared.writer->stop();
}

Answer TextService::start(protocol::Request request, EventSink sink) {
  auto job = std::make_shared<Job>(parts_->shared, std::move(request), std::move(sink));
  parts_->prompts.post([job] { job->prepare(); });
  return Answer(std::move(job));
}

protocol::Request TextService::probe() const {
  protocol::Request request;
  request.task = protocol::Completion{std::vector<std::int32_t>{model().loaded().tokenizer.bos().value_or(0)},
                                      std::nullopt, false};
  request.sampling.temperature = 0;
  request.max_tokens = 1;
  request.cache_prompt = false;
  return request;
}

engine::Engine::Load TextService::load() const { return model().load(); }

bool TextService::chats() const { return parts_->shared.idiom.chat.has_value(); }

const TextModel& TextService::model() const { return parts_->shared.model; }

}  // namespace cofre::serving
