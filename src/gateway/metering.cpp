#include "gateway/metering.h"

#include <algorithm>

#include "gateway/errors.h"

namespace cofre::gateway {
namespace {

constexpr std::uint64_t bytes_of_token = 3;  // rather more tokens than there will be: English has 4 bytes, Chinese 4.5
constexpr std::uint64_t template_tokens = 64;  // that a chat template adds
constexpr std::uint64_t answer_tokens = 4096;
constexpr std::uint64_t answer_tokens_most = 1 << 30;
constexpr std::int64_t patience_s = 120;  // what clients wait for, if they are told to

bool writes_text(const protocol::Request& request) {
  return std::holds_alternative<protocol::Chat>(request.task) ||
         std::holds_alternative<protocol::Completion>(request.task);
}

bool only_counts_tokens(const protocol::Request& request) {
  return std::holds_alternative<protocol::Tokenize>(request.task) ||
         std::holds_alternative<protocol::Detokenize>(request.task);
}

std::uint64_t tokens_of(const std::variant<std::string, std::vector<std::int32_t>>& prompt) {
  if (const auto* ids = std::get_if<std::vector<std::int32_t>>(&prompt)) return ids->size();
  return std::get<std::string>(prompt).size() / bytes_of_token + 1;
}

/// Rather more than it will be; the model tells the true number.
std::uint64_t prompt_tokens_of(const protocol::Request& request) {
  if (const auto* chat = std::get_if<protocol::Chat>(&request.task)) {
    const auto bytes = json::dump(chat->messages).size() + json::dump(chat->tools).size();
    return bytes / bytes_of_token + template_tokens;
  }
  if (const auto* completion = std::get_if<protocol::Completion>(&request.task)) return tokens_of(completion->prompt);
  std::uint64_t tokens = 0;
  if (const auto* embedding = std::get_if<protocol::Embedding>(&request.task)) {
    for (const auto& input : embedding->inputs) tokens += tokens_of(input);
  } else if (const auto* rerank = std::get_if<protocol::Rerank>(&request.task)) {
    for (const auto& document : rerank->documents) tokens += tokens_of(rerank->query) + tokens_of(document);
  }
  return tokens;
}

/// The most that the answers may have: as they say, else a share of what is left.
std::uint64_t bind_answers(std::vector<protocol::Request>& requests, std::uint64_t left) {
  std::uint64_t choices = 0, tokens = 0;
  for (const auto& request : requests) choices += writes_text(request) ? request.choices : 0;
  for (auto& request : requests) {
    if (!writes_text(request)) continue;
    if (!request.max_tokens) request.max_tokens = std::clamp<std::uint64_t>(left / choices, 1, answer_tokens);
    tokens += request.choices * std::min(*request.max_tokens, answer_tokens_most);
  }
  return tokens;
}

accounts::User user_of(const accounts::Caller& caller, const std::string& model) {
  return {static_cast<std::int64_t>(caller.tenant), caller.department, caller.user, caller.key_id, model};
}

/// "1h0m30s", "6m0s", "12s".
std::string duration_text(std::int64_t seconds) {
  std::string text;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds >= 60) text += fmt::format("{}m", seconds / 60 % 60);
  return text + fmt::format("{}s", seconds % 60);
}

Failure failure_of_quota(const accounts::Quotas::Refusal& refusal) {
  auto failure = failure_of(429, refusal.message);
  const bool is_storage = refusal.quota.metric == accounts::Quota::Metric::storage;
  const bool is_money = is_storage || refusal.quota.metric == accounts::Quota::Metric::money;
  failure.type = is_money                                                  ? "insufficient_quota"
                 : refusal.quota.metric == accounts::Quota::Metric::tokens ? "tokens"
                                                                           : "requests";
  failure.code =
      is_money || refusal.quota.period == accounts::Quota::Period::month ? "insufficient_quota" : "rate_limit_exceeded";
  failure.param = fmt::format("quota {}", refusal.quota.id);
  failure.retry_after_s = static_cast<double>(refusal.retry_after_s);
  if (is_storage || refusal.retry_after_s > patience_s) failure.retry = false;
  return failure;
}

}  // namespace

Meter set_aside(accounts::Accounts& accounts, const accounts::Caller& caller, const std::string& model,
                std::vector<protocol::Request>& requests) {
  const auto& asked = requests.front().model;
  if (!caller.may_ask(asked) && !caller.may_ask(model)) {
    auto failure = failure_of(404, fmt::format("there is no model \"{}\" here", asked.substr(0, 200)));
    failure.param = "model";
    failure.code = "model_not_found";
    throw failure;
  }
  const auto user = user_of(caller, model);
  std::uint64_t prompts = 0, answers = 0;
  const auto left = accounts.quotas.tokens_left(user);
  if (left && !only_counts_tokens(requests.front())) {
    for (const auto& request : requests) prompts += prompt_tokens_of(request);
    answers = bind_answers(requests, *left > prompts ? *left - prompts : 0);
  }
  accounts::Reservation reservation;
  if (const auto refusal = accounts.quotas.reserve(user, {prompts, answers}, reservation)) {
    auto failure = failure_of_quota(*refusal);
    failure.headers = rate_limits(accounts, caller, model);
    throw failure;
  }
  return {std::move(reservation), answers};
}

accounts::Room room_for(accounts::Accounts& accounts, const accounts::Caller& caller, std::uint64_t bytes) {
  accounts::Room room;
  if (const auto refusal = accounts.quotas.make_room(user_of(caller, {}), bytes, room)) {
    throw failure_of_quota(*refusal);
  }
  return room;
}

void widen(accounts::Accounts& accounts, accounts::Room& room, std::uint64_t bytes) {
  if (const auto refusal = accounts.quotas.widen(room, bytes)) throw failure_of_quota(*refusal);
}

bool limits_storage(accounts::Accounts& accounts, const accounts::Caller& caller) {
  return accounts.quotas.limits_storage(user_of(caller, {}));
}

http::Headers rate_limits(accounts::Accounts& accounts, const accounts::Caller& caller, const std::string& model) {
  using accounts::Quota;
  http::Headers headers;
  const auto now = accounts.clock();
  const auto all = accounts.quotas.standings(user_of(caller, model));
  const auto left = [](const accounts::Quotas::Standing& one) {
    const auto taken = one.used + one.reserved;
    return taken < one.quota.amount ? one.quota.amount - taken : 0;
  };
  for (const auto metric : {Quota::Metric::requests, Quota::Metric::tokens}) {
    const accounts::Quotas::Standing* least = nullptr;
    for (const auto& one : all)
      if (one.quota.metric == metric && (least == nullptr || left(one) < left(*least))) least = &one;
    if (least == nullptr) continue;
    const auto name = accounts::name_of(metric);
    headers.add(fmt::format("x-ratelimit-limit-{}", name), fmt::format("{}", least->quota.amount));
    headers.add(fmt::format("x-ratelimit-remaining-{}", name), fmt::format("{}", left(*least)));
    headers.add(fmt::format("x-ratelimit-reset-{}", name), duration_text(std::max<std::int64_t>(0, least->ends - now)));
  }
  return headers;
}

void Meter::take(const protocol::Event& event) {
  if (const auto* started = std::get_if<protocol::Started>(&event)) {
    prompt_ += started->prompt_tokens;
    cached_ += started->cached_tokens;
    if (answer_tokens_ > 0) reservation_.adjust({prompt_, answer_tokens_});
  } else if (std::holds_alternative<protocol::Reasoning>(event)) {
    ++reasoning_;
    ++pieces_;
  } else if (std::holds_alternative<protocol::Text>(event) || std::holds_alternative<protocol::ToolCall>(event)) {
    ++pieces_;
  }
}

void Meter::settle(const protocol::Usage* usage) {
  accounts::Spent spent{1, prompt_, cached_, pieces_, reasoning_};
  if (usage != nullptr) {
    spent = {1, usage->prompt_tokens, usage->cached_tokens, usage->completion_tokens, usage->reasoning_tokens};
  }
  if (usage == nullptr && spent.tokens() == 0) {
    reservation_ = {};  // it never ran
    return;
  }
  reservation_.settle(spent);
}

}  // namespace cofre::gateway
