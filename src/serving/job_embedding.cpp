#include "serving/inputs.h"
#include "serving/job.h"

namespace cofre::serving {
namespace {

/// Most inputs of one request that are read at a time: others have their turn.
constexpr std::size_t inputs_at_once = 8;

}  // namespace

void Job::start_embedding(const protocol::Embedding& task) {
  check_dimensions(task, shared_.model.loaded().spec.width);
  inputs_ = embedding_inputs(
      shared_.model.loaded(), task, [this](std::string_view text) { return shared_.model.raw_prompt(text); },
      shared_.model.context() - 1);
  for (const auto& ids : inputs_) prompt_tokens_ += ids.size();
  unfinished_ = inputs_.size();
  vectors_.resize(inputs_.size());
  expect_generations(inputs_.size());
  while (next_input_ < std::min(inputs_at_once, inputs_.size())) submit_input();
}

void Job::submit_input() {
  engine::Request request;
  request.prompt = std::move(inputs_[next_input_]);
  request.embed = true;
  request.salt = request_.tenant;
  request.priority = request_.priority;
  hold(next_input_, shared_.model.submit(std::move(request), sink_to(next_input_, &Job::take_embedding)));
  ++next_input_;
}

void Job::take_embedding(std::size_t input, engine::Event event) {
  if (!event.finish) return;
  const auto& wanted = std::get<protocol::Embedding>(request_.task).dimensions;
  shorten(event.embedding, wanted ? *wanted : event.embedding.size());
  vectors_[input] = std::move(event.embedding);
  let_go(input);
  if (next_input_ < inputs_.size()) submit_input();
  if (--unfinished_ > 0) return;
  tell(protocol::Vectors{std::move(vectors_)});
  tell(protocol::Done{protocol::Usage{.prompt_tokens = prompt_tokens_}});
}

}  // namespace cofre::serving
