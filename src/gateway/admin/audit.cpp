#include "gateway/admin/audit.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "accounts/actions/fields.h"
#include "accounts/audit/export.h"
#include "accounts/audit/verify.h"
#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/admin/admin.h"
#include "gateway/admin/download.h"
#include "gateway/auditor.h"
#include "os/clock.h"

namespace cofre::gateway::admin {
namespace {

namespace audit = accounts::audit;

constexpr std::int64_t records_default = 100, records_most = 1000;
constexpr std::size_t page_bytes = 4 << 20;
constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::int64_t number_most = std::int64_t{1} << 60;

/// Goes on at the auditors' desk with a call that may read the trail.
void at_audits(Services& services, Call&& call, std::function<void(audit::Trail&, Call&&)> work) {
  auto* trail = services.settings.audit;
  if (trail == nullptr) fail(Code::unsupported, "this box keeps no audit trail");
  if (actor_of(call).tenant != accounts::home_tenant)
    fail(Code::not_found, "the trail is the box's: auditors of home read it");
  at_desk(services.audits.desk, std::move(call), [trail, work = std::move(work)](Call&& asked) {
    trail->flush();  // whom a record that waits is about is known from then on
    work(*trail, std::move(asked));
  });
}

/// Throws Error where it cannot be recorded: then nothing is told. `want`: what was asked for, in `filter` too.
void note_reading(Services& services, audit::Trail& trail, const Call& call, const char* action,
                  const audit::Filter& filter, json::Object want) {
  if (filter.person) want["person"] = *filter.person;  // a name here would outlive the person's erasure
  json::Object facts;
  if (!want.empty()) facts["filter"] = std::move(want);
  trail.record_now({.action = action,
                    .outcome = "ok",
                    .who = accounts::person_name(services.accounts.directory, call.caller->user),
                    .from = call.request.peer,
                    .facts = std::move(facts)});
}

bool is_newest_first(accounts::Fields& fields) {
  const auto order = fields.text_if_any("order").value_or("asc");
  if (order != "asc" && order != "desc") fail_field(Code::invalid, "order", "order: must be one of: asc, desc");
  return order == "desc";
}

/// The members that filter_of() reads.
json::Object wanted(accounts::Fields& fields) {
  json::Object request;
  for (const char* name : {"from", "until", "person", "action", "outcome", "id", "contents"}) {
    if (auto text = fields.text_if_any(name); text && !text->empty()) request[name] = std::move(*text);
  }
  return request;
}

}  // namespace

json::Object Verification::begin(audit::Trail& trail) {
  json::Object begun;
  {
    const std::scoped_lock lock(mutex_);
    if (state_.at("state") == "running") return state_;
    state_ = {{"state", "running"}, {"started", os::utc_text(os::now_ms())}};
    begun = state_;
  }
  thread_ = std::jthread([this, &trail](const std::stop_token& stop) {
    try {
      const auto verdict = audit::verify(trail.folder(), audit::expected_of(trail), stop);
      end({{"state", "done"}, {"verdict", audit::to_json(verdict)}});
    } catch (const std::exception& error) {
      end({{"state", "failed"}, {"error", error.what()}});
    }
  });
  return begun;
}

void Verification::end(json::Object result) {
  const std::scoped_lock lock(mutex_);
  result["started"] = state_.at("started");
  result["ended"] = os::utc_text(os::now_ms());
  state_ = std::move(result);
}

json::Object Verification::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void list_records(Services& services, Call&& call) {
  at_audits(services, std::move(call), [&services](audit::Trail& trail, Call&& asked) {
    const auto request = request_of(asked);
    accounts::Fields fields(request);
    const auto want = wanted(fields);
    const auto newest_first = is_newest_first(fields);
    const auto after = static_cast<std::uint64_t>(fields.number_if_any("after", 0, number_most).value_or(0));
    const auto limit = fields.number_if_any("limit", 1, records_most).value_or(records_default);
    fields.done();
    auto filter = audit::filter_of(want, trail.persons());
    if (after == 0) note_reading(services, trail, asked, "audit.list", filter, want);
    const auto head = trail.ends().head.n;
    const audit::PageSize most{page_bytes, static_cast<std::size_t>(limit)};
    if (!newest_first) filter.after = after;
    const auto page = newest_first ? audit::read_newest(trail.folder(), trail.persons(), filter,
                                                        after == 0 ? head : std::min(after - 1, head), most)
                                   : audit::read_page(trail.folder(), trail.persons(), filter,
                                                      audit::cursor_behind(trail.folder(), after), head, most);
    const auto next = newest_first && page.last > 0 ? page.last : std::max(page.last, after);
    json::Array records;
    for (const auto& line : page.lines) records.push_back(json::parse(line));
    asked.answer(json_response({{"records", std::move(records)}, {"more", !page.is_last}, {"next", next}}));
  });
}

void export_records(Services& services, Call&& call) {
  at_audits(services, std::move(call), [&services](audit::Trail& trail, Call&& asked) {
    const auto request = request_of(asked);
    accounts::Fields fields(request);
    const auto want = wanted(fields);
    fields.done();
    auto filter = audit::filter_of(want, trail.persons());
    note_reading(services, trail, asked, "audit.export", filter, want);
    const auto next = [&trail, filter, at = audit::Cursor(), up_to = trail.ends().head.n,
                       is_over = false]() mutable -> std::optional<std::string> {
      if (is_over) return std::nullopt;
      const auto page = audit::read_page(trail.folder(), trail.persons(), filter, at, up_to, {piece_bytes});
      at = page.next;
      is_over = page.is_last;
      std::string text;
      for (const auto& line : page.lines) text += line + "\n";
      return text;
    };
    download(services, services.audits.desk, std::move(asked), "audit",
             {{"Content-Type", "application/x-ndjson"}, {"Content-Disposition", "attachment"}}, next);
  });
}

void begin_verification(Services& services, Call&& call) {
  at_audits(services, std::move(call), [&services](audit::Trail& trail, Call&& asked) {
    note_reading(services, trail, asked, "audit.verify", {}, {});
    asked.answer(json::dump(services.audits.verification.begin(trail)));
  });
}

void show_verification(Services& services, Call&& call) {
  at_audits(services, std::move(call), [&services](audit::Trail&, Call&& asked) {
    asked.answer(json::dump(services.audits.verification.state()));
  });
}

}  // namespace cofre::gateway::admin
