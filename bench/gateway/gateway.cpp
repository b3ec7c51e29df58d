// The gateway alone: many open streams over TLS whose events are replayed. Tells the memory of a stream and what the
// gateway adds to an event's way.
//
//   bench_gateway [STREAMS] [EVENTS_A_SECOND] [SECONDS]        default 8000 2000 10

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/certificates.h"
#include "gateway/gateway.h"
#include "gateway/replay_models.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "os/paths.h"

namespace {

using namespace cofre;
using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds() { return Clock::now().time_since_epoch().count(); }

std::uint64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  return 0;
}

template <class T>
void send_to(int pipe, const T& value) {
  if (::write(pipe, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) std::exit(1);
}
template <class T>
T receive_from(int pipe) {
  T value{};
  if (::read(pipe, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) std::exit(1);
  return value;
}

struct Load {
  int streams, rate, seconds;
};

/// The server's process: tells its port and key, then gives each stream its events in turn.
void serve(const Load& load, const crypto::Identity& identity, int out) {
  const os::TemporaryDirectory folder(std::filesystem::temp_directory_path());
  const auto master = crypto::Secret::random();
  store::Database database(folder.path() / "bench.db", master.derive("store"));
  std::mutex mutex;
  accounts::Accounts accounts(database, mutex, master, folder.path());
  records::Records records(database, mutex, {folder.path(), folder.path()});
  gateway::ReplayModels models;
  gateway::Settings settings;
  settings.requests_per_key = 1 << 20;
  gateway::Gateway gateway(models, accounts, records, settings);
  http::Options options;
  options.tls.certificate_pem = identity.certificate_pem;
  options.tls.key_pem = identity.key_pem;
  options.limits.connections = options.limits.connections_of_address = 1 << 20;
  http::Server server(options, gateway);
  const auto key = accounts.keys.create("bench", {accounts::Scope::inference});
  send_to(out, server.port());
  if (::write(out, key.data(), key.size()) < 0) std::exit(1);

  const auto before = resident_kib();
  std::vector<std::shared_ptr<gateway::ReplayModels::Asked>> streams;
  for (int i = 0; i < load.streams; ++i) {
    streams.push_back(models.wait_for_request());
    if (!streams.back()) std::exit(1);
    streams.back()->give(protocol::Started{});
  }
  std::printf("%d streams: %.1f KiB each\n", load.streams, static_cast<double>(resident_kib() - before) / load.streams);
  std::fflush(stdout);
  auto next = Clock::now() + std::chrono::seconds(2);
  for (int i = 0; i < load.rate * load.seconds; ++i) {
    std::this_thread::sleep_until(next);
    next += std::chrono::nanoseconds(1'000'000'000 / load.rate);
    streams[static_cast<std::size_t>(i % load.streams)]->give(
        protocol::Text{0, "t=" + std::to_string(nanoseconds()) + ";"});
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  server.stop(std::chrono::milliseconds(0));
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  const Load load{number(1, 8000), number(2, 2000), number(3, 10)};
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto authority = crypto::make_authority("Bench", now, std::chrono::days(1));
  const std::vector<std::string> names = {"localhost"};
  const auto identity = crypto::make_server_certificate(authority, names, now, std::chrono::days(1));
  int pipe[2];
  if (::pipe(pipe) != 0) return 1;
  const pid_t child = ::fork();
  if (child == 0) {
    serve(load, identity, pipe[1]);
    return 0;
  }
  const auto port = receive_from<std::uint16_t>(pipe[0]);
  std::string key(49, '\0');
  if (::read(pipe[0], key.data(), key.size()) != static_cast<ssize_t>(key.size())) return 1;
  const std::string body = R"({"model":"tiny","stream":true,"messages":[{"role":"user","content":"hi"}]})";
  const auto request = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key +
                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  std::vector<std::unique_ptr<http::RawClient>> clients;
  for (int i = 0; i < load.streams; ++i) {
    clients.push_back(std::make_unique<http::RawClient>(port, authority.certificate_pem));
    clients.back()->send(request);
    clients.back()->wait_for("assistant");
    clients.back()->forget();
  }
  std::vector<double> added;
  for (int i = 0; i < load.rate * load.seconds; ++i) {
    auto& client = *clients[static_cast<std::size_t>(i % load.streams)];
    const auto& text = client.wait_for(";\"}");
    const auto at = text.find("t=");
    if (at == std::string::npos) return 1;
    added.push_back(static_cast<double>(nanoseconds() - std::strtoll(text.c_str() + at + 2, nullptr, 10)) / 1e6);
    client.forget();
  }
  std::sort(added.begin(), added.end());
  std::printf("%d events/s: added p50 %.3f ms, p99 %.3f ms, most %.3f ms\n", load.rate, added[added.size() / 2],
              added[added.size() * 99 / 100], added.back());
  clients.clear();
  ::waitpid(child, nullptr, 0);
  return 0;
}
