#include "accounts/audit/trail.h"

#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

#include "accounts/audit/record.h"
#include "os/clock.h"
#include "os/disk.h"
#include "store/migrate.h"

namespace cofre::accounts::audit {

std::span<const store::Migration> migrations();  // of src/accounts/audit/migrations, built in

namespace {

constexpr std::size_t group_max = 4096;  // records written by one sync
constexpr std::size_t waiting_contents_most = 64 << 20;
constexpr std::chrono::seconds retry_pause{1};  // after the disk refused
constexpr std::int64_t retire_pause_ms = 3'600'000;

/// An entry on its way to the disk.
struct Item {
  std::optional<Entry> entry;  ///< nothing: only tells when what came before is written
  std::int64_t ms = 0;
  std::shared_ptr<std::promise<std::uint64_t>> told{};
  bool keep = false;    ///< although the one who waits was told that it failed
  std::uint64_t n = 0;  ///< of its record, once written
};

}  // namespace

struct Trail::State {
  State(store::Database& in, std::mutex& in_mutex, const crypto::Secret& master, const std::filesystem::path& backups,
        Options given)
      : options(std::move(given)),
        database(in),
        database_mutex(in_mutex),
        key(master.derive("audit checkpoints")),
        persons((migrate(in, in_mutex, backups), in), in_mutex, master) {
    if (!options.clock_ms) options.clock_ms = os::now_ms;
    if (!options.open_file) options.open_file = open_on_disk;
    read_ends();
    const auto opened = writer.open(options.folder, options.open_file, ends.head);
    last = opened.last;
    segment_day = options.clock_ms() / day_ms;
    if (opened.damaged) {
      tell(fmt::format("the trail lacks records before {}: cofre audit verify names them", ends.head.n + 1));
      push(
          {Entry{.action = "trail.damaged", .outcome = "found", .facts = {{"head", ends.head.n}}}, options.clock_ms()});
    }
    if (opened.torn_bytes > 0) {
      push({Entry{.action = "trail.mended", .outcome = "ok", .facts = {{"torn_bytes", opened.torn_bytes}}},
            options.clock_ms()});
    }
    head_dirty = last != ends.head;
    thread = std::thread([this] { run(); });
  }
  ~State() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    thread.join();
  }

  static void migrate(store::Database& in, std::mutex& in_mutex, const std::filesystem::path& backups) {
    const std::scoped_lock hold(in_mutex);
    store::migrate(in, "audit", migrations(), backups);
  }

  void read_ends() {
    const std::scoped_lock hold(database_mutex);
    ends.public_key = key.public_key();
    const auto read = [&] {
      auto row = database.query("SELECT box, head_n, head_hash, base_n, base_hash FROM audit_chain");
      if (!row.next()) return false;
      ends.box = row.text(0);
      ends.head = {static_cast<std::uint64_t>(row.integer(1)), row.text(2)};
      ends.base = {static_cast<std::uint64_t>(row.integer(3)), row.text(4)};
      return true;
    };
    if (read()) return;
    ends.box = crypto::Secret::random().hex().substr(0, 32);
    database.run("INSERT INTO audit_chain VALUES (1, ?, 0, ?, 0, ?)", ends.box, hash_of_nothing, hash_of_nothing);
  }

  void tell(std::string what) {
    const std::scoped_lock lock(ends_mutex);
    trouble = std::move(what);
  }

  /// False where the queue is full.
  bool push(Item item) {
    {
      const std::scoped_lock lock(mutex);
      if (queue.size() >= options.queue_max && !item.told) {
        ++lost;
        return false;
      }
      if (item.entry) limit_content(*item.entry);
      if (item.told) ++waiting;
      if (queue.empty()) oldest = std::chrono::steady_clock::now();
      queue.push_back(std::move(item));
    }
    changed.notify_all();
    return true;
  }

  /// Contents that wait for a disk that takes nothing would fill the memory. With the mutex held.
  void limit_content(Entry& entry) {
    auto& text = entry.content.text;
    if (content_bytes + text.size() > waiting_contents_most) {
      entry.facts["content_lost"] = text.size();
      text = {};
    }
    content_bytes += text.size();
  }

  /// It waits no more. With the mutex held.
  void forget_content(const Item& item) {
    if (item.entry) content_bytes -= item.entry->content.text.size();
  }

  std::uint64_t push_and_wait(Item item) {
    item.told = std::make_shared<std::promise<std::uint64_t>>();
    auto written = item.told->get_future();
    push(std::move(item));
    return written.get();
  }

  // The thread of the trail.

  void run() {
    std::unique_lock lock(mutex);
    bool is_last_time = false;
    while (true) {
      const auto has_work = [&] { return stopping || !queue.empty(); };
      if (head_dirty) {
        changed.wait_for(lock, retry_pause, has_work);
      } else {
        changed.wait(lock, has_work);
      }
      const auto is_urgent = [&] { return stopping || waiting > 0 || queue.size() >= group_max; };
      if (!queue.empty()) changed.wait_until(lock, oldest + options.gather, is_urgent);
      // A database that does not take the head now reads it from the files at the next start.
      if (queue.empty() && stopping && (!head_dirty || is_last_time)) return;
      is_last_time = stopping;
      auto items = take();
      lock.unlock();
      const auto refused = write(items);
      if (!refused) tell_written(items);
      lock.lock();
      if (!refused) {
        for (const auto& item : items) forget_content(item);
        continue;
      }
      put_back(items, refused);
      if (stopping) return;
      changed.wait_for(lock, retry_pause, [&] { return stopping || waiting > 0; });
    }
  }

  std::vector<Item> take() {
    std::vector<Item> items;
    const auto count = std::min(queue.size(), group_max);
    items.reserve(count + 1);
    if (lost > 0) {
      items.push_back({Entry{.action = "trail.lost", .outcome = "lost", .facts = {{"records", lost}}}, now()});
      lost = 0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (queue.front().told) --waiting;
      items.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    oldest = std::chrono::steady_clock::now();
    return items;
  }

  /// What could not be written waits again; who waits for it is told.
  void put_back(std::vector<Item>& items, const std::exception_ptr& refused) {
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
      const auto told = std::exchange(item->told, nullptr);
      if (item->entry && (!told || item->keep)) {
        queue.push_front(std::move(*item));
      } else {
        forget_content(*item);
      }
      if (told) told->set_exception(refused);
    }
  }

  /// What hindered it; null where all is on the disk.
  std::exception_ptr write(std::vector<Item>& items) {
    try {
      commit(items);
      const std::scoped_lock lock(ends_mutex);
      refusal.clear();
      return nullptr;
    } catch (const std::exception& error) {
      tell(fmt::format("records cannot be written: {}", error.what()));
      const std::scoped_lock lock(ends_mutex);
      refusal = error.what();
      return std::current_exception();
    }
  }

  static void tell_written(const std::vector<Item>& items) {
    for (const auto& item : items)
      if (item.told) item.told->set_value(item.n);
  }

  void commit(std::vector<Item>& items) {
    std::set<std::string> names;
    for (const auto& item : items) {
      if (!item.entry) continue;
      names.insert(item.entry->who);
      names.insert(item.entry->subject);
    }
    const auto known = persons.numbers(names, now() / 1000);
    std::string lines;
    Link end = last;
    const auto add = [&](const std::string& body) { lines += next_line(end, body); };
    const bool has_records = std::any_of(items.begin(), items.end(), [](const Item& item) { return !!item.entry; });
    if (has_records) begin_segment_if_due(add);
    std::uint64_t unsigned_records = since_checkpoint;
    for (auto& item : items) {
      if (item.entry) {
        add(record_body(*item.entry, item.ms, end.n + 1, known, persons));
        ++unsigned_records;
      }
      item.n = end.n;
    }
    if (unsigned_records >= options.checkpoint_records) {
      add(record_body(checkpoint_entry(end), now(), end.n + 1, {}, persons));
      unsigned_records = 0;
    }
    if (!lines.empty()) writer.append(lines);
    {
      const std::scoped_lock lock(ends_mutex);
      last = end;
    }
    since_checkpoint = unsigned_records;
    store_head();
  }

  template <class Add>
  void begin_segment_if_due(const Add& add) {
    const auto today = now() / day_ms;
    const bool goes_on = writer.has_segment() && writer.segment_bytes() > 0 && today == segment_day &&
                         writer.segment_bytes() < options.segment_bytes;
    if (goes_on) return;
    writer.begin_segment(last.n + 1);
    segment_day = today;
    add(segment_body(now(), ends.box, last.hash));
  }

  Entry checkpoint_entry(const Link& of) const {
    return {.action = "checkpoint", .outcome = "ok", .facts = to_json(sign(key, ends.box, of, os::utc_text(now())))};
  }

  /// The records are on the disk already: a database that fails now is asked again later.
  void store_head() {
    if (last == ends.head) {
      head_dirty = false;
      return;
    }
    head_dirty = true;
    try {
      const std::scoped_lock hold(database_mutex);
      database.run("UPDATE audit_chain SET head_n = ?, head_hash = ?", static_cast<std::int64_t>(last.n), last.hash);
    } catch (const Error& error) {
      tell(fmt::format("the head of the trail cannot be stored: {}", error.what()));
      return;
    }
    const std::scoped_lock lock(ends_mutex);
    ends.head = last;
    head_dirty = false;
  }

  std::int64_t now() const { return options.clock_ms(); }

  Options options;
  store::Database& database;
  std::mutex& database_mutex;
  crypto::SigningKey key;
  Persons persons;
  std::mutex retiring;
  std::int64_t next_retire_ms = 0;

  // Of the trail's thread.
  Writer writer;
  std::int64_t segment_day = 0;
  std::uint64_t since_checkpoint = 0;
  bool head_dirty = false;

  mutable std::mutex ends_mutex;  ///< of what others read
  Ends ends;
  Link last;
  std::string trouble;
  std::string refusal;  ///< of the disk, when it was tried last

  mutable std::mutex mutex;  ///< of what follows
  std::condition_variable changed;
  std::deque<Item> queue;
  std::chrono::steady_clock::time_point oldest{};
  std::size_t content_bytes = 0;  ///< of contents that wait, or are being written
  std::size_t waiting = 0;        ///< items of the queue that somebody waits for
  std::uint64_t lost = 0;
  bool stopping = false;
  std::thread thread;
};

Trail::Trail(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
             const std::filesystem::path& backups, Options options)
    : state_(std::make_unique<State>(database, database_mutex, master, backups, std::move(options))) {}
Trail::~Trail() = default;

void Trail::record(Entry entry) { state_->push({std::move(entry), state_->now()}); }

std::uint64_t Trail::record_now(Entry entry) { return state_->push_and_wait({std::move(entry), state_->now()}); }

std::uint64_t Trail::begin(Entry entry) {
  entry.outcome = "begun";
  return record_now(std::move(entry));
}

void Trail::end(Entry entry, std::uint64_t begun, const Error* error) {
  entry.outcome = error == nullptr ? "ok" : "failed";
  entry.facts["begun"] = begun;
  if (error != nullptr) {
    entry.facts["error"] = name_of(error->code());
    if (!error->field().empty()) entry.facts["field"] = error->field();
  }
  try {
    state_->push_and_wait({.entry = std::move(entry), .ms = state_->now(), .keep = true});
  } catch (const Error& refused) {
    if (error == nullptr) {
      fail(refused.code(), "it is done, but how it ended is not yet in the audit trail: {}", refused.what());
    }
  }
}

bool Trail::accepts() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->queue.size() < state_->options.queue_max / 2;  // the other half is for what runs already
}

Trail::Backlog Trail::backlog() const {
  Backlog backlog;
  {
    const std::scoped_lock lock(state_->mutex);
    backlog.records = state_->queue.size();
  }
  const std::scoped_lock lock(state_->ends_mutex);
  backlog.trouble = state_->refusal;
  return backlog;
}

std::string Trail::take_trouble() {
  const std::scoped_lock lock(state_->ends_mutex);
  return std::exchange(state_->trouble, {});
}

void Trail::flush() { state_->push_and_wait({std::nullopt, 0}); }

Ends Trail::ends() const {
  const std::scoped_lock lock(state_->ends_mutex);
  return state_->ends;
}

Checkpoint Trail::checkpoint() {
  flush();
  Link last;
  {
    const std::scoped_lock lock(state_->ends_mutex);
    last = state_->last;
  }
  return sign(state_->key, state_->ends.box, last, os::utc_text(now_ms()));
}

crypto::SigningKey& Trail::signing_key() const { return state_->key; }
Persons& Trail::persons() const { return state_->persons; }
const std::filesystem::path& Trail::folder() const { return state_->options.folder; }
std::int64_t Trail::now_ms() const { return state_->now(); }

std::size_t Trail::retire() {
  const std::scoped_lock alone(state_->retiring);
  const auto now = now_ms();
  if (now < state_->next_retire_ms) return 0;
  state_->next_retire_ms = now + retire_pause_ms;
  if (const auto gone = persons().retire_contents(now / day_ms); gone > 0) {
    record({.action = "retention.sweep", .outcome = "ok", .facts = {{"kind", "contents"}, {"removed", gone}}});
  }
  const auto oldest_kept = os::utc_text(now - state_->options.keep_days * day_ms);
  const auto segments = segments_in(folder());
  std::size_t old = 0;
  Link base;
  while (old + 1 < segments.size()) {
    const auto bytes = os::read_whole(segments[old + 1].path, segment_bytes_most);
    const auto first = Lines(bytes).next();
    const auto previous = first ? previous_hash(*first) : std::nullopt;
    // The next segment was begun after the last record of this one.
    if (!previous || read_line(*first)->time >= oldest_kept) break;
    base = {segments[old + 1].first - 1, *previous};
    ++old;
  }
  if (old == 0 || !persons().holds().empty()) return 0;
  record_now({.action = "trail.retired",
              .outcome = "ok",
              .facts = to_json(sign(state_->key, state_->ends.box, base, os::utc_text(now)))});
  {
    const std::scoped_lock hold(state_->database_mutex);
    state_->database.run("UPDATE audit_chain SET base_n = ?, base_hash = ?", static_cast<std::int64_t>(base.n),
                         base.hash);
  }
  {
    const std::scoped_lock lock(state_->ends_mutex);
    state_->ends.base = base;
  }
  for (std::size_t i = 0; i < old; ++i) std::filesystem::remove(segments[i].path);
  return old;
}

}  // namespace cofre::accounts::audit
