// The audit trail on this machine's disk: how many records a second reach it, how long a management record takes, what
// a request waits for its own.
//
//   bench_audit FOLDER [RECORDS]        default 100000; FOLDER: where a folder for it is made

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "accounts/audit/trail.h"
#include "accounts/audit/verify.h"
#include "os/paths.h"

namespace {

using namespace cofre;
using namespace cofre::accounts;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

audit::Entry request(int i) {
  return {.action = "request",
          .outcome = "stop",
          .who = "person " + std::to_string(i % 1000),
          .from = "192.0.2.7",
          .facts = {{"id", "req_0123456789abcdef01234567"},
                    {"route", "/v1/chat/completions"},
                    {"status", 200},
                    {"model", "qwen2.5-coder-1.5b"},
                    {"prompt_tokens", 812},
                    {"completion_tokens", 120},
                    {"ms", 5312}}};
}

void tell(const char* what, std::vector<double> us) {
  std::sort(us.begin(), us.end());
  std::printf("%s: p50 %.1f us, p99 %.1f us, most %.1f us\n", what, us[us.size() / 2], us[us.size() * 99 / 100],
              us.back());
}

}  // namespace

int main(int argc, char** argv) {
  const int records = argc > 2 ? std::atoi(argv[2]) : 100'000;
  const os::TemporaryDirectory folder(argc > 1 ? argv[1] : "/tmp");
  const auto master = crypto::Secret::random();
  store::Database database(folder.path() / "bench.db", master.derive("store"));
  std::mutex mutex;
  audit::Trail::Options options;
  options.folder = folder.path() / "audit";
  audit::Trail trail(database, mutex, master, folder.path(), options);
  for (int i = 0; i < 1000; ++i) trail.record(request(i));  // everybody has a key
  trail.flush();

  std::vector<double> added;
  const auto begin = Clock::now();
  for (int i = 0; i < records; ++i) {
    while (!trail.accepts()) std::this_thread::yield();
    const auto before = Clock::now();
    trail.record(request(i));
    added.push_back(seconds_since(before) * 1e6);
  }
  trail.flush();
  std::printf("%.0f records/s on the disk\n", records / seconds_since(begin));
  tell("added to a request", added);

  std::vector<double> management;
  for (int i = 0; i < 500; ++i) {
    const auto before = Clock::now();
    trail.record_now(request(i));
    management.push_back(seconds_since(before) * 1e6);
  }
  tell("a management record, on the disk", management);

  const auto check = Clock::now();
  const auto ends = trail.ends();
  const auto verdict = audit::verify(
      options.folder, {.head = ends.head, .base = ends.base, .checkpoints = {}, .public_key = ends.public_key});
  std::printf("%.0f records/s verified, %s\n", static_cast<double>(verdict.records) / seconds_since(check),
              verdict.bad ? "NOT as they were" : "all as they were");
  return verdict.bad ? 1 : 0;
}
