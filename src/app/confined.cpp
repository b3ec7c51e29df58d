#include "app/confined.h"

#include <algorithm>

#include "app/command.h"
#include "app/progress.h"
#include "base/error.h"
#include "fleet/container.h"
#include "json/json.h"
#include "os/interrupt.h"
#include "os/process.h"
#include "os/sandbox.h"
#include "os/spawn.h"

namespace cofre::app {
namespace {

/// This program, on a file of which it knows nothing else. Throws Error(invalid) with what it says where it fails.
void run_confined(std::vector<std::string> arguments, const std::filesystem::path& path,
                  const os::ProcessOptions& options = {}) {
  arguments.insert(arguments.begin(), os::own_program());
  const auto done = os::run_process(arguments, options);
  if (done.exit_code == 0) return;
  constexpr std::string_view name = "cofre: ";
  const auto at = done.error.rfind(name);  // lines of progress may stand before it
  auto why = at == done.error.npos ? "" : done.error.substr(at + name.size());
  why.resize(std::min(why.size(), why.find('\n')));
  fail(Code::invalid, "{}",
       why.empty() ? fmt::format("{}: reading it ended with {}", path.string(), done.exit_code) : why);
}

/// What ProgressLines writes, told to a listener as it comes.
class Heard {
 public:
  explicit Heard(fleet::Listener& listener) : listener_(listener) {}
  void operator()(std::string_view bytes) {
    pending_ += bytes;
    for (std::size_t end; (end = pending_.find('\n')) != pending_.npos; pending_.erase(0, end + 1))
      if (pending_.starts_with('{')) line(std::string_view(pending_).substr(0, end));
  }

 private:
  void line(std::string_view text) {
    const auto parsed = json::parse(text);
    if (!parsed.is_object()) return;
    const auto& object = parsed.get_object();
    if (object.contains("say")) return listener_.say(json::string_at(object, "say"));
    listener_.advance(json::unsigned_at(object, "done", INT64_MAX), json::unsigned_at(object, "total", INT64_MAX));
  }

  fleet::Listener& listener_;
  std::string pending_;
};

void convert(const std::filesystem::path& folder, const std::filesystem::path& to,
             huggingface::Quantization quantization, std::uint64_t free_bytes, fleet::Listener& listener) {
  std::vector<std::string> arguments = {"convert", std::filesystem::absolute(folder).string(),
                                        std::filesystem::absolute(to).string(), "--free",
                                        std::to_string(std::min<std::uint64_t>(free_bytes, INT64_MAX))};
  if (quantization != huggingface::Quantization::none) {
    arguments.emplace_back("--quantize");
    arguments.emplace_back(huggingface::name_of(quantization));
  }
  run_confined(std::move(arguments), folder,
               {.environment = {}, .stop = [&] { return listener.stopped(); }, .heard = Heard(listener)});
}

}  // namespace

fleet::Surroundings confined_surroundings() {
  auto around = fleet::Surroundings::from_environment();
  around.inspect = [](const std::filesystem::path& path) {
    run_confined({"inspect", "--confined", std::filesystem::absolute(path).string()}, path);
  };
  around.unpack = [](const std::filesystem::path& from, const std::filesystem::path& to) {
    run_confined({"unpack", std::filesystem::absolute(from).string(), std::filesystem::absolute(to).string()}, from);
  };
  around.convert = convert;
  return around;
}

/// Of confined_surroundings(): what it writes to is open before it is shut in.
Action declare_unpack(Options& options) {
  struct Given {
    std::string from, to;
  };
  auto given = std::make_shared<Given>();
  options.text("FROM", given->from, "a container of another program");
  options.required();
  options.text("TO", given->to, "the model file that is made of it");
  options.required();
  return
      [given] { fleet::unpack_container(given->from, given->to, [&] { os::confine({.readable = {given->from}}); }); };
}

/// The same for a folder of Hugging Face's.
Action declare_convert(Options& options) {
  struct Given {
    std::string folder, to, quantization;
    bool quantizes = false;
    std::int64_t free = 0;
  };
  auto given = std::make_shared<Given>();
  options.text("FOLDER", given->folder, "a folder of Hugging Face's");
  options.required();
  options.text("TO", given->to, "the model file that is made of it");
  options.required();
  options.text("--quantize", given->quantization, given->quantizes, "Q8_0 or Q4_0");
  options.number("--free", given->free, 0, INT64_MAX, "bytes that may be written");
  options.required();
  return [given] {
    const auto quantization = huggingface::find_quantization(given->quantization);
    if (given->quantizes && !quantization) throw UsageError{"--quantize takes Q8_0 or Q4_0"};
    const os::InterruptGuard guard;
    ProgressLines progress;
    fleet::convert_folder(given->folder, given->to, quantization.value_or(huggingface::Quantization::none),
                          static_cast<std::uint64_t>(given->free), progress,
                          [&] { os::confine({.readable = {given->folder}}); });
  };
}

}  // namespace cofre::app
