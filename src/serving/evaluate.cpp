#include "serving/evaluate.h"

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

std::vector<engine::Choice> score(Loaded& loaded, std::span<const TokenId> prompt,
                                  std::span<const TokenId> continuation, int top, kernels::KvFormat kv_format) {
  if (prompt.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  check_ids(prompt, loaded.spec.vocabulary, "prompt");
  check_ids(continuation, loaded.spec.vocabulary, "continuation");
  constexpr std::size_t chunk = 512, generated_rows = 16;
  const std::size_t all = prompt.size() + continuation.size();
  if (all > loaded.spec.context)
    fail_field(Code::invalid, "prompt", "{} tokens in all; the model's context holds {}", all, loaded.spec.context);
  const auto pages = first_pages(all);
  const model::KvMemory kv(loaded.spec, kv_format, pages.size());
  model::Decoder decoder(loaded.spec, loaded.weights, kv, loaded.kernels, loaded.team,
                         {.rows = chunk, .logits = generated_rows});
  std::vector<engine::Choice> choices;
  const auto take = [&](std::size_t rows) {
    for (std::size_t i = 0; i < rows && choices.size() < continuation.size(); ++i)
      choices.push_back(engine::Sampler::score(decoder.logits(i), continuation[choices.size()], top));
  };
  for (std::size_t at = 0; at < prompt.size(); at += chunk) {
    const std::size_t count = std::min(chunk, prompt.size() - at);
    const bool last = at + count == prompt.size();
    const model::Run run{prompt.subspan(at, count), at, pages, false, last ? std::size_t{1} : 0};
    decoder.forward({&run, 1});
    if (last) take(1);
  }
  for (std::size_t at = 0; at < continuation.size(); at += generated_rows) {
    const std::size_t count = std::min(generated_rows, continuation.size() - at);
    const model::Run run{continuation.subspan(at, count), prompt.size() + at, pages, true, count};
    decoder.forward({&run, 1});
    take(count);
  }
  return choices;
}

}  // namespace cofre::serving
