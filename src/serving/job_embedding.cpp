#include <cmath>

#include "serving/job.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

/// Most inputs of one request that are read at a time: others have their turn.
constexpr std::size_t inputs_at_once = 8;

/// Its first `dimensions` values, of length 1.
void shorten(std::vector<float>& vector, std::size_t dimensions) {
  vector.resize(dimensions);
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  const double length = std::sqrt(squares);
  if (length > 0)
    for (float& x : vector) x = static_cast<float>(x / length);
}

}  // namespace

void Job::start_embedding(const protocol::Embedding& task) {
  const auto& tokenizer = shared_.model.loaded().tokenizer;
  const auto width = shared_.model.loaded().spec.width;
  if (task.dimensions && *task.dimensions > width)
    fail_field(Code::invalid, "dimensions", "dimensions is {}; this model's vectors have {}", *task.dimensions, width);
  for (std::size_t i = 0; i < task.inputs.size(); ++i) {
    const auto field = fmt::format("input[{}]", i);
    std::vector<engine::TokenId> ids;
    if (const auto* text = std::get_if<std::string>(&task.inputs[i])) {
      if (const auto bad = text::find_invalid_utf8(*text))
        fail_field(Code::invalid, field, "{} is not UTF-8 at byte {}", field, *bad);
      ids = shared_.model.raw_prompt(*text);
    } else {
      ids = std::get<std::vector<std::int32_t>>(task.inputs[i]);
    }
    if (ids.empty()) fail_field(Code::invalid, field, "{} is empty", field);
    for (const auto id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.size())
        fail_field(Code::invalid, field, "{}: token {} is not in the vocabulary of {}", field, id, tokenizer.size());
    if (ids.size() >= shared_.model.context())
      throw ContextExceeded(Code::invalid,
                            fmt::format("{} is {} tokens long; this model's context holds {}", field, ids.size(),
                                        shared_.model.context()),
                            field);
    prompt_tokens_ += ids.size();
    inputs_.push_back(std::move(ids));
  }
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
