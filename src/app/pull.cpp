#include "fleet/pull.h"

#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "app/confined.h"
#include "app/progress.h"
#include "os/interrupt.h"

namespace cofre::app {

Action declare_pull(Options& options) {
  struct Given {
    std::string model;
    bool json = false, lines = false;
  };
  auto given = std::make_shared<Given>();
  options.text(
      "MODEL", given->model,
      "a name of the catalogue or owner/name:QUANTIZATION; without it the largest default that fits into memory");
  options.flag("--json", given->json, "print the result as JSON");
  options.flag("--json-progress", given->lines, "tell the progress as lines of JSON on standard error");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    fleet::Pulled pulled;
    recorded_model_change("model.pull", given->model.empty() ? "default" : given->model, [&] {
      const auto progress = make_progress(given->lines);
      pulled = fleet::pull(models, given->model, confined_surroundings(), *progress);
    });
    const auto& stored = pulled.stored;
    if (given->json) {
      print_as_json(pulled);
    } else {
      fmt::print("{} {}: {}\n", stored.name, pulled.was_there ? "is here" : "is ready", stored.file.string());
    }
  };
}

}  // namespace cofre::app
