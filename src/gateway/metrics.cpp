#include "gateway/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace cofre::gateway {
namespace {

using prometheus::Histogram;
using prometheus::Labels;
using Buckets = Histogram::BucketBoundaries;
using Model = fleet::ModelState;
using Type = prometheus::MetricType;

// vLLM's own boundaries, so that its dashboards' heat maps and quantiles mean the same.
const Buckets first_times = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25,  0.5,   0.75,
                             1.0,   2.5,   5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0};
const Buckets token_times = {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,  0.3,  0.4, 0.5,
                             0.75, 1.0,   2.5,  5.0,   7.5, 10.0, 20.0, 40.0, 80.0};
const Buckets whole_times = {0.3,  0.5,  0.8,  1.0,  1.5,  2.0,   2.5,   5.0,   10.0,  15.0,  20.0,
                             30.0, 40.0, 50.0, 60.0, 120., 240.0, 480.0, 960.0, 1920., 7680.0};
const Buckets request_times = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};
const Buckets token_counts = {1,    2,    5,    10,     20,     50,     100,     200,    500,
                              1000, 2000, 5000, 10'000, 20'000, 50'000, 100'000, 200'000};
const Buckets choice_counts = {1, 2, 5, 10, 20};

double seconds(Metrics::Duration duration) { return std::chrono::duration<double>(duration).count(); }

template <class Number>
double number(Number value) {
  return static_cast<double>(value);
}

/// vLLM's metrics name the engine too: a model of this box has one.
Labels labels_of(const std::string& model) { return {{"model_name", model}, {"engine", "0"}}; }

/// The four ends that vLLM counts.
const char* finished_reason(const Metrics::Answered& answer) {
  if (answer.status == 499) return "abort";
  if (answer.status != 200) return "error";
  return answer.outcome == "length" ? "length" : "stop";
}

/// A family whose values come from the models at the time they are read.
prometheus::MetricFamily family(const char* name, const char* help, Type type, const std::vector<Model>& models,
                                const std::function<void(const Model&, prometheus::ClientMetric&)>& fill) {
  prometheus::MetricFamily out{name, help, type, {}};
  for (const auto& model : models) {
    if (!model.status) continue;
    prometheus::ClientMetric metric;
    for (const auto& [key, value] : labels_of(model.name)) metric.label.push_back({key, value});
    fill(model, metric);
    out.metric.push_back(std::move(metric));
  }
  return out;
}

void fill_step_rows(const Model& model, prometheus::ClientMetric& metric) {
  auto& histogram = metric.histogram;
  const auto& counts = model.status->step_rows;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    histogram.sample_count += counts[i];
    const bool last = i + 1 == counts.size();  // it counts all that is larger, too
    histogram.bucket.push_back({histogram.sample_count, last ? INFINITY : std::ldexp(1.0, static_cast<int>(i))});
  }
  histogram.sample_sum = number(model.status->rows);
}

void fill_cache_config(const Model& model, prometheus::ClientMetric& metric) {
  metric.label.push_back({"block_size", std::to_string(model.facts ? model.facts->page_tokens : 0)});
  metric.label.push_back({"enable_prefix_caching", "True"});
  metric.label.push_back({"num_gpu_blocks", std::to_string(model.status->total_pages)});
  metric.gauge.value = 1;
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
  using Counters = prometheus::Family<prometheus::Counter>&;
  using Histograms = prometheus::Family<Histogram>&;
  Counters requests = counter("cofre_http_requests_total", "HTTP requests answered.");
  Histograms request_time = histogram("cofre_http_request_seconds", "Time until an HTTP answer was sent whole.");
  Counters outcomes = counter("cofre_answers_total", "Answers, by how they ended or what went wrong.");
  Counters answers = counter("vllm:request_success_total", "Answers: stop, length, abort (the client left), error.");
  Counters prompt_tokens = counter("vllm:prompt_tokens_total", "Tokens of prompts.");
  Counters cached = counter("vllm:prompt_tokens_cached_total", "Tokens of prompts that were not computed again.");
  Counters hits = counter("vllm:prefix_cache_hits_total", "Tokens of prompts that were not computed again.");
  Counters queries = counter("vllm:prefix_cache_queries_total", "Tokens of prompts that were looked up.");
  Counters generated = counter("vllm:generation_tokens_total", "Tokens generated.");
  Histograms first =
      histogram("vllm:time_to_first_token_seconds", "From the request to the first piece of the answer.");
  Histograms between = histogram("vllm:inter_token_latency_seconds", "Between two pieces of an answer.");
  Histograms each = histogram("vllm:request_time_per_output_token_seconds", "Mean time of an answer's tokens.");
  Histograms whole = histogram("vllm:e2e_request_latency_seconds", "From the request to the answer's end.");
  Histograms queued = histogram("vllm:request_queue_time_seconds", "From the arrival to the first computed row.");
  Histograms prefill = histogram("vllm:request_prefill_time_seconds", "From there to the first token.");
  Histograms decode = histogram("vllm:request_decode_time_seconds", "From there to the last token.");
  Histograms inference = histogram("vllm:request_inference_time_seconds", "Prefill and decode together.");
  Histograms prompt_lengths = histogram("vllm:request_prompt_tokens", "Tokens of a prompt.");
  Histograms computed =
      histogram("vllm:request_prefill_kv_computed_tokens", "Tokens of a prompt that were not in the prefix cache.");
  Histograms answer_lengths = histogram("vllm:request_generation_tokens", "Tokens of an answer.");
  Histograms choices = histogram("vllm:request_params_n", "The parameter n.");
  Histograms most = histogram("vllm:request_params_max_tokens", "The parameter max_tokens.");
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view route, int status, Duration took) {
  state_->requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
  state_->request_time.Add({{"route", std::string(route)}}, request_times).Observe(seconds(took));
}

void Metrics::first_token(const std::string& model, Duration since_request) {
  state_->first.Add(labels_of(model), first_times).Observe(seconds(since_request));
}

void Metrics::next_token(const std::string& model, Duration since_last) {
  state_->between.Add(labels_of(model), token_times).Observe(seconds(since_last));
}

void Metrics::finished(const std::string& model, const protocol::Work& work) {
  const auto labels = labels_of(model);
  state_->queued.Add(labels, whole_times).Observe(work.queue_s);
  state_->prefill.Add(labels, whole_times).Observe(work.prefill_s);
  state_->decode.Add(labels, whole_times).Observe(work.decode_s);
  state_->inference.Add(labels, whole_times).Observe(work.prefill_s + work.decode_s);
  if (work.tokens > 1) state_->each.Add(labels, token_times).Observe(work.decode_s / number(work.tokens - 1));
}

void Metrics::answered(const std::string& model, const Answered& answer) {
  const auto labels = labels_of(model);
  const auto& usage = answer.usage;
  auto ended = labels;
  ended["finished_reason"] = finished_reason(answer);
  state_->answers.Add(ended).Increment();
  state_->outcomes.Add({{"model_name", model}, {"outcome", std::string(answer.outcome)}}).Increment();
  state_->whole.Add(labels, whole_times).Observe(seconds(answer.took));
  state_->prompt_tokens.Add(labels).Increment(number(usage.prompt_tokens));
  state_->queries.Add(labels).Increment(answer.cache ? number(usage.prompt_tokens) : 0);
  state_->hits.Add(labels).Increment(number(usage.cached_tokens));
  state_->cached.Add(labels).Increment(number(usage.cached_tokens));
  state_->generated.Add(labels).Increment(number(usage.completion_tokens));
  if (usage.prompt_tokens == 0) return;
  state_->prompt_lengths.Add(labels, token_counts).Observe(number(usage.prompt_tokens));
  const auto cached = std::min(usage.cached_tokens, usage.prompt_tokens);
  state_->computed.Add(labels, token_counts).Observe(number(usage.prompt_tokens - cached));
  state_->answer_lengths.Add(labels, token_counts).Observe(number(usage.completion_tokens));
  state_->choices.Add(labels, choice_counts).Observe(answer.choices);
  if (answer.max_tokens) state_->most.Add(labels, token_counts).Observe(number(*answer.max_tokens));
}

std::map<std::string, Metrics::FirstTokens> Metrics::first_tokens() const {
  std::map<std::string, FirstTokens> all;
  for (const auto& family : state_->first.Collect()) {
    for (const auto& metric : family.metric) {
      const auto model = std::find_if(metric.label.begin(), metric.label.end(),
                                      [](const auto& label) { return label.name == "model_name"; });
      if (model != metric.label.end()) all[model->value] = {metric.histogram.sample_count, metric.histogram.sample_sum};
    }
  }
  return all;
}

std::string Metrics::text(const std::vector<Model>& models, std::size_t requests_open,
                          const std::optional<accounts::audit::Forwarder::Status>& forwarded) const {
  auto all = state_->registry.Collect();
  const auto gauge = [&](const char* name, const char* help, const std::function<double(const Model&)>& value) {
    all.push_back(family(name, help, Type::Gauge, models,
                         [&](const Model& model, auto& metric) { metric.gauge.value = value(model); }));
  };
  const auto counter = [&](const char* name, const char* help, std::uint64_t protocol::Status::*value) {
    all.push_back(family(name, help, Type::Counter, models, [&](const Model& model, auto& metric) {
      metric.counter.value = number((*model.status).*value);
    }));
  };
  using protocol::Status;
  gauge("vllm:num_requests_running", "Sequences being generated.",
        [](const Model& m) { return number(m.status->running); });
  gauge("vllm:num_requests_waiting", "Requests in the queue.",
        [](const Model& m) { return number(m.status->waiting); });
  gauge("vllm:kv_cache_usage_perc", "Part of the KV pages in use, 0 to 1.", [](const Model& m) {
    return m.status->total_pages == 0 ? 0 : 1 - number(m.status->free_pages) / number(m.status->total_pages);
  });
  counter("vllm:num_preemptions_total", "Sequences whose KV pages were taken back.", &Status::preemptions);
  counter("vllm:spec_decode_num_drafts_total", "Guesses of coming tokens.", &Status::drafts);
  counter("vllm:spec_decode_num_draft_tokens_total", "Tokens of those guesses.", &Status::draft_tokens);
  counter("vllm:spec_decode_num_accepted_tokens_total", "Guessed tokens that were right.", &Status::accepted_tokens);
  all.push_back(family("vllm:iteration_tokens_total", "Rows of a step, of prompts and of answers.", Type::Histogram,
                       models, fill_step_rows));
  all.push_back(family("vllm:cache_config_info", "The KV pool.", Type::Gauge, models, fill_cache_config));
  counter("cofre_model_steps_total", "Steps of the engine.", &Status::steps);
  gauge("cofre_model_resident_bytes", "Memory of the model's worker.",
        [](const Model& m) { return number(m.status->resident_bytes); });
  gauge("cofre_model_token_age_seconds", "Since the last token or self-probe.",
        [](const Model& m) { return number(m.status->token_age_ms) / 1000; });
  all.push_back(family("cofre_worker_deaths_total", "Workers that ended unasked.", Type::Counter, models,
                       [](const Model& m, auto& metric) { metric.counter.value = number(m.deaths); }));
  const auto add = [&](const char* name, const char* help, double value) {
    prometheus::MetricFamily one{name, help, Type::Gauge, {}};
    one.metric.emplace_back();
    one.metric.back().gauge.value = value;
    all.push_back(std::move(one));
  };
  add("cofre_requests_open", "Requests that models work on or that wait.", number(requests_open));
  if (forwarded) {
    add("cofre_audit_forward_connected", "Whether the audit trail's collector is connected.", forwarded->is_connected);
    add("cofre_audit_forward_lag_records", "Audit records that the collector was not sent.", number(forwarded->lag));
  }
  std::erase_if(all, [](const auto& one) { return one.metric.empty(); });
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace cofre::gateway
