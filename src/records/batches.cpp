#include "records/batches.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "records/holders.h"

namespace cofre::records {
namespace {

using Status = Batch::Status;

constexpr std::int64_t window_s = 86400;  ///< "24h"
constexpr std::array<std::string_view, 8> status_names{"validating", "in_progress", "finalizing", "cancelling",
                                                       "completed",  "failed",      "expired",    "cancelled"};
constexpr std::string_view columns =
    "number, id, tenant, key_id, endpoint, input_file, output_expires_s, metadata, status, faults, output_file, "
    "error_file, total, completed, failed, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, created, "
    "expires, begun, finalizing, cancelling, ended";

Status status_named(std::string_view name) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == name) return static_cast<Status>(i);
  fail(Code::invalid, "a batch in the database has the status \"{}\"", name);
}

Batch batch_of(const store::Statement& row) {
  const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  Batch batch;
  batch.number = row.integer(0);
  batch.id = row.text(1);
  batch.tenant = number(2);
  batch.key_id = row.integer(3);
  batch.endpoint = row.text(4);
  batch.input_file = row.text(5);
  batch.output_expires_s = row.integer_if_any(6);
  batch.metadata = json::parse(row.text(7));
  batch.status = status_named(row.text(8));
  batch.faults = json::parse(row.text(9)).as_array();
  batch.output_file = row.text_if_any(10);
  batch.error_file = row.text_if_any(11);
  batch.total = number(12);
  batch.completed = number(13);
  batch.failed = number(14);
  batch.usage = {number(15), number(16), number(17), number(18)};
  batch.created = row.integer(19);
  batch.expires = row.integer(20);
  batch.begun = row.integer_if_any(21);
  batch.finalizing = row.integer_if_any(22);
  batch.cancelling = row.integer_if_any(23);
  batch.ended = row.integer_if_any(24);
  return batch;
}

std::int64_t sign(std::uint64_t number) { return static_cast<std::int64_t>(number); }

}  // namespace

std::string_view name_of(Status status) { return status_names[static_cast<std::size_t>(status)]; }

json::Object fault(std::string_view code, std::string_view message, std::string_view param, std::uint64_t line) {
  json::Object out{{"code", code}, {"message", message}, {"param", nullptr}, {"line", nullptr}};
  if (!param.empty()) out["param"] = param;
  if (line > 0) out["line"] = line;
  return out;
}

Batches::Batches(Tables& tables, Files& files, Clock clock)
    : tables_(tables), files_(files), clock_(std::move(clock)) {}

Batch Batches::create(const New& made, std::uint64_t open_max) {
  const auto file = files_.find(made.tenant, made.input_file);
  if (!file)
    fail_field(Code::not_found, "input_file_id", "input_file_id: there is no file \"{}\"",
               made.input_file.substr(0, 64));
  if (file->purpose != "batch")
    fail_field(Code::invalid, "input_file_id", "input_file_id: the file's purpose is \"{}\", not \"batch\"",
               file->purpose);
  const auto now = clock_();
  const auto id = new_id("batch_");
  const std::lock_guard hold(tables_.mutex);
  check_not_erased(tables_.database, made.tenant);
  auto count =
      tables_.database.query("SELECT count(*) FROM batches WHERE tenant = ? AND ended IS NULL", sign(made.tenant));
  if (count.next() && count.integer(0) >= sign(open_max))
    cofre::fail(Code::exhausted, "{} batches of this key run or wait already; that is the most", open_max);
  tables_.database.run(
      "INSERT INTO batches (id, tenant, key_id, endpoint, input_file, output_expires_s, metadata, status, created, "
      "expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id, sign(made.tenant), made.key_id, made.endpoint, made.input_file, made.output_expires_s,
      json::dump(made.metadata), name_of(Status::validating), now, now + window_s);
  return *find_locked("tenant = ? AND id = ?", sign(made.tenant), id);
}

std::optional<Batch> Batches::find_locked(std::string_view where, std::int64_t tenant, std::string_view id) const {
  auto row = tables_.database.query(fmt::format("SELECT {} FROM batches WHERE {}", columns, where), tenant, id);
  if (!row.next()) return std::nullopt;
  return batch_of(row);
}

std::optional<Batch> Batches::find(std::uint64_t tenant, std::string_view id) const {
  const std::lock_guard hold(tables_.mutex);
  return find_locked("tenant = ? AND id = ?", sign(tenant), id);
}

std::vector<Batch> Batches::list(std::uint64_t tenant, const Page& page) const {
  const std::lock_guard hold(tables_.mutex);
  std::int64_t before = INT64_MAX;
  if (page.after) {
    const auto found = find_locked("tenant = ? AND id = ?", sign(tenant), *page.after);
    if (!found) fail_field(Code::invalid, "after", "after: there is no batch \"{}\"", page.after->substr(0, 64));
    before = found->number;
  }
  std::vector<Batch> batches;
  for (auto row = tables_.database.query(
           fmt::format("SELECT {} FROM batches WHERE tenant = ? AND number < ? ORDER BY number DESC LIMIT ?", columns),
           sign(tenant), before, static_cast<std::int64_t>(page.limit) + 1);
       row.next();)
    batches.push_back(batch_of(row));
  return batches;
}

std::vector<Batch> Batches::open() const {
  std::vector<Batch> batches;
  const std::lock_guard hold(tables_.mutex);
  for (auto row =
           tables_.database.query(fmt::format("SELECT {} FROM batches WHERE ended IS NULL ORDER BY number", columns));
       row.next();)
    batches.push_back(batch_of(row));
  return batches;
}

Batch Batches::cancel(std::uint64_t tenant, std::string_view id) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE batches SET status = 'cancelling', cancelling = ? WHERE tenant = ? AND id = ? AND status IN "
      "('validating', 'in_progress')",
      clock_(), sign(tenant), id);
  auto found = find_locked("tenant = ? AND id = ?", sign(tenant), id);
  if (!found) fail_field(Code::not_found, "batch_id", "there is no batch \"{}\"", id.substr(0, 64));
  return std::move(*found);
}

void Batches::cancel_of_key(std::int64_t key_id, const json::Object& why) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE batches SET status = 'cancelling', cancelling = ?, faults = ? WHERE key_id = ? AND status IN "
      "('validating', 'in_progress')",
      clock_(), json::dump(json::Array{why}), key_id);
}

void Batches::begin(std::int64_t number, std::uint64_t total) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE batches SET status = 'in_progress', begun = ?, total = ? WHERE number = ? AND status = 'validating'",
      clock_(), sign(total), number);
}

void Batches::answer(std::int64_t number, const Answered& answered) {
  const std::lock_guard hold(tables_.mutex);
  store::Transaction transaction(tables_.database);
  tables_.database.run("INSERT INTO batch_answers (batch, line, is_error, text) VALUES (?, ?, ?, ?)", number,
                       sign(answered.line), answered.is_error, answered.text);
  const auto& usage = answered.usage;
  tables_.database.run(
      "UPDATE batches SET completed = completed + ?, failed = failed + ?, prompt_tokens = prompt_tokens + ?, "
      "cached_tokens = cached_tokens + ?, completion_tokens = completion_tokens + ?, reasoning_tokens = "
      "reasoning_tokens + ? WHERE number = ?",
      answered.is_error ? 0 : 1, answered.is_error ? 1 : 0, sign(usage.prompt_tokens), sign(usage.cached_tokens),
      sign(usage.completion_tokens), sign(usage.reasoning_tokens), number);
  transaction.commit();
}

std::unordered_set<std::uint64_t> Batches::answered(std::int64_t number) const {
  std::unordered_set<std::uint64_t> lines;
  const std::lock_guard hold(tables_.mutex);
  for (auto row = tables_.database.query("SELECT line FROM batch_answers WHERE batch = ?", number); row.next();)
    lines.insert(static_cast<std::uint64_t>(row.integer(0)));
  return lines;
}

void Batches::finalize(std::int64_t number) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run(
      "UPDATE batches SET status = 'finalizing', finalizing = ? WHERE number = ? AND status = 'in_progress'", clock_(),
      number);
}

/// Null where there would be nothing in it.
std::unique_ptr<Files::Draft> Batches::write(std::int64_t number, bool is_error,
                                             const std::function<std::optional<std::string>()>& left) const {
  std::unique_ptr<Files::Draft> draft;
  const auto add = [&](const std::string& text) {
    if (!draft) draft = files_.begin();
    draft->write(text + "\n");
  };
  // A few at a time: the database is not held while the disk works.
  constexpr std::size_t step_bytes = 1 << 20;
  std::int64_t last = 0;
  for (bool more = true; more;) {
    std::string texts;
    more = false;
    std::unique_lock hold(tables_.mutex);
    for (auto row = tables_.database.query(
             "SELECT line, text FROM batch_answers WHERE batch = ? AND is_error = ? AND line > ? ORDER BY line", number,
             is_error, last);
         row.next();) {
      last = row.integer(0);
      texts += (texts.empty() ? "" : "\n") + row.text(1);
      more = texts.size() > step_bytes;
      if (more) break;
    }
    hold.unlock();
    if (!texts.empty()) add(texts);
  }
  while (left) {
    const auto text = left();
    if (!text) break;
    add(*text);
  }
  return draft;
}

void Batches::end(const Batch& batch, Status status, const std::function<std::optional<std::string>()>& left) {
  const auto output = write(batch.number, false, nullptr), error = write(batch.number, true, left);
  std::optional<File> files[2];
  const auto finish = [&](const std::unique_ptr<Files::Draft>& draft, std::string_view what) -> std::optional<File> {
    if (!draft) return std::nullopt;
    const auto name = fmt::format("{}_{}.jsonl", batch.id, what);
    return files_.finish(*draft, {batch.tenant, name, "batch_output", batch.output_expires_s});
  };
  files[0] = finish(output, "output");
  files[1] = finish(error, "error");
  const auto id_of = [](const std::optional<File>& file) { return file ? std::optional(file->id) : std::nullopt; };
  std::vector<std::string> unneeded;  // where the batch is no more: whose it was is erased
  for (const auto& file : files)
    if (file) unneeded.push_back(file->id);
  const std::lock_guard hold(tables_.mutex);
  store::Transaction transaction(tables_.database);
  tables_.database.run(
      "UPDATE batches SET status = ?, output_file = ?, error_file = ?, ended = ? WHERE number = ? AND ended IS NULL",
      name_of(status), id_of(files[0]), id_of(files[1]), clock_(), batch.number);
  if (tables_.database.changes() == 0) return files_.remove_contents(unneeded);
  if (files[0]) files_.insert(*files[0], *output);
  if (files[1]) files_.insert(*files[1], *error);
  tables_.database.run("DELETE FROM batch_answers WHERE batch = ?", batch.number);
  transaction.commit();
}

void Batches::fail(std::int64_t number, const json::Array& faults) {
  const std::lock_guard hold(tables_.mutex);
  tables_.database.run("UPDATE batches SET status = 'failed', faults = ?, ended = ? WHERE number = ? AND ended IS NULL",
                       json::dump(faults), clock_(), number);
  tables_.database.run("DELETE FROM batch_answers WHERE batch = ?", number);
}

}  // namespace cofre::records
