#include "app/audit_actions.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "accounts/actions/actions.h"
#include "accounts/audit/export.h"
#include "accounts/person_name.h"
#include "app/box.h"
#include "app/person_actions.h"
#include "base/error.h"
#include "os/paths.h"

namespace cofre::app {
namespace {

namespace audit = accounts::audit;

constexpr std::size_t page_bytes = 4 << 20;
constexpr std::size_t why_bytes_max = 200;

// What only tells; everything else is recorded.
constexpr std::array tells{"ping", "status", "audit.ends", "audit.checkpoint", "audit.holds"};
// Members of a request that say what is done, and are neither a person nor a secret.
constexpr std::array fact_keys{"scopes", "expires", "model",   "models", "addresses",  "roles",  "kind",    "tenant",
                               "zone",   "metric",  "period",  "amount", "department", "prefix", "from",    "until",
                               "action", "id",      "dry_run", "money",  "days",       "rule",   "signing", "contents"};
constexpr std::array subject_keys{"name", "user", "key", "certificate"};
// Where they are numbers: ids.
constexpr std::array id_keys{"key", "certificate", "passkey"};

bool only_tells(std::string_view what) {
  const auto* action = accounts::find_action(what);
  if (action != nullptr) return !action->changes;
  return std::any_of(tells.begin(), tells.end(), [&](const char* name) { return what == name; });
}

std::string text_or_empty(const json::Object& request, std::string_view key) {
  return request.contains(key) ? std::string(json::string_at(request, key)) : std::string();
}

audit::Entry entry_of(const audit::Trail& trail, const Asker& asker, const json::Object& request) {
  audit::Entry entry{.action = std::string(json::string_at(request, "do")), .outcome = "ok"};
  entry.who = asker.who;
  entry.from = asker.from;
  std::string subject = text_or_empty(request, "person");
  for (const char* key : subject_keys) {
    const auto* value = request.if_contains(key);
    if (value != nullptr && value->is_string() && subject.empty()) subject = value->get_string();
  }
  for (const char* key : fact_keys) {
    if (const auto* value = request.if_contains(key)) entry.facts[key] = *value;
  }
  for (const char* key : id_keys) {
    if (const auto* value = request.if_contains(key); value != nullptr && value->is_number()) entry.facts[key] = *value;
  }
  // A leaked key may stand here as a whole: only what the list of keys shows of it is kept.
  if (const auto* prefix = entry.facts.if_contains("prefix"); prefix != nullptr && prefix->is_string()) {
    entry.facts["prefix"] = std::string(std::string_view(prefix->get_string()).substr(0, 10));
  }
  if (!is_audit_action(request) && !is_person_action(request)) {
    entry.subject = std::move(subject);
  } else if (const auto number = trail.persons().find(subject)) {
    entry.facts["person"] = *number;  // a name here would outlive the person's erasure
  }
  return entry;
}

/// A table of users is one record, and one for each whom it made.
json::Object perform(audit::Trail& trail, const audit::Entry& entry, const std::function<json::Object()>& run) {
  auto answer = trail.perform(entry, run);
  if (entry.action != "user.import") return answer;
  for (const auto& user : json::array_at(answer, "users")) {
    if (!user.as_object().contains("id")) continue;  // of a dry run
    audit::Entry made{.action = "user.create", .outcome = "ok"};
    made.who = entry.who;
    made.from = entry.from;
    made.subject = json::string_at(user.as_object(), "name");
    trail.record(std::move(made));
  }
  return answer;
}

json::Object to_json(const audit::Link& link) { return {{"n", link.n}, {"hash", link.hash}}; }

json::Object ends(audit::Trail& trail) {
  trail.flush();
  const auto ends = trail.ends();
  return {{"box", ends.box}, {"head", to_json(ends.head)}, {"base", to_json(ends.base)}, {"key", ends.public_key}};
}

json::Object page(audit::Trail& trail, const json::Object& request) {
  trail.flush();  // first: whom a record that waits is about is known from then on
  const auto filter = audit::filter_of(request, trail.persons());
  const audit::Cursor cursor{json::unsigned_at(request, "segment", UINT64_MAX - 1),
                             json::unsigned_at(request, "byte", audit::segment_bytes_most)};
  auto page = audit::read_page(trail.folder(), trail.persons(), filter, cursor, trail.ends().head.n, {page_bytes});
  json::Array lines;
  for (auto& line : page.lines) lines.emplace_back(std::move(line));
  return {
      {"lines", std::move(lines)}, {"segment", page.next.segment}, {"byte", page.next.byte}, {"is_last", page.is_last}};
}

}  // namespace

Asker asker_of(std::uint32_t user) { return {os::user_name(user), "this machine"}; }

void record_accounts(audit::Trail& trail, accounts::Accounts& accounts) {
  accounts.held = [&](const std::string& person) { return trail.persons().is_held(person); };
  accounts.recorder = [&](const accounts::Actor& actor, const accounts::Action& action, const json::Object& request,
                          const std::function<json::Object()>& run) {
    // By the box's socket: recorded() has it already, with the user of the machine.
    if (actor.user == 0) return run();
    auto named = request;
    named["do"] = action.name;
    return perform(trail, entry_of(trail, {accounts::person_name(accounts.directory, actor.user), actor.from}, named),
                   run);
  };
  accounts.signed_in = [&](const accounts::Accounts::SignedIn& tried) {
    audit::Entry entry{.action = "login", .outcome = tried.owner != 0 ? "ok" : "refused"};
    entry.from = tried.from;
    entry.facts["with"] = tried.with;
    if (!tried.why.empty()) entry.facts["why"] = tried.why.substr(0, why_bytes_max);
    if (tried.owner != 0) {
      entry.who = accounts::person_name(accounts.directory, tried.owner);
    } else if (!tried.name.empty() && trail.persons().find(tried.name)) {
      entry.subject = tried.name;  // a stranger's words make no person
    }
    trail.record(std::move(entry));
  };
}

json::Object recorded(audit::Trail& trail, const Asker& asker, const json::Object& request,
                      const std::function<json::Object()>& act) {
  const auto what = json::string_at(request, "do");
  // Reading the trail is recorded once, not for every page.
  const bool is_further_page = (what == "audit.export" && json::unsigned_at(request, "byte", UINT64_MAX) > 0) ||
                               (what == "person.export" && request.contains("cursor"));
  if (only_tells(what) || is_further_page) return act();
  // What it does itself, the program beside the box records by these.
  if (what.starts_with("model.")) {
    auto entry = entry_of(trail, asker, request);
    entry.outcome = text_or_empty(request, "outcome");
    trail.record_now(std::move(entry));
    return {};
  }
  if (is_audit_action(request) || is_person_action(request))
    trail.flush();  // it may name a person whom only a waiting record knows
  return perform(trail, entry_of(trail, asker, request), act);
}

bool is_audit_action(const json::Object& request) {
  const auto what = json::string_at(request, "do");
  return what.starts_with("audit.") || what.starts_with("model.");
}

json::Object audit_action(audit::Trail& trail, const json::Object& request) {
  const auto what = json::string_at(request, "do");
  if (what == "audit.ends") return ends(trail);
  if (what == "audit.checkpoint") return audit::to_json(trail.checkpoint());
  if (what == "audit.export") return page(trail, request);
  if (what == "audit.hold" || what == "audit.release") {
    const std::string name(json::string_at(request, "name"));
    what == "audit.hold" ? trail.persons().hold(name, trail.now_ms() / 1000) : trail.persons().release(name);
    return {};
  }
  if (what == "audit.holds") {
    json::Array names;
    for (const auto& name : trail.persons().holds()) names.emplace_back(name);
    return {{"names", std::move(names)}};
  }
  fail_field(Code::invalid, "do", "do: there is no action \"{}\"", what);
}

void recorded_model_change(const std::string& action, const std::string& model, const std::function<void()>& act) {
  const auto data = os::data_directory();
  if (!std::filesystem::exists(data / "cofre.db")) return act();
  const auto note = [&](const char* outcome) {
    ask_or_open(data, {{"do", action}, {"model", model}, {"outcome", outcome}},
                [](Box&, const json::Object&) { return json::Object(); });
  };
  note("begun");
  try {
    act();
  } catch (const Error&) {
    note("failed");
    throw;
  }
  note("ok");
}

}  // namespace cofre::app
