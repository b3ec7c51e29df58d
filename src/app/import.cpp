#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "app/progress.h"
#include "base/error.h"
#include "fleet/pull.h"
#include "os/interrupt.h"
#include "os/process.h"
#include "os/spawn.h"

namespace cofre::app {
namespace {

/// In a process that has no network and sees this file alone.
void inspect_confined(const std::filesystem::path& path) {
  const auto done =
      os::run_process({os::own_program(), "inspect", "--confined", std::filesystem::absolute(path).string()});
  if (done.exit_code == 0) return;
  auto why = done.error.substr(0, done.error.find('\n'));
  if (why.starts_with("cofre: ")) why.erase(0, 7);
  fail(Code::invalid, "{}",
       why.empty() ? fmt::format("{}: reading it ended with {}", path.string(), done.exit_code) : why);
}

}  // namespace

Action declare_import(Options& options) {
  struct Given {
    std::string file, name;
    bool json = false, lines = false, take = false;
  };
  auto given = std::make_shared<Given>();
  options.text("FILE", given->file, "a GGUF file; it is copied");
  options.required();
  options.text("--name", given->name, "the name to keep it under; otherwise the catalogue's or the file's own");
  options.flag("--take", given->take, "move the file instead of copying it; it must lie on the store's disk");
  options.flag("--json", given->json, "print the result as JSON");
  options.flag("--json-progress", given->lines, "tell the progress as lines of JSON on standard error");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    const auto progress = make_progress(given->lines);
    auto around = fleet::Surroundings::from_environment();
    around.inspect = inspect_confined;
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
