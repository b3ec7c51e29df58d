#include <fmt/format.h>

#include "app/admin.h"
#include "app/box.h"
#include "app/command.h"
#include "base/error.h"

namespace cofre::app {

Action declare_reload(Options& options) {
  auto data_text = std::make_shared<std::string>();
  declare_data(options, *data_text);
  return [data_text] {
    const auto data = data_directory_of(*data_text);
    const auto answer = ask_box(data, {{"do", "reload"}});
    if (!answer) fail(Code::not_found, "no box runs in {}", data.string());
    for (const auto& key : json::array_at(*answer, "changed"))
      fmt::print("changed: {}\n", std::string_view(key.as_string()));
    for (const auto& key : json::array_at(*answer, "after_restart")) {
      fmt::print("after the next start: {}\n", std::string_view(key.as_string()));
    }
  };
}

}  // namespace cofre::app
