#include "app/confined.h"

#include "app/command.h"
#include "base/error.h"
#include "fleet/container.h"
#include "os/process.h"
#include "os/sandbox.h"
#include "os/spawn.h"

namespace cofre::app {
namespace {

/// This program, on a file of which it knows nothing else. Throws Error(invalid) with what it says where it fails.
void run_confined(std::vector<std::string> arguments, const std::filesystem::path& path) {
  arguments.insert(arguments.begin(), os::own_program());
  const auto done = os::run_process(arguments);
  if (done.exit_code == 0) return;
  auto why = done.error.substr(0, done.error.find('\n'));
  if (why.starts_with("cofre: ")) why.erase(0, 7);
  fail(Code::invalid, "{}",
       why.empty() ? fmt::format("{}: reading it ended with {}", path.string(), done.exit_code) : why);
}

}  // namespace

fleet::Surroundings confined_surroundings() {
  auto around = fleet::Surroundings::from_environment();
  around.inspect = [](const std::filesystem::path& path) {
    run_confined({"inspect", "--confined", std::filesystem::absolute(path).string()}, path);
  };
  around.unpack = [](const std::filesystem::path& from, const std::filesystem::path& to) {
    run_confined({"unpack", std::filesystem::absolute(from).string(), std::filesystem::absolute(to).string()}, from);
  };
  return around;
}

/// Of confined_surroundings(): what it writes to is open before it is shut in.
Action declare_unpack(Options& options) {
  struct Given {
    std::string from, to;
  };
  auto given = std::make_shared<Given>();
  options.text("FROM", given->from, "a container of another program");
  options.required();
  options.text("TO", given->to, "the model file that is made of it");
  options.required();
  return
      [given] { fleet::unpack_container(given->from, given->to, [&] { os::confine({.readable = {given->from}}); }); };
}

}  // namespace cofre::app
