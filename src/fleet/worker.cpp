#include "fleet/worker.h"

#include <signal.h>

#include <cstring>

#include "protocol/fields.h"

namespace cofre::fleet {
namespace {

/// Signals that a program gets for a fault of its own.
bool is_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGILL || signal == SIGFPE ||
         signal == SIGSYS;
}

std::string describe(int exit_code) {
  if (exit_code > 128)
    return fmt::format("it was ended by signal {} ({})", exit_code - 128, ::strsignal(exit_code - 128));
  return fmt::format("it left with exit code {}", exit_code);
}

}  // namespace

json::Object WorkerSettings::to_json() const {
  json::Object out{{"file", file.string()},
                   {"name", name},
                   {"context", context},
                   {"kv_bytes", kv_bytes},
                   {"memory_bytes", memory_bytes},
                   {"kv_q8", kv_q8},
                   {"sequences", sequences},
                   {"queue", queue},
                   {"step_ms", step_ms},
                   {"threads", threads},
                   {"seat", seat},
                   {"sandbox_required", sandbox_required}};
  const auto put = [&](const char* key, const auto& value) {
    if (value) out[key] = *value;
  };
  put("temperature", advice.temperature);
  put("top_p", advice.top_p);
  put("min_p", advice.min_p);
  put("repetition_penalty", advice.repetition_penalty);
  put("top_k", advice.top_k);
  return out;
}

WorkerSettings WorkerSettings::from_json(const json::Object& object) {
  const protocol::Fields fields(object);
  const auto small = [&](const char* key) { return static_cast<std::uint32_t>(fields.count(key, UINT32_MAX)); };
  WorkerSettings s;
  s.file = fields.text("file");
  s.name = fields.text("name");
  s.context = fields.count("context", UINT64_MAX);
  s.kv_bytes = fields.count("kv_bytes", UINT64_MAX);
  s.memory_bytes = fields.count("memory_bytes", UINT64_MAX);
  s.kv_q8 = fields.flag("kv_q8");
  s.sequences = small("sequences");
  s.queue = small("queue");
  s.step_ms = small("step_ms");
  s.threads = small("threads");
  s.seat = static_cast<std::uint32_t>(fields.count("seat", os::Turns::seats - 1));
  s.sandbox_required = fields.flag("sandbox_required");
  s.advice.temperature = fields.real_if("temperature");
  s.advice.top_p = fields.real_if("top_p");
  s.advice.min_p = fields.real_if("min_p");
  s.advice.repetition_penalty = fields.real_if("repetition_penalty");
  if (fields.has("top_k")) s.advice.top_k = small("top_k");
  return s;
}

Worker::Worker(Loop& loop, const std::string& program, const WorkerSettings& settings, const os::Turns& turns,
               Calls calls)
    : Worker(loop, start(program, settings, turns), std::move(calls)) {}

Worker::Started Worker::start(const std::string& program, const WorkerSettings& settings, const os::Turns& turns) {
  auto [ours, theirs] = os::socket_pair();
  const std::vector<std::string> command{program.empty() ? os::own_program() : program, "worker",
                                         json::dump(settings.to_json())};
  const pid_t process =
      os::spawn(command, {}, {.out = -1, .error = -1, .inherited = {theirs.get(), turns.descriptor()}});
  return {os::Child(process), std::move(ours)};
}

Worker::Worker(Loop& loop, Started started, Calls calls)
    : calls_(std::move(calls)),
      child_(std::move(started.child)),
      link_(loop, std::move(started.socket),
            {.bytes = [this](std::string_view bytes) { take(bytes); },
             // Its end follows, and tells more; a process that lives on without its socket is of no use.
             .closed = [this] { child_.kill(); }}),
      watch_(loop, child_.watch(), [this] {
        const int code = child_.exit_code().value_or(0);
        end(describe(code), code > 128 ? is_fault(code - 128) : code != 0);
      }) {}

void Worker::take(std::string_view bytes) {
  try {
    decoder_.feed(std::as_bytes(std::span(bytes)));
    while (!over_) {
      const auto object = decoder_.next();
      if (!object) return;
      calls_.frame(protocol::frame_from_json(*object));
    }
  } catch (const Error& error) {
    child_.kill();
    end(fmt::format("it sent what is no frame: {}", error.what()), true);
  }
}

void Worker::end(const std::string& how, bool crash) {
  if (std::exchange(over_, true)) return;
  calls_.ended(how, crash);
}

}  // namespace cofre::fleet
