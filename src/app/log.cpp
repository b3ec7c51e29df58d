#include "log/log.h"

#include <fmt/format.h>

#include <deque>

#include "app/box.h"
#include "app/command.h"
#include "base/error.h"

namespace cofre::app {

Action declare_log(Options& options) {
  struct Given {
    std::string id, data;
    std::int64_t last = 20;
  };
  auto given = std::make_shared<Given>();
  options.text("ID", given->id, "of a request, as its X-Request-Id header says");
  options.number("-n,--last", given->last, 1, 1'000'000, "lines from the end, where no ID is given");
  declare_data(options, given->data);
  return [given] {
    const auto folder = log_folder_in(data_directory_of(given->data));
    std::deque<std::string> lines;
    if (given->id.empty()) {
      log::read(folder, [&](std::string_view line) {
        lines.emplace_back(line);
        if (lines.size() > static_cast<std::size_t>(given->last)) lines.pop_front();
      });
    } else {
      for (auto& line : log::find(folder, given->id)) lines.push_back(std::move(line));
      if (lines.empty()) fail_field(Code::not_found, "id", "the log has no request {}", given->id);
    }
    for (const auto& line : lines) fmt::print("{}\n", line);
  };
}

}  // namespace cofre::app
