#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "app/admin.h"
#include "app/box.h"
#include "app/command.h"
#include "base/error.h"

namespace cofre::app {

Action declare_stop(Options& options) {
  auto data_text = std::make_shared<std::string>();
  declare_data(options, *data_text);
  return [data_text] {
    const auto data = data_directory_of(*data_text);
    const int process = box_process(data);
    const auto answer = ask_box(data, {{"do", "stop"}});
    if (!answer) fail(Code::not_found, "no box runs in {}", data.string());
    // Running answers may take as long as the box allows them; then it cuts what is left.
    const auto patience = std::chrono::seconds(10 + json::unsigned_at(*answer, "within_s", 86400));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (box_process(data) == process && process != 0) {
      if (std::chrono::steady_clock::now() > end) {
        fail(Code::unavailable, "the box (process {}) is still stopping", process);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    fmt::print("The box is stopped.\n");
  };
}

}  // namespace cofre::app
