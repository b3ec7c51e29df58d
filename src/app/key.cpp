#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "app/box.h"
#include "app/command.h"
#include "app/key_actions.h"
#include "base/error.h"

namespace cofre::app {
namespace {

struct Given {
  std::string action, name, data;
  std::vector<std::string> scopes;
  std::optional<std::int64_t> days;
  bool json = false;
};

constexpr std::int64_t day_s = 86400;

std::string date(const json::Value& seconds) {
  if (seconds.is_null()) return "";
  const std::time_t time = seconds.to_number<std::int64_t>();
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

json::Object request_of(const Given& given) {
  if (given.action != "create" && given.action != "list" && given.action != "revoke") {
    throw UsageError{fmt::format("key knows create, list and revoke, not \"{}\"", given.action)};
  }
  if ((given.action == "list") != given.name.empty()) {
    throw UsageError{given.action == "list" ? "key list takes no name" : "key " + given.action + " needs a name"};
  }
  if (given.action != "create" && (!given.scopes.empty() || given.days)) {
    throw UsageError{"--scope and --days belong to key create"};
  }
  json::Object request{{"do", "key." + given.action}};
  if (!given.name.empty()) request["name"] = given.name;
  if (given.action == "create") {
    json::Array scopes;
    for (const auto& scope : given.scopes) scopes.emplace_back(scope);
    if (scopes.empty()) scopes.emplace_back("inference");
    request["scopes"] = std::move(scopes);
    if (given.days) request["expires"] = accounts::system_seconds() + *given.days * day_s;
  }
  return request;
}

void print_list(const json::Object& answer) {
  const auto& keys = json::array_at(answer, "keys");
  if (keys.empty()) {
    fmt::print("There is no key yet: cofre key create NAME\n");
    return;
  }
  fmt::print("{:24}  {:12}  {:24}  {:16}  {}\n", "NAME", "BEGINS", "SCOPES", "CREATED (UTC)", "STATE");
  for (const auto& item : keys) {
    const auto& key = item.as_object();
    std::string scopes;
    for (const auto& scope : json::array_at(key, "scopes")) {
      scopes += (scopes.empty() ? "" : " ") + std::string(scope.as_string());
    }
    std::string state = "in use";
    if (!key.at("expires").is_null()) {
      const bool is_over = key.at("expires").to_number<std::int64_t>() <= accounts::system_seconds();
      state = (is_over ? "ended " : "until ") + date(key.at("expires"));
    }
    if (!key.at("revoked").is_null()) state = "revoked " + date(key.at("revoked"));
    fmt::print("{:24}  {:12}  {:24}  {:16}  {}\n", json::string_at(key, "name"), json::string_at(key, "prefix"), scopes,
               date(key.at("created")), state);
  }
}

}  // namespace

Action declare_key(Options& options) {
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action, "create, list or revoke");
  options.required();
  options.text("NAME", given->name, "of the key: who uses it");
  options.texts("--scope", given->scopes, "what it may do: inference (the default), metrics, admin");
  options.number("--days", given->days, 1, 36500, "it ends after so many days");
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const auto answer =
        ask_or_open(data_directory_of(given->data), request_of(*given),
                    [](Box& box, const json::Object& request) { return key_action(box.keys, request); });
    if (given->json) {
      fmt::print("{}\n", json::dump(answer));
    } else if (given->action == "list") {
      print_list(answer);
    } else if (given->action == "create") {
      fmt::print("{}\n", json::string_at(answer, "key"));
      fmt::print(stderr, "This is shown once. Clients send it as OPENAI_API_KEY.\n");
    } else {
      fmt::print("{} is revoked.\n", given->name);
    }
  };
}

}  // namespace cofre::app
