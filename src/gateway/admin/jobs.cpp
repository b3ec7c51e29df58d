#include "gateway/admin/jobs.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

#include "base/error.h"
#include "os/process.h"
#include "text/utf8.h"

namespace cofre::gateway::admin {
namespace {

constexpr std::size_t line_bytes_max = 4096;

/// What is behind "cofre: " in the last line that says something.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
  if (text.starts_with("cofre: ")) text.remove_prefix(7);
  return text::replace_invalid_utf8(text.substr(0, line_bytes_max));
}

std::optional<json::Object> object_in(std::string_view text) {
  try {
    auto value = json::parse(text);
    if (value.is_object()) return std::move(value.get_object());
  } catch (const Error&) {  // it is no JSON
  }
  return std::nullopt;
}

}  // namespace

struct Jobs::Job {
  std::uint64_t number = 0;
  Plan plan;
  std::int64_t started = std::time(nullptr), ended = 0;
  std::string state = "running", text, error;
  std::uint64_t done = 0, total = 0;
  json::Value result;
  std::string line;  ///< of the error stream, as far as it has come
  std::jthread thread;

  /// With the mutex held.
  void hear(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != '\n') {
        if (line.size() < line_bytes_max) line += c;
        continue;
      }
      take_line();
      line.clear();
    }
  }
  void take_line() {
    if (line.empty()) return;
    const auto progress = object_in(line);
    if (!progress) {
      text = last_line(line);
      return;
    }
    if (const auto* say = progress->if_contains("say"); say != nullptr && say->is_string()) text = say->get_string();
    const auto number_at = [&](const char* key, std::uint64_t& into) {
      const auto* value = progress->if_contains(key);
      if (value != nullptr && value->is_int64() && value->get_int64() >= 0)
        into = static_cast<std::uint64_t>(value->get_int64());
    };
    number_at("done", done);
    number_at("total", total);
  }
  json::Object object() const {
    return {{"id", number},
            {"object", "job"},
            {"kind", plan.kind},
            {"model", plan.model},
            {"by", plan.by},
            {"state", state},
            {"text", text},
            {"done", done},
            {"total", total},
            {"started_at", started},
            {"ended_at", ended == 0 ? json::Value() : json::Value(ended)},
            {"error", error.empty() ? json::Value() : json::Value(error)},
            {"result", result}};
  }
};

Jobs::~Jobs() {
  std::deque<std::shared_ptr<Job>> all;
  {
    const std::scoped_lock lock(mutex_);
    all.swap(jobs_);
  }
  for (const auto& job : all) job->thread.request_stop();
  for (const auto& job : all)
    if (job->thread.joinable()) job->thread.join();
}

json::Object Jobs::start(Plan plan) {
  const std::scoped_lock lock(mutex_);
  std::size_t running = 0;
  for (const auto& job : jobs_) {
    if (job->state != "running") continue;
    ++running;
    if (job->plan.kind == plan.kind && job->plan.model == plan.model)
      fail_field(Code::invalid, "model", "model: job {} is busy with {} already", job->number, plan.model);
  }
  if (running >= running_max) fail(Code::exhausted, "{} jobs run already; that is the most", running_max);
  forget_old();
  const auto made = std::make_shared<Job>();
  made->number = ++last_;
  made->plan = std::move(plan);
  jobs_.push_back(made);
  made->thread = std::jthread([this, job = made.get()](const std::stop_token& stop) { run(*job, stop); });
  return made->object();
}

/// With the mutex held.
void Jobs::forget_old() {
  while (jobs_.size() > kept_max) {
    const auto old = std::find_if(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->state != "running"; });
    if (old == jobs_.end()) return;
    jobs_.erase(old);
  }
}

void Jobs::run(Job& job, const std::stop_token& stop) {
  std::string state = "done", error;
  json::Value result;
  try {
    const auto ended = os::run_process(job.plan.arguments, {.environment = job.plan.environment,
                                                            .stop = [&] { return stop.stop_requested(); },
                                                            .heard =
                                                                [&](std::string_view bytes) {
                                                                  const std::scoped_lock lock(mutex_);
                                                                  job.hear(bytes);
                                                                }});
    if (auto printed = object_in(ended.out)) result = std::move(*printed);
    if (ended.exit_code != 0) {
      state = "failed";
      error = last_line(ended.error);
      if (error.empty()) error = fmt::format("it ended with {}", ended.exit_code);
    }
  } catch (const Error& thrown) {
    state = thrown.code() == Code::cancelled ? "cancelled" : "failed";
    error = thrown.what();
  }
  if (job.plan.ended) job.plan.ended();
  const std::scoped_lock lock(mutex_);
  job.state = std::move(state);
  job.error = std::move(error);
  job.result = std::move(result);
  job.ended = std::time(nullptr);
}

std::shared_ptr<Jobs::Job> Jobs::find(std::uint64_t number) const {
  for (const auto& job : jobs_)
    if (job->number == number) return job;
  fail_field(Code::not_found, "job", "there is no job {}", number);
}

json::Array Jobs::list() const {
  const std::scoped_lock lock(mutex_);
  json::Array all;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) all.emplace_back((*job)->object());
  return all;
}

json::Object Jobs::job(std::uint64_t number) const {
  const std::scoped_lock lock(mutex_);
  return find(number)->object();
}

json::Object Jobs::cancel(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  const auto job = find(number);
  job->thread.request_stop();
  return job->object();
}

}  // namespace cofre::gateway::admin
