#include <fmt/format.h>

#include "app/admin.h"
#include "app/box.h"
#include "app/command.h"
#include "base/error.h"

namespace cofre::app {
namespace {

void print_person(const json::Object& status) {
  fmt::print("The box runs: {} (process {}, {} s)\n", json::string_at(status, "address"),
             json::unsigned_at(status, "process", UINT64_MAX), json::unsigned_at(status, "up_s", UINT64_MAX));
  for (const auto& item : json::array_at(status, "models")) {
    const auto& model = item.as_object();
    fmt::print("  {:32} {}\n", json::string_at(model, "name"), json::string_at(model, "state"));
  }
}

}  // namespace

Action declare_status(Options& options) {
  struct Given {
    std::string data;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const auto data = data_directory_of(given->data);
    const auto status = ask_box(data, {{"do", "status"}});
    if (!status) fail(Code::not_found, "no box runs in {}: cofre serve starts it", data.string());
    if (given->json) {
      fmt::print("{}\n", json::dump(*status));
    } else {
      print_person(*status);
    }
  };
}

}  // namespace cofre::app
