#include "config/config.h"

#include <fmt/format.h>

#include "app/box.h"
#include "app/command.h"
#include "base/error.h"
#include "json/json.h"
#include "os/disk.h"

namespace cofre::app {
namespace {

void write_default(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  if (!os::create_private(file, config::default_file())) {
    fail(Code::invalid, "{} is there already and is left as it is", file.string());
  }
  fmt::print("{}\n", file.string());
}

}  // namespace

Action declare_config(Options& options) {
  struct Given {
    std::string data;
    bool json = false, write = false, markdown = false, check = false;
  };
  auto given = std::make_shared<Given>();
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  options.flag("--write", given->write, "write a cofre.toml in which every setting stands as a comment");
  options.flag("--check", given->check, "only say whether the settings are right");
  options.flag("--markdown", given->markdown, "print the page docs/configuration.md");
  return [given] {
    if (given->markdown) {
      fmt::print("{}", config::documentation());
      return;
    }
    const auto file = config::file_in(data_directory_of(given->data));
    if (given->write) return write_default(file);
    const auto loaded = config::load(file);
    for (const auto& note : loaded.notes) fmt::print(stderr, "cofre: note: {}\n", note);
    if (given->check) return;
    const auto shown = config::show(loaded);
    if (given->json) {
      json::Array list;
      for (const auto& one : shown) {
        list.push_back(json::Object{{"key", one.key}, {"value", one.value}, {"from", config::name_of(one.origin)}});
      }
      fmt::print("{}\n", json::dump(json::Object{{"settings", std::move(list)}}));
      return;
    }
    for (const auto& one : shown) {
      fmt::print("{:<58} # {}\n", one.key + " = " + one.value, config::name_of(one.origin));
    }
  };
}

}  // namespace cofre::app
