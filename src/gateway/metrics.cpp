#include "gateway/metrics.h"

#include <functional>
#include <iterator>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace cofre::gateway {
namespace {

using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

const Buckets long_times = {0.01, 0.03, 0.1, 0.3, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600};
const Buckets short_times = {0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5};
const Buckets request_times = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};
const Buckets token_counts = {1, 10, 50, 100, 200, 500, 1000, 2000, 5000, 10'000, 20'000, 50'000, 100'000};

double seconds(Metrics::Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// A family whose values come from the models at the time they are read.
prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type,
                                const std::vector<fleet::ModelState>& models,
                                const std::function<double(const fleet::ModelState&)>& value) {
  prometheus::MetricFamily out{name, help, type, {}};
  for (const auto& model : models) {
    if (!model.status) continue;
    prometheus::ClientMetric metric;
    metric.label = {{"model_name", model.name}};
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value(model);
    out.metric.push_back(std::move(metric));
  }
  return out;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Counter>& requests = counter("cofre_http_requests_total", "HTTP requests answered.");
  prometheus::Family<Histogram>& request_time =
      histogram("cofre_http_request_seconds", "Time until an HTTP answer was sent whole.");
  prometheus::Family<prometheus::Counter>& answers =
      counter("vllm:request_success_total", "Answers, by how they ended.");
  prometheus::Family<prometheus::Counter>& prompt_tokens = counter("vllm:prompt_tokens_total", "Tokens of prompts.");
  prometheus::Family<prometheus::Counter>& cached_tokens =
      counter("vllm:prefix_cache_hits_total", "Tokens of prompts that were not computed again.");
  prometheus::Family<prometheus::Counter>& queries =
      counter("vllm:prefix_cache_queries_total", "Tokens of prompts that were looked up.");
  prometheus::Family<prometheus::Counter>& generated = counter("vllm:generation_tokens_total", "Tokens generated.");
  prometheus::Family<Histogram>& first =
      histogram("vllm:time_to_first_token_seconds", "From the request to the first piece of the answer.");
  prometheus::Family<Histogram>& between =
      histogram("vllm:inter_token_latency_seconds", "Between two pieces of an answer.");
  prometheus::Family<Histogram>& whole =
      histogram("vllm:e2e_request_latency_seconds", "From the request to the answer's end.");
  prometheus::Family<Histogram>& prompt_lengths = histogram("vllm:request_prompt_tokens", "Tokens of a prompt.");
  prometheus::Family<Histogram>& answer_lengths = histogram("vllm:request_generation_tokens", "Tokens of an answer.");
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view route, int status, Duration took) {
  state_->requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
  state_->request_time.Add({{"route", std::string(route)}}, request_times).Observe(seconds(took));
}

void Metrics::first_token(const std::string& model, Duration since_request) {
  state_->first.Add({{"model_name", model}}, long_times).Observe(seconds(since_request));
}

void Metrics::next_token(const std::string& model, Duration since_last) {
  state_->between.Add({{"model_name", model}}, short_times).Observe(seconds(since_last));
}

void Metrics::answered(const std::string& model, std::string_view outcome, const protocol::Usage& usage,
                       Duration took) {
  const prometheus::Labels label{{"model_name", model}};
  state_->answers.Add({{"model_name", model}, {"finished_reason", std::string(outcome)}}).Increment();
  state_->whole.Add(label, long_times).Observe(seconds(took));
  state_->prompt_tokens.Add(label).Increment(static_cast<double>(usage.prompt_tokens));
  state_->queries.Add(label).Increment(static_cast<double>(usage.prompt_tokens));
  state_->cached_tokens.Add(label).Increment(static_cast<double>(usage.cached_tokens));
  state_->generated.Add(label).Increment(static_cast<double>(usage.completion_tokens));
  if (usage.prompt_tokens == 0) return;
  state_->prompt_lengths.Add(label, token_counts).Observe(static_cast<double>(usage.prompt_tokens));
  state_->answer_lengths.Add(label, token_counts).Observe(static_cast<double>(usage.completion_tokens));
}

std::string Metrics::text(const std::vector<fleet::ModelState>& models, std::size_t requests_open) const {
  using Model = fleet::ModelState;
  using Type = prometheus::MetricType;
  auto all = state_->registry.Collect();
  const auto add = [&](const char* name, const char* help, Type type,
                       const std::function<double(const Model&)>& value) {
    all.push_back(family(name, help, type, models, value));
  };
  const auto number = [](auto value) { return static_cast<double>(value); };
  add("vllm:num_requests_running", "Sequences being generated.", Type::Gauge,
      [&](const Model& m) { return number(m.status->running); });
  add("vllm:num_requests_waiting", "Requests in the queue.", Type::Gauge,
      [&](const Model& m) { return number(m.status->waiting); });
  add("vllm:kv_cache_usage_perc", "Part of the KV pages in use, 0 to 1.", Type::Gauge, [&](const Model& m) {
    return m.status->total_pages == 0 ? 0 : 1 - number(m.status->free_pages) / number(m.status->total_pages);
  });
  add("vllm:num_preemptions_total", "Sequences whose KV pages were taken back.", Type::Counter,
      [&](const Model& m) { return number(m.status->preemptions); });
  add("cofre_model_steps_total", "Steps of the engine.", Type::Counter,
      [&](const Model& m) { return number(m.status->steps); });
  add("cofre_model_resident_bytes", "Memory of the model's worker.", Type::Gauge,
      [&](const Model& m) { return number(m.status->resident_bytes); });
  add("cofre_model_token_age_seconds", "Since the last token or self-probe.", Type::Gauge,
      [&](const Model& m) { return number(m.status->token_age_ms) / 1000; });
  add("cofre_worker_deaths_total", "Workers that ended unasked.", Type::Counter,
      [&](const Model& m) { return number(m.deaths); });
  prometheus::MetricFamily open{"cofre_requests_open", "Requests that models work on or that wait.", Type::Gauge, {}};
  open.metric.emplace_back();
  open.metric.back().gauge.value = number(requests_open);
  all.push_back(std::move(open));
  std::erase_if(all, [](const auto& one) { return one.metric.empty(); });
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace cofre::gateway
