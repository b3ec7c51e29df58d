#include "serving/encoder_service.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "serving/inputs.h"
#include "text/utf8.h"

namespace cofre::serving {

/// One request on its way from texts to Done.
struct EncoderService::Work : Running {
  Work(protocol::Request asked, EventSink to) : request(std::move(asked)), sink(std::move(to)) {}
  void cancel() override { cancelled = true; }

  /// A text, or a pair whose second part begins at `second`.
  struct Text {
    std::vector<engine::TokenId> ids;
    std::size_t second = SIZE_MAX;
  };
  const protocol::Request request;
  const EventSink sink;
  std::atomic<bool> cancelled{false};
  std::vector<Text> texts;
  std::vector<std::vector<float>> results;
  std::size_t next = 0, done = 0;
  std::uint64_t tokens = 0;
  bool closed = false;

  void tell(protocol::Event event) {
    if (closed || cancelled) return;
    closed = protocol::is_last(event);
    sink(std::move(event));
  }
};

EncoderService::EncoderService(Loaded& loaded, const Options& options)
    : loaded_(loaded),
      options_(options),
      ranks_(loaded.spec.encoder->pooling == model::Pooling::rank),
      encoder_(loaded.spec, loaded.weights, loaded.kernels, loaded.team, {.rows = options.rows}),
      prompts_(options.prompt_threads),
      thread_([this] { serve(); }) {}

EncoderService::~EncoderService() {
  prompts_.stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Answer EncoderService::start(protocol::Request request, EventSink sink) {
  auto work = std::make_shared<Work>(std::move(request), std::move(sink));
  prompts_.post([this, work] {
    if (work->cancelled) return;
    try {
      prepare(work);
    } catch (const Error& error) {
      work->tell(failed_of(error));
    } catch (const std::exception& error) {
      work->tell(protocol::Failed{Code::internal, error.what(), {}});
    }
  });
  return Answer(std::move(work));
}

protocol::Request EncoderService::probe() const {
  protocol::Request request;
  if (ranks_) {
    request.task = protocol::Rerank{"a", {"a"}};
  } else {
    request.task = protocol::Embedding{{std::vector<std::int32_t>{loaded_.tokenizer.bos().value_or(0)}}, {}};
  }
  return request;
}

engine::Engine::Load EncoderService::load() const {
  const std::lock_guard lock(mutex_);
  return load_;
}

/// What the model wants around a text, as its tokenizer says.
std::vector<engine::TokenId> EncoderService::ids_of(std::string_view text) const {
  const auto& tokenizer = loaded_.tokenizer;
  auto ids = tokenizer.encode(text);
  if (tokenizer.add_bos()) ids.insert(ids.begin(), *tokenizer.bos());
  if (tokenizer.add_eos()) ids.push_back(*tokenizer.eos());
  return ids;
}

void EncoderService::prepare(const WorkPtr& work) {
  const auto& request = work->request;
  protocol::validate(request);
  if (const auto* task = std::get_if<protocol::Tokenize>(&request.task)) {
    const auto* text = std::get_if<std::string>(&task->input);
    if (text == nullptr) fail_field(Code::unsupported, "messages", "this model has no template for conversations");
    work->tell(told_tokens(loaded_.tokenizer, task->add_special ? ids_of(*text) : loaded_.tokenizer.encode(*text)));
    return work->tell(protocol::Done{});
  }
  if (const auto* task = std::get_if<protocol::Detokenize>(&request.task)) {
    work->tell(told_text(loaded_.tokenizer, *task));
    return work->tell(protocol::Done{});
  }
  if (const auto* task = std::get_if<protocol::Embedding>(&request.task)) {
    if (ranks_) fail_field(Code::unsupported, "model", "this model ranks documents; it makes no vectors");
    check_dimensions(*task, loaded_.spec.width);
    for (auto& ids : embedding_inputs(
             loaded_, *task, [this](std::string_view text) { return ids_of(text); }, context()))
      work->texts.push_back({std::move(ids)});
  } else if (const auto* pairs = std::get_if<protocol::Rerank>(&request.task)) {
    if (!ranks_) fail_field(Code::unsupported, "model", "this model makes vectors; it does not rank documents");
    prepare_pairs(*work, *pairs);
  } else {
    fail_field(Code::unsupported, "model", "this model {}; it writes no text",
               ranks_ ? "ranks documents" : "makes vectors");
  }
  for (const auto& text : work->texts) work->tokens += text.ids.size();
  work->results.resize(work->texts.size());
  enqueue(work);
}

/// A pair as the model was trained with: BERT's [CLS] query [SEP] document [SEP], RoBERTa's <s> query </s></s> document
/// </s>.
void EncoderService::prepare_pairs(Work& work, const protocol::Rerank& task) const {
  const auto& tokenizer = loaded_.tokenizer;
  const bool is_bert = loaded_.file.string("tokenizer.ggml.model") == "bert";
  const auto checked = [](std::string_view text, const std::string& field) {
    if (const auto bad = text::find_invalid_utf8(text))
      fail_field(Code::invalid, field, "{} is not UTF-8 at byte {}", field, *bad);
    return text;
  };
  const auto query = ids_of(checked(task.query, "query"));
  check_length(query.size(), context(), "query");
  for (std::size_t i = 0; i < task.documents.size(); ++i) {
    const auto field = fmt::format("documents[{}]", i);
    Work::Text pair{query};
    pair.second = pair.ids.size();
    if (!is_bert && tokenizer.add_eos()) pair.ids.push_back(*tokenizer.eos());
    const auto document = tokenizer.encode(checked(task.documents[i], field));
    pair.ids.insert(pair.ids.end(), document.begin(), document.end());
    if (tokenizer.add_eos()) pair.ids.push_back(*tokenizer.eos());
    check_length(pair.ids.size(), context(), fmt::format("query and {}", field));
    work.texts.push_back(std::move(pair));
  }
}

void EncoderService::enqueue(const WorkPtr& work) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(works_, [](const WorkPtr& one) { return one->cancelled.load(); });
    if (works_.size() >= options_.queue)
      fail(Code::exhausted, "{} requests wait for this model already", works_.size());
    const auto behind = std::find_if(works_.begin(), works_.end(), [&](const WorkPtr& one) {
      return one->request.priority < work->request.priority;
    });
    works_.insert(behind, work);
    load_.waiting = works_.size();
  }
  wake_.notify_one();
}

void EncoderService::serve() {
  const os::Team::Lead lead(loaded_.team);
  for (;;) {
    std::vector<Place> places;
    {
      std::unique_lock lock(mutex_);
      load_.running = 0;
      wake_.wait(lock, [this] { return stopping_ || !works_.empty(); });
      if (stopping_) return;
      places = plan();
    }
    if (places.empty()) continue;
    run(places);
  }
}

/// The texts of the next pass. Under the mutex.
std::vector<EncoderService::Place> EncoderService::plan() {
  std::erase_if(works_, [](const WorkPtr& one) { return one->cancelled.load(); });
  std::vector<Place> places;
  std::size_t rows = 0, texts = encoder_.options().texts;
  const std::size_t most = encoder_.options().rows;
  for (auto first = works_.begin(); first != works_.end();) {
    const int priority = (*first)->request.priority;
    const auto last =
        std::find_if(first, works_.end(), [&](const auto& one) { return one->request.priority != priority; });
    for (bool more = true; more;) {
      more = false;
      for (auto one = first; one != last; ++one) {
        Work& work = **one;
        if (texts == 0 || work.next == work.texts.size() || rows + work.texts[work.next].ids.size() > most) continue;
        rows += work.texts[work.next].ids.size();
        places.push_back({*one, work.next++});
        --texts;
        more = true;
      }
    }
    first = last;
  }
  load_.running =
      static_cast<std::size_t>(std::count_if(works_.begin(), works_.end(), [](const auto& w) { return w->next > 0; }));
  std::erase_if(works_, [](const WorkPtr& one) { return one->next == one->texts.size(); });
  load_.waiting = works_.size();
  load_.steps += places.empty() ? 0 : 1;
  load_.rows += rows;
  load_.prompt_tokens += rows;
  if (rows > 0) ++load_.step_rows[std::min<std::size_t>(std::bit_width(rows - 1), load_.step_rows.size() - 1)];
  return places;
}

void EncoderService::run(const std::vector<Place>& places) {
  std::vector<model::Passage> passages;
  for (const auto& [work, text] : places) passages.push_back({work->texts[text].ids, work->texts[text].second});
  encoder_.forward(passages);
  for (std::size_t i = 0; i < places.size(); ++i) {
    Work& work = *places[i].work;
    try {
      take(work, places[i].text, encoder_.result(i));
      if (++work.done == work.texts.size()) finish(work);
    } catch (const Error& error) {
      work.tell(failed_of(error));
      work.cancelled = true;  // its other texts are dropped
    }
  }
}

void EncoderService::take(Work& work, std::size_t text, std::span<const float> result) const {
  for (const float x : result)
    if (!std::isfinite(x)) fail(Code::internal, "the model made what is no number of text {}", text);
  auto& mine = work.results[text];
  mine.assign(result.begin(), result.end());
  if (const auto* task = std::get_if<protocol::Embedding>(&work.request.task)) {
    if (task->dimensions) shorten(mine, *task->dimensions);
  } else {
    mine.resize(1);  // the first label is "relevant"
    if (result.size() == 1) mine[0] = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(mine[0]))));
  }
}

void EncoderService::finish(Work& work) const {
  work.tell(protocol::Vectors{std::move(work.results)});
  work.tell(protocol::Done{protocol::Usage{.prompt_tokens = work.tokens}});
}

}  // namespace cofre::serving
