#include <fmt/format.h>

#include "app/audit_actions.h"
#include "app/command.h"
#include "fleet/resolve.h"

namespace cofre::app {

Action declare_rm(Options& options) {
  auto names = std::make_shared<std::vector<std::string>>();
  options.texts("MODEL", *names, "names in the store");
  options.required();
  return [names] {
    auto models = fleet::Models::open();
    for (const auto& text : *names) {
      const std::string name = fleet::stored_name(models, text);
      std::uint64_t freed = 0;
      recorded_model_change("model.rm", name, [&] { freed = models.store.remove(name); });
      fmt::print("{} is removed: {:.0f} MB are free again\n", name, static_cast<double>(freed) / 1e6);
    }
  };
}

}  // namespace cofre::app
