#include "fleet/pull.h"

#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "app/progress.h"
#include "json/json.h"
#include "os/interrupt.h"

namespace cofre::app {

Action declare_pull(Options& options) {
  struct Given {
    std::string model;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  options.text(
      "MODEL", given->model,
      "a name of the catalogue or owner/name:QUANTIZATION; without it the largest default that fits into memory");
  options.flag("--json", given->json, "print the result as JSON");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    fleet::Pulled pulled;
    recorded_model_change("model.pull", given->model.empty() ? "default" : given->model, [&] {
      ProgressPrinter progress;
      pulled = fleet::pull(models, given->model, fleet::Surroundings::from_environment(), progress);
    });
    const auto& stored = pulled.stored;
    if (given->json) {
      json::Object result;
      result["name"] = stored.name;
      result["path"] = stored.file.string();
      result["bytes"] = stored.identity.bytes;
      result["sha256"] = stored.sha256;
      result["was_there"] = pulled.was_there;
      fmt::print("{}\n", json::dump(result));
    } else {
      fmt::print("{} {}: {}\n", stored.name, pulled.was_there ? "is here" : "is ready", stored.file.string());
    }
  };
}

}  // namespace cofre::app
