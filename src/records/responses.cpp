#include "records/responses.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "json/json.h"
#include "records/holders.h"

namespace cofre::records {
namespace {

std::int64_t signed_of(std::uint64_t tenant) { return static_cast<std::int64_t>(tenant); }

}  // namespace

void Responses::add(const Response& response) {
  const std::lock_guard hold(tables_.mutex);
  check_not_erased(tables_.database, response.tenant);
  tables_.database.run(
      "INSERT INTO responses (id, tenant, key_id, created, previous, background, status, input, object) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      response.id, signed_of(response.tenant), response.key_id, response.created, response.previous,
      response.background, response.status, response.input, response.object);
}

bool Responses::finish(std::string_view id, const ResponseEnd& end) {
  const std::lock_guard hold(tables_.mutex);
  store::Transaction change(tables_.database);
  tables_.database.run("UPDATE responses SET status = ?, object = ? WHERE id = ? AND status = 'queued'", end.status,
                       end.object, id);
  if (tables_.database.changes() == 0) return false;
  tables_.database.run(
      "INSERT INTO response_events (response, ended, text) SELECT number, ?, ? FROM responses WHERE id = ?", clock_(),
      end.events, id);
  change.commit();
  return true;
}

std::optional<Response> Responses::find(std::uint64_t tenant, std::string_view id) const {
  const std::lock_guard hold(tables_.mutex);
  auto row = tables_.database.query(
      "SELECT key_id, created, previous, background, status, input, object FROM responses WHERE id = ? AND tenant = ? "
      "AND hidden IS NULL",
      id, signed_of(tenant));
  if (!row.next()) return std::nullopt;
  return Response{.id = std::string(id),
                  .tenant = tenant,
                  .key_id = row.integer(0),
                  .created = row.integer(1),
                  .previous = row.text_if_any(2),
                  .background = row.integer(3) != 0,
                  .status = row.text(4),
                  .input = row.text(5),
                  .object = row.text(6)};
}

std::optional<std::string> Responses::events(std::uint64_t tenant, std::string_view id) const {
  const std::lock_guard hold(tables_.mutex);
  auto row = tables_.database.query(
      "SELECT text FROM response_events JOIN responses ON number = response WHERE id = ? AND tenant = ? AND hidden IS "
      "NULL",
      id, signed_of(tenant));
  if (!row.next()) return std::nullopt;
  return row.text(0);
}

bool Responses::remove(std::uint64_t tenant, std::string_view id) {
  const std::lock_guard hold(tables_.mutex);
  if (keeping_.is_held(tenant)) {
    tables_.database.run("UPDATE responses SET hidden = ? WHERE id = ? AND tenant = ? AND hidden IS NULL", clock_(), id,
                         signed_of(tenant));
  } else {
    tables_.database.run("DELETE FROM responses WHERE id = ? AND tenant = ?", id, signed_of(tenant));
  }
  return tables_.database.changes() > 0;
}

std::vector<Response> Responses::conversation(std::uint64_t tenant, std::string_view id,
                                              std::uint64_t bytes_max) const {
  std::vector<Response> turns;
  std::uint64_t bytes = 0;
  std::optional<std::string> next(id);
  while (next) {
    auto found = find(tenant, *next);
    if (!found) break;
    bytes += found->input.size() + found->object.size();
    if (turns.size() == turns_max || bytes > bytes_max) {
      fail_field(Code::invalid, "previous_response_id",
                 "previous_response_id: the conversation has more than {} turns or {} bytes", turns_max, bytes_max);
    }
    next = found->previous;
    turns.push_back(std::move(*found));
  }
  std::reverse(turns.begin(), turns.end());
  return turns;
}

std::size_t Responses::fail_queued(std::string_view code, std::string_view message) {
  std::vector<std::pair<std::string, std::string>> ended;
  {
    const std::lock_guard hold(tables_.mutex);
    for (auto row = tables_.database.query("SELECT id, object FROM responses WHERE status = 'queued'"); row.next();) {
      auto object = json::parse(row.text(1));
      object.as_object()["status"] = "failed";
      object.as_object()["error"] = json::Object{{"code", code}, {"message", message}};
      ended.emplace_back(row.text(0), json::dump(object));
    }
  }
  for (const auto& [id, object] : ended) finish(id, {"failed", object, ""});
  return ended.size();
}

void Responses::sweep_events() {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run("DELETE FROM response_events WHERE ended < ?", clock_() - events_kept_s);
}

}  // namespace cofre::records
