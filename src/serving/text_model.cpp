#include "serving/text_model.h"

#include <algorithm>
#include <future>

#include "base/error.h"
#include "os/placement.h"
#include "os/system_memory.h"

namespace cofre::serving {
namespace {

engine::Engine::Options engine_options(const Loaded& loaded, const TextModel::Options& options) {
  const auto& spec = loaded.spec;
  const std::uint64_t page_bytes = model::KvMemory::page_bytes(spec, options.kv_format);
  std::uint64_t budget = options.kv_bytes;
  if (budget == 0) budget = os::usable_memory_bytes() / 2;  // pages take memory only when they are used
  const std::size_t affordable = budget / page_bytes;
  if (affordable < 2)
    fail_field(Code::exhausted, "kv-memory", "the KV cache would get {} MiB; a page of this model takes {} MiB",
               budget >> 20, page_bytes >> 20);
  std::size_t context = options.context == 0 ? spec.context : options.context;
  if (options.context > 0 && options.context > affordable * engine::page_tokens)
    fail_field(Code::exhausted, "context", "a context of {} tokens needs {} MiB for its KV cache; there are {} MiB",
               options.context, options.context / engine::page_tokens * page_bytes >> 20, budget >> 20);
  context = std::min(context, affordable * engine::page_tokens);
  // Room for every sequence's context, and as much again for prefixes that may come back.
  const std::size_t wanted = 2 * options.sequences * ((context + engine::page_tokens - 1) / engine::page_tokens + 1);
  return {.scheduler = {.sequences = options.sequences,
                        .queue = options.queue,
                        .context = context,
                        .step_budget_ms = options.step_ms},
          .kv_pages = std::min(affordable, wanted),
          .kv_format = options.kv_format};
}

std::vector<engine::TokenId> end_tokens(const tokenizer::Tokenizer& tokenizer) {
  std::vector<engine::TokenId> ends;
  for (std::size_t id = 0; id < tokenizer.size(); ++id)
    if (tokenizer.is_end(static_cast<engine::TokenId>(id))) ends.push_back(static_cast<engine::TokenId>(id));
  return ends;
}

tokenizer::Tokenizer read_tokenizer(const gguf::File& file, std::size_t vocabulary) {
  auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
  if (tokenizer.size() != vocabulary)
    fail_field(Code::invalid, "tokenizer.ggml.tokens",
               "the vocabulary does not match: tokenizer.ggml.tokens has {} tokens, token_embd.weight {} rows",
               tokenizer.size(), vocabulary);
  return tokenizer;
}

}  // namespace

Loaded::Loaded(const std::filesystem::path& path, const Options& options)
    : file(gguf::File::open(path)),
      spec(model::read_spec(file)),
      kernels(kernels::best_kernels()),
      team(os::place_team(options.threads)),
      tokenizer(read_tokenizer(file, spec.vocabulary)),
      weights(file, spec, team, options.progress) {}

TextModel::TextModel(Loaded& loaded, const Options& options)
    : loaded_(loaded),
      kv_format_(options.kv_format),
      ends_(end_tokens(loaded.tokenizer)),
      engine_(loaded.spec, loaded.weights, loaded.kernels, loaded.team, engine_options(loaded, options)) {}

std::vector<engine::TokenId> TextModel::raw_prompt(std::string_view text) const {
  auto ids = loaded_.tokenizer.encode(text);
  if (loaded_.tokenizer.add_bos()) ids.insert(ids.begin(), *loaded_.tokenizer.bos());
  return ids;
}

}  // namespace cofre::serving
