#include "gateway/admin/person.h"

#include "accounts/actions/fields.h"
#include "accounts/actions/lookup.h"
#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/admin/admin.h"
#include "records/person.h"

namespace cofre::gateway::admin {

void erase_person(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    const auto actor = actor_of(asked);
    const auto request = request_of(asked);
    accounts::Fields fields(request);
    const auto owner = accounts::owner_of(with.accounts, actor, fields);
    fields.done();
    if (owner.id == actor.user) fail_field(Code::invalid, "user", "user: nobody erases themselves");
    auto* trail = with.settings.audit;
    if (trail == nullptr) fail(Code::unsupported, "this box keeps no audit trail");
    const auto& directory = with.accounts.directory;
    const auto name = accounts::person_name(directory, owner.id), by = accounts::person_name(directory, actor.user);
    accounts::audit::Entry entry{.action = "person.erase", .outcome = "ok", .who = by, .from = asked.request.peer};
    trail->flush();  // a record that waits may be the only one that knows the person
    if (const auto number = trail->persons().find(name)) entry.facts["person"] = *number;
    http::Response response;
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Content-Type", "application/json");
    response.body = json::dump(trail->perform(entry, [&] {
      return records::erase_person({with.accounts, *trail, with.records}, name, by);
    }));
    return response;
  });
}

}  // namespace cofre::gateway::admin
