#include <fmt/format.h>

#include <fstream>

#include "app/box.h"
#include "app/command.h"
#include "base/error.h"
#include "os/disk.h"
#include "os/paths.h"
#include "os/process.h"
#include "os/spawn.h"

namespace cofre::app {
namespace {

constexpr const char* unit_name = "cofre.service";

struct Given {
  std::string action, data, user_name;
  bool user = false, print = false;
};

/// A word of a unit's command line (systemd.service(5), "Command lines").
std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '%' || c == '$') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string unit(const Given& given, const std::filesystem::path& data) {
  const std::string account = given.user_name.empty() ? "" : fmt::format("User={}\n", given.user_name);
  // Workers make namespaces and filters of their own: nothing here may forbid that.
  return fmt::format(
      "[Unit]\n"
      "Description=Cofre, the AI service of this machine\n"
      "After=network.target\n"
      "\n"
      "[Service]\n"
      "ExecStart={} serve --data {}\n"
      "ExecReload=/bin/kill -HUP $MAINPID\n"
      "{}"
      "Restart=on-failure\n"
      "RestartSec=2\n"
      "TimeoutStopSec=90\n"
      "KillMode=mixed\n"
      "LimitNOFILE=65536\n"
      "NoNewPrivileges=yes\n"
      "PrivateTmp=yes\n"
      "UMask=0077\n"
      "\n"
      "[Install]\n"
      "WantedBy={}\n",
      quoted(os::own_program()), quoted(data.string()), account, given.user ? "default.target" : "multi-user.target");
}

std::filesystem::path unit_path(bool user) {
  if (!user) return std::filesystem::path("/etc/systemd/system") / unit_name;
  if (const auto config = os::environment("XDG_CONFIG_HOME")) {
    return std::filesystem::path(*config) / "systemd/user" / unit_name;
  }
  const auto home = os::home_directory();
  if (!home) fail(Code::invalid, "no home directory: set HOME");
  return *home / ".config/systemd/user" / unit_name;
}

void systemctl(bool user, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "systemctl");
  if (user) arguments.insert(arguments.begin() + 1, "--user");
  const auto result = os::run_process(arguments);
  if (result.exit_code != 0) fail(Code::unavailable, "systemctl {}: {}", arguments.back(), result.error);
}

void install(const Given& given, const std::filesystem::path& data) {
  const auto path = unit_path(given.user);
  std::filesystem::create_directories(path.parent_path());
  os::write_whole(path, unit(given, data));
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(0644));
  systemctl(given.user, {"daemon-reload"});
  systemctl(given.user, {"enable", "--now", unit_name});
  fmt::print("The box runs as a service and starts with the machine ({}).\n", path.string());
  if (given.user) fmt::print("So that it runs without you being logged in: loginctl enable-linger\n");
}

void remove(bool user) {
  const auto path = unit_path(user);
  if (!std::filesystem::exists(path)) fail(Code::not_found, "{} is not there", path.string());
  systemctl(user, {"disable", "--now", unit_name});
  std::filesystem::remove(path);
  systemctl(user, {"daemon-reload"});
  fmt::print("The service is removed; what it kept is where it was.\n");
}

}  // namespace

Action declare_service(Options& options) {
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action, "install or remove");
  options.required();
  options.flag("--user", given->user, "a service of this user, not of the system");
  options.text("--as", given->user_name, "the user that a service of the system runs as");
  options.flag("--print", given->print, "only print the unit that would be installed");
  declare_data(options, given->data);
  return [given] {
    if (given->action != "install" && given->action != "remove") {
      throw UsageError{fmt::format("service knows install and remove, not \"{}\"", given->action)};
    }
    if (given->user && !given->user_name.empty()) throw UsageError{"--as is for a service of the system"};
    const auto data = data_directory_of(given->data);
    if (given->print) {
      fmt::print("{}", unit(*given, data));
    } else if (given->action == "install") {
      install(*given, data);
    } else {
      remove(given->user);
    }
  };
}

}  // namespace cofre::app
