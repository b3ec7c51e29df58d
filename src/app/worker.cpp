#include "fleet/worker.h"
#include "app/command.h"
#include "app/worker_service.h"
#include "base/error.h"
#include "model/weights.h"
#include "os/sandbox.h"
#include "serving/bench.h"
#include "serving/chat.h"
#include "serving/encoder_service.h"
#include "serving/text_service.h"

namespace cofre::app {
namespace {

/// What computing reads beside the model: how many processors and how much memory there are, what time it is.
std::vector<std::filesystem::path> readable(const std::filesystem::path& model) {
  return {model,
          "/proc/self",
          "/proc/meminfo",
          "/proc/cpuinfo",
          "/sys/devices/system/cpu",
          "/sys/devices/system/node",
          "/sys/fs/cgroup",
          "/etc/localtime",
          "/usr/share/zoneinfo"};
}

protocol::Ready facts(const fleet::WorkerSettings& settings, const serving::Loaded& loaded,
                      os::ConfinementReport report) {
  protocol::Ready ready;
  ready.architecture = loaded.spec.family;
  ready.name = settings.name;
  ready.context = loaded.spec.context;
  ready.vocabulary = loaded.spec.vocabulary;
  ready.width = loaded.spec.width;
  for (const auto& tensor : loaded.file.tensors()) ready.parameters += tensor.elements();
  ready.file_bytes = settings.file.empty() ? 0 : std::filesystem::file_size(settings.file);
  ready.sequences = settings.sequences;
  ready.page_tokens = engine::page_tokens;
  ready.chat = !loaded.spec.encoder && loaded.file.string("tokenizer.chat_template").has_value();
  ready.confined = std::move(report.applied);
  ready.refused = std::move(report.refused);
  return ready;
}

void run(serving::ModelService& service, Outgoing& outgoing, protocol::Ready ready) {
  WorkerService worker(fleet::worker_socket, outgoing, service);
  worker.prove();
  ready.resident_bytes = serving::resident_bytes();
  outgoing.push(std::move(ready));
  worker.run();
}

void serve_text(const fleet::WorkerSettings& settings, serving::Loaded& loaded, Outgoing& outgoing,
                protocol::Ready ready) {
  serving::TextModel model(loaded, {.context = settings.context,
                                    .kv_bytes = settings.kv_bytes,
                                    .sequences = settings.sequences,
                                    .kv_format = settings.kv_q8 ? kernels::KvFormat::q8 : kernels::KvFormat::f16,
                                    .queue = settings.queue,
                                    .step_ms = static_cast<double>(settings.step_ms)});
  const auto& advice = settings.advice;
  serving::TextService service(
      model, {.advice = {advice.temperature, advice.top_p, advice.min_p, advice.repetition_penalty, advice.top_k}});
  ready.context = model.context();
  ready.kv_bytes = model.kv_bytes();
  run(service, outgoing, std::move(ready));
}

void serve(const fleet::WorkerSettings& settings, Outgoing& outgoing, os::Turns& turns, os::ConfinementReport report) {
  if (settings.sandbox_required && !report.refused.empty())
    fail(Code::unsupported, "the kernel refuses a part of the sandbox (workers.sandbox_required): {}",
         report.refused.front());
  serving::Loaded loaded(settings.file, {.threads = settings.threads, .progress = {}});
  loaded.team.take_turns(turns, settings.seat);
  report.applied.push_back("processors: " + loaded.team.placement().text);
  auto ready = facts(settings, loaded, std::move(report));
  if (!loaded.spec.encoder) return serve_text(settings, loaded, outgoing, std::move(ready));
  serving::EncoderService service(loaded, {.queue = settings.queue});
  run(service, outgoing, std::move(ready));
}

}  // namespace

Action declare_worker(Options& options) {
  auto settings_text = std::make_shared<std::string>();
  options.text("SETTINGS", *settings_text, "JSON");
  options.required();
  return [settings_text] {
    const auto value = json::parse(*settings_text);
    if (!value.is_object()) fail(Code::invalid, "the settings of a worker are a JSON object");
    const auto settings = fleet::WorkerSettings::from_json(value.get_object());
    os::Turns turns{os::Descriptor(fleet::worker_turns)};
    // Before the first thread, and before the first byte of the model is read.
    auto report = os::confine({.readable = readable(settings.file), .memory_bytes = settings.memory_bytes});
    Outgoing outgoing(fleet::worker_socket);
    try {
      serve(settings, outgoing, turns, std::move(report));
    } catch (const Error& error) {
      outgoing.push(protocol::StreamEvent{0, protocol::Failed{error.code(), error.what(), error.field(), 0, {}}});
      throw;
    } catch (const std::bad_alloc&) {
      outgoing.push(protocol::StreamEvent{
          0, protocol::Failed{Code::exhausted, "the model needs more memory than it was given", {}}});
      throw;
    }
  };
}

}  // namespace cofre::app
