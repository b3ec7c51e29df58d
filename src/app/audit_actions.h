#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "accounts/accounts.h"
#include "accounts/audit/trail.h"
#include "json/json.h"

namespace cofre::app {

/// Who asks for an action by the box's socket, or without a running box.
struct Asker {
  std::string who, from;
};
/// A user of this machine.
Asker asker_of(std::uint32_t user);

/// Runs what {"do":…} asks. Where that changes something, the trail has it, begun and ended, before this returns; an
/// action that cannot be recorded is not run. What only tells ("key.list", "status") is not recorded.
json::Object recorded(accounts::audit::Trail& trail, const Asker& asker, const json::Object& request,
                      const std::function<json::Object()>& act);

/// Has what is changed over HTTP recorded so, and who signs in; and lets accounts know of legal holds.
void record_accounts(accounts::audit::Trail& trail, accounts::Accounts& accounts);

/// Whether audit_action() answers it.
bool is_audit_action(const json::Object& request);

/// What `cofre audit` asks:
///
///   {"do":"audit.ends"} → {"box","head":{"n","hash"},"base":{…},"key"}, with everything so far on the disk
///   {"do":"audit.checkpoint"} → a signed checkpoint
///   {"do":"audit.export","segment","byte", as wanted "from","until","person","action","outcome","id"}
///       → {"lines":[…],"segment","byte","is_last"}: a page; the first has segment and byte 0
///   {"do":"audit.hold" | "audit.release","name"}, {"do":"audit.holds"} → {"names":[…]}
///   {"do":"model.pull" | "model.import" | "model.rm","model","outcome"} → {}: only the record
///
/// Throws Error(invalid) for any other "do".
json::Object audit_action(accounts::audit::Trail& trail, const json::Object& request);

/// A program beside the box that changes the store of models: recorded there before and after, where there is a box.
void recorded_model_change(const std::string& action, const std::string& model, const std::function<void()>& act);

}  // namespace cofre::app
