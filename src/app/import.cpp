#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "app/progress.h"
#include "fleet/pull.h"
#include "os/interrupt.h"

namespace cofre::app {

Action declare_import(Options& options) {
  struct Given {
    std::string file, name;
  };
  auto given = std::make_shared<Given>();
  options.text("FILE", given->file, "a GGUF file; it is copied");
  options.required();
  options.text("--name", given->name, "the name to keep it under; otherwise the catalogue's or the file's own");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    ProgressPrinter progress;
    fleet::Pulled imported;
    const auto name = given->name.empty() ? std::filesystem::path(given->file).filename().string() : given->name;
    recorded_model_change("model.import", name, [&] {
      imported = fleet::import_file(given->file, given->name, models.catalogue, models.store,
                                    fleet::Surroundings::from_environment(), progress);
    });
    progress.say(fmt::format("SHA-256 {}", imported.stored.sha256));
    fmt::print("{} {}: {}\n", imported.stored.name, imported.was_there ? "is here" : "is ready",
               imported.stored.file.string());
  };
}

}  // namespace cofre::app
