// What accounts, quotas and the audit trail together add to a request and to an event of its answer.
//
//   bench_accounting FOLDER [REQUESTS]        default 50000; FOLDER: where a folder for it is made

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "accounts/person_name.h"
#include "gateway/auditor.h"
#include "gateway/credentials.h"
#include "gateway/metering.h"
#include "os/paths.h"

namespace {

using namespace cofre;
using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// Fifteen quotas of tokens and a budget: of every level and period.
void limit(accounts::Accounts& box, const accounts::Caller& caller) {
  using Quota = accounts::Quota;
  const auto tenant = static_cast<std::int64_t>(caller.tenant);
  for (const auto& [level, subject] : {std::pair{Quota::Level::box, std::int64_t{0}},
                                       {Quota::Level::tenant, tenant},
                                       {Quota::Level::department, caller.department},
                                       {Quota::Level::user, caller.user},
                                       {Quota::Level::key, caller.key_id}}) {
    for (const auto period : {Quota::Period::minute, Quota::Period::day, Quota::Period::month}) {
      box.quotas.set({0, level, subject, "", Quota::Metric::tokens, period, std::uint64_t{1} << 40});
    }
  }
  box.prices.set({.model = "tiny", .since = 20260101, .currency = "CNY", .input = 1, .output = 4});
  box.quotas.set(
      {0, Quota::Level::user, caller.user, "", Quota::Metric::money, Quota::Period::month, std::uint64_t{1} << 40});
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 2 ? std::atoi(argv[2]) : 50'000;
  const os::TemporaryDirectory folder(argc > 1 ? argv[1] : "/tmp");
  const auto master = crypto::Secret::random();
  store::Database database(folder.path() / "bench.db", master.derive("store"));
  std::mutex mutex;
  accounts::Accounts box(database, mutex, master, folder.path());
  accounts::audit::Trail::Options options;
  options.folder = folder.path() / "audit";
  accounts::audit::Trail trail(database, mutex, master, folder.path(), options);
  const auto key = box.keys.create("bench", {accounts::Scope::inference});
  limit(box, *box.keys.authenticate(key));

  http::Request asked;
  asked.id = "req_0123456789abcdef01234567";
  asked.peer = "192.0.2.7";
  asked.method = "POST";
  asked.headers.add("Authorization", "Bearer " + key);
  protocol::Request request;
  request.model = "tiny";
  request.max_tokens = 100;
  protocol::Chat chat;
  chat.messages.push_back(json::Object{{"role", "user"}, {"content", std::string(2000, 'x')}});
  request.task = chat;

  std::vector<double> us;
  for (int i = 0; i < count; ++i) {
    while (!trail.accepts()) std::this_thread::yield();
    std::vector<protocol::Request> requests{request};
    const auto begin = Clock::now();
    const auto caller = gateway::authenticate(box, asked, accounts::Scope::inference);
    gateway::Trace trace(trail, asked, "/v1/chat/completions");
    trace.asked_by(accounts::person_name(box.directory, caller.user));
    auto meter = gateway::set_aside(box, caller, "tiny", requests);
    gateway::rate_limits(box, caller, "tiny");
    meter.take(protocol::Started{700, 0});
    const protocol::Usage usage{700, 0, 100, 0};
    meter.settle(&usage);
    trace.ended("tiny", 200, "stop", usage);
    us.push_back(microseconds_since(begin));
  }
  box.ledger.flush();
  trail.flush();
  std::sort(us.begin(), us.end());
  std::printf("added to a request: p50 %.1f us, p99 %.1f us, most %.1f us\n", us[us.size() / 2],
              us[us.size() * 99 / 100], us.back());

  std::vector<protocol::Request> requests{request};
  auto meter = gateway::set_aside(box, *box.keys.authenticate(key), "tiny", requests);
  const protocol::Event event = protocol::Text{0, "word"};
  constexpr int events = 10'000'000;
  const auto begin = Clock::now();
  for (int i = 0; i < events; ++i) meter.take(event);
  std::printf("added to an event: mean %.4f us\n", microseconds_since(begin) / events);
  return 0;
}
