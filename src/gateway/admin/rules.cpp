#include <utility>

#include "base/error.h"
#include "gateway/admin/home.h"
#include "gateway/admin/settings.h"
#include "os/disk.h"
#include "rules/rules.h"

namespace cofre::gateway::admin {
namespace {

constexpr std::uint64_t rules_bytes_max = 64 << 20;
constexpr std::string_view lists[] = {"rules", "labels"};

std::filesystem::path path_of(const Services& services) { return services.settings.data / "rules.json"; }

json::Object whole(const Services& services) {
  const auto path = path_of(services);
  json::Object all;
  if (std::filesystem::exists(path)) all = json::parse(os::read_whole(path, rules_bytes_max)).as_object();
  for (const auto list : lists)
    if (!all.contains(list)) all[list] = json::Array();
  return all;
}

bool is_of(const json::Value& entry, const std::string& tenant) {
  const auto* named = entry.is_object() ? entry.get_object().if_contains("tenant") : nullptr;
  return named != nullptr && *named == json::Value(tenant);
}

/// Empty: every tenant's.
std::string tenant_of(const Services& services, const Call& call) {
  const auto tenant = actor_of(call).tenant;
  return tenant == accounts::home_tenant ? std::string() : services.accounts.directory.tenant(tenant).name;
}

/// What of the rules belongs to this tenant.
json::Object part_of(const json::Object& all, const std::string& tenant) {
  if (tenant.empty()) return all;
  json::Object part;
  for (const auto list : lists) {
    json::Array own;
    for (const auto& entry : all.at(list).as_array())
      if (is_of(entry, tenant)) own.emplace_back(entry);
    part[list] = std::move(own);
  }
  return part;
}

/// All rules with those of this tenant replaced. Throws Error(invalid, "tenant") where one is for another.
json::Object replaced(const json::Object& all, const json::Object& given, const std::string& tenant) {
  if (tenant.empty()) return given;
  json::Object out;
  for (const auto list : lists) {
    json::Array entries;
    for (const auto& entry : all.at(list).as_array())
      if (!is_of(entry, tenant)) entries.emplace_back(entry);
    const auto* own = given.if_contains(list);
    if (own != nullptr && own->is_array()) {
      for (const auto& entry : own->get_array()) {
        if (!is_of(entry, tenant))
          fail_field(Code::invalid, "tenant", "tenant: must be \"{}\" in each of your rules and labels", tenant);
        entries.emplace_back(entry);
      }
    }
    out[list] = std::move(entries);
  }
  return out;
}

}  // namespace

void show_rules(Services& services, Call&& call) {
  at_desk(services, std::move(call),
          [](Services& with, Call& at) { return json_response(part_of(whole(with), tenant_of(with, at))); });
}

void set_rules(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& at) {
    const auto body = json::parse(at.request.body);
    if (!body.is_object()) fail(Code::invalid, "the body must be a JSON object");
    const auto tenant = tenant_of(with, at);
    const auto before = whole(with);
    const auto text = json::dump(replaced(before, body.get_object(), tenant), {.item = ",", .key = ": ", .indent = 2});
    rules::Rules::parse(text);  // refuses what is wrong, naming the place
    return json_response(recorded(with, at, "rules.change", {}, [&] {
      os::write_whole(path_of(with), text);
      if (with.settings.reload) with.settings.reload(person(with, at), at.request.peer);
      return part_of(whole(with), tenant);
    }));
  });
}

}  // namespace cofre::gateway::admin
