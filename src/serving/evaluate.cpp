#include "serving/evaluate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace cofre::serving {
namespace {

using engine::TokenId;

std::vector<std::uint32_t> first_pages(std::size_t tokens) {
  std::vector<std::uint32_t> pages((tokens + kernels::page_tokens - 1) / kernels::page_tokens);
  std::iota(pages.begin(), pages.end(), 0u);
  return pages;
}

void check_ids(std::span<const TokenId> ids, std::size_t vocabulary, const char* field) {
  for (TokenId id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      fail_field(Code::invalid, field, "{} holds token {}; the vocabulary has {}", field, id, vocabulary);
}

}  // namespace

Perplexity perplexity(Loaded& loaded, std::string_view text, const std::function<void(double)>& progress) {
  constexpr std::size_t window = 512, first = window / 2;
  auto ids = loaded.tokenizer.encode(text);
  if (loaded.tokenizer.add_bos()) ids.insert(ids.begin(), *loaded.tokenizer.bos());
  if (ids.size() < 2 * window)
    fail(Code::invalid, "the text is {} tokens long; perplexity needs at least {}", ids.size(), 2 * window);
  const model::KvMemory kv(loaded.spec, kernels::KvFormat::f16, window / kernels::page_tokens);
  model::Decoder decoder(loaded.spec, loaded.weights, kv, loaded.kernels, loaded.team,
                         {.rows = window, .logits = window - first});
  const os::Team::Lead lead(loaded.team);
  const auto pages = first_pages(window);
  Perplexity result;
  double sum = 0;
  const std::size_t windows = ids.size() / window;
  for (std::size_t w = 0; w < windows; ++w) {
    std::vector<TokenId> part(ids.begin() + static_cast<std::ptrdiff_t>(w * window),
                              ids.begin() + static_cast<std::ptrdiff_t>((w + 1) * window));
    if (loaded.tokenizer.add_bos()) part[0] = *loaded.tokenizer.bos();
    const model::Run run{part, 0, pages, false, window - first};
    decoder.forward({&run, 1});
    for (std::size_t i = first; i + 1 < window; ++i)
      sum -= engine::Sampler::score(decoder.logits(i - first), part[i + 1], 0).logprob;
    result.tokens += window - first - 1;
    if (progress) progress(static_cast<double>(w + 1) / static_cast<double>(windows));
  }
  result.windows = windows;
  result.value = std::exp(sum / static_cast<double>(result.tokens));
  return result;
}

namespace {

constexpr std::size_t generated_rows = 16;  // of a sequence in one pass

void check(const Continuation& one, const model::ModelSpec& spec) {
  if (one.prompt.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  check_ids(one.prompt, spec.vocabulary, "prompt");
  check_ids(one.tokens, spec.vocabulary, "continuation");
  const std::size_t all = one.prompt.size() + one.tokens.size();
  if (all > spec.context)
    fail_field(Code::invalid, "prompt", "{} tokens in all; the model's context holds {}", all, spec.context);
}

/// A sequence on its way through the model.
struct Scored {
  const Continuation& of;
  std::vector<std::uint32_t> pages;
  std::vector<engine::Choice>& choices;
  std::size_t done = 0;  ///< of prompt and tokens together

  bool finished() const { return choices.size() == of.tokens.size(); }
  /// Its rows of the next pass.
  model::Run next(std::size_t chunk) const {
    const std::size_t prompt = of.prompt.size();
    if (done < prompt) {
      const std::size_t count = std::min(chunk, prompt - done);
      return {std::span(of.prompt).subspan(done, count), done, pages, false,
              done + count == prompt ? std::size_t{1} : 0};
    }
    const std::size_t at = done - prompt, count = std::min(generated_rows, of.tokens.size() - at);
    return {std::span(of.tokens).subspan(at, count), done, pages, true, count};
  }
};

/// Sequences that share passes, until the last one is finished.
void score_batch(model::Decoder& decoder, std::vector<Scored>& batch, const ScoreOptions& options) {
  for (;;) {
    std::vector<model::Run> runs;
    std::vector<Scored*> of;
    for (auto& one : batch) {
      if (one.finished()) continue;
      runs.push_back(one.next(options.chunk));
      of.push_back(&one);
    }
    if (runs.empty()) return;
    decoder.forward(runs);
    std::size_t row = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      of[i]->done += runs[i].tokens.size();
      for (std::size_t k = 0; k < runs[i].logits; ++k, ++row)
        if (auto& choices = of[i]->choices; !of[i]->finished())
          choices.push_back(engine::Sampler::score(decoder.logits(row), of[i]->of.tokens[choices.size()], options.top));
    }
  }
}

}  // namespace

std::vector<std::vector<engine::Choice>> score(Loaded& loaded, std::span<const Continuation> continuations,
                                               const ScoreOptions& options) {
  std::size_t pages = 0;  // of the largest batch
  for (std::size_t at = 0; at < continuations.size(); at += options.batch) {
    std::size_t here = 0;
    for (const auto& one : continuations.subspan(at, std::min(options.batch, continuations.size() - at))) {
      check(one, loaded.spec);
      here += first_pages(one.prompt.size() + one.tokens.size()).size();
    }
    pages = std::max(pages, here);
  }
  const model::KvMemory kv(loaded.spec, options.kv, pages);
  model::Decoder decoder(
      loaded.spec, loaded.weights, kv, loaded.kernels, loaded.team,
      {.rows = options.batch * std::max(options.chunk, generated_rows), .logits = options.batch * generated_rows});
  const os::Team::Lead lead(loaded.team);
  std::vector<std::vector<engine::Choice>> all(continuations.size());
  for (std::size_t at = 0; at < continuations.size(); at += options.batch) {
    std::vector<Scored> batch;
    std::uint32_t page = 0;
    for (std::size_t i = at; i < std::min(at + options.batch, continuations.size()); ++i) {
      auto own = first_pages(continuations[i].prompt.size() + continuations[i].tokens.size());
      for (auto& index : own) index += page;
      page += static_cast<std::uint32_t>(own.size());
      batch.push_back({continuations[i], std::move(own), all[i]});
    }
    score_batch(decoder, batch, options);
  }
  return all;
}

}  // namespace cofre::serving
