#pragma once

#include <string>
#include <utility>

#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/admin/admin.h"
#include "json/json.h"

/// What routes about the box as a whole have in common: administrators of the home tenant see to it.
namespace cofre::gateway::admin {

/// Who calls, as the audit trail names people.
std::string person(const Services& services, const Call& call);

/// At the administration's desk, for those of the home tenant; `work` returns a JSON object. Throws Error(not_found)
/// for others.
template <class Work>
void for_home(Services& services, Call&& call, Work work) {
  if (actor_of(call).tenant != accounts::home_tenant)
    fail(Code::not_found, "this is the box's: administrators of home see to it");
  at_desk(services, std::move(call),
          [work = std::move(work)](Services& with, Call& at) { return json_response(work(with, at)); });
}

/// Does something that is recorded before it happens, and how it ended. Throws Error, without having acted, where that
/// cannot be recorded.
template <class Work>
auto recorded(Services& services, const Call& call, std::string action, json::Object facts, Work&& work) {
  auto* trail = services.settings.audit;
  if (trail == nullptr) return work();
  return trail->perform({.action = std::move(action),
                         .outcome = "ok",
                         .who = person(services, call),
                         .from = call.request.peer,
                         .facts = std::move(facts)},
                        work);
}

}  // namespace cofre::gateway::admin
