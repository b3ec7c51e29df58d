#include "accounts/sign_in.h"

#include <algorithm>

#include "accounts/names.h"
#include "base/error.h"
#include "crypto/password.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::accounts {
namespace {

constexpr std::int64_t free_attempts = 3;
constexpr std::int64_t wait_most_s = 900;
constexpr std::int64_t lock_after = 20;
constexpr std::int64_t lock_s = 3600;
constexpr std::size_t strangers_max = 10'000;
constexpr std::size_t password_bytes_max = 1024;

/// How long an attempt waits after so many failures in a row.
std::int64_t wait_after(std::int64_t failures) {
  if (failures < free_attempts) return 0;
  if (failures >= lock_after) return lock_s;
  return std::min(std::int64_t{1} << std::min<std::int64_t>(failures - free_attempts, 20), wait_most_s);
}

/// What is left of it. A last attempt that lies behind now (the clock was set back) counts as now.
std::int64_t still_to_wait(std::int64_t count, std::int64_t last, std::int64_t now) {
  return std::max<std::int64_t>(0, wait_after(count) - std::max<std::int64_t>(0, now - last));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Names that a directory does not tell apart wait together.
std::string stranger_key(std::string_view name) {
  return text::find_invalid_utf8(name) ? std::string(name.substr(0, 64)) : text::to_lower(name).substr(0, 64);
}

}  // namespace

/// Somebody who says who they are: `owner` is 0 where nobody here is called so.
struct SignIn::Attempt {
  std::int64_t tenant = 0, owner = 0;
  std::string name;
};

SignIn::SignIn(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
               Directory& directory, Passkeys& passkeys, const Policy& policy, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      directory_(directory),
      passkeys_(passkeys),
      policy_(policy),
      mac_key_(master.derive("sign-in")),
      clock_(std::move(clock)) {}

std::string SignIn::mac_text(std::string_view purpose, std::string_view secret) const {
  return crypto::hex(crypto::hmac_sha256(mac_key_, std::string(purpose) + " " + std::string(secret)));
}

std::optional<std::string> SignIn::hash_of(std::int64_t owner) const {
  const std::lock_guard hold(database_mutex_);
  auto row = database_.query("SELECT hash FROM passwords WHERE owner = ?", owner);
  return row.next() ? std::optional(row.text(0)) : std::nullopt;
}

bool SignIn::has_password(std::int64_t owner) const { return hash_of(owner).has_value(); }

/// Counts an attempt as failed, before anything is looked at: attempts side by side do not get around the wait. Returns
/// how long it must wait; then it was not counted.
std::int64_t SignIn::begin_attempt(std::int64_t owner) {
  const auto now = clock_();
  const std::lock_guard hold(database_mutex_);
  {
    auto row = database_.query("SELECT count, last FROM failed_sign_ins WHERE owner = ?", owner);
    if (row.next()) {
      if (const auto wait = still_to_wait(row.integer(0), row.integer(1), now); wait > 0) return wait;
    }
  }
  database_.run(
      "INSERT INTO failed_sign_ins (owner, count, last) VALUES (?, 1, ?) "
      "ON CONFLICT (owner) DO UPDATE SET count = count + 1, last = excluded.last",
      owner, now);
  return 0;
}

std::int64_t SignIn::begin_attempt(std::int64_t tenant, std::string_view stranger) {
  const auto now = clock_();
  const std::scoped_lock lock(mutex_);
  if (strangers_.size() >= strangers_max) strangers_.clear();
  auto& failures = strangers_[{tenant, stranger_key(stranger)}];
  if (const auto wait = still_to_wait(failures.count, failures.last, now); wait > 0) return wait;
  ++failures.count;
  failures.last = now;
  return 0;
}

void SignIn::unlock(std::int64_t owner) {
  const std::lock_guard hold(database_mutex_);
  database_.run("DELETE FROM failed_sign_ins WHERE owner = ?", owner);
}

/// An attempt from which nothing was learnt.
void SignIn::take_back(const Attempt& attempt) {
  if (attempt.owner != 0) {
    const std::lock_guard hold(database_mutex_);
    database_.run("UPDATE failed_sign_ins SET count = max(count - 1, 0) WHERE owner = ?", attempt.owner);
    return;
  }
  const std::scoped_lock lock(mutex_);
  const auto found = strangers_.find({attempt.tenant, stranger_key(attempt.name)});
  if (found != strangers_.end() && found->second.count > 0) --found->second.count;
}

bool SignIn::asks_elsewhere(std::int64_t tenant, std::string_view name) const {
  if (!elsewhere) return false;
  const auto owner = directory_.find_owner(tenant, name);
  return !owner || (owner->kind == Owner::Kind::user && !has_password(owner->id));
}

std::optional<std::string> SignIn::kept_by(std::int64_t owner) const {
  if (vouchers.empty() || has_password(owner)) return std::nullopt;
  const std::lock_guard hold(database_mutex_);
  auto row = database_.query("SELECT source FROM vouched_users WHERE owner = ?", owner);
  if (!row.next() || !vouchers.contains(row.text(0))) return std::nullopt;
  return row.text(0);
}

/// Whose password it is; 0: nobody's.
std::int64_t SignIn::verify(const Attempt& attempt, std::string_view password) {
  if (asks_elsewhere(attempt.tenant, attempt.name)) {
    try {
      return elsewhere(attempt.tenant, attempt.name, std::string(password)).value_or(0);
    } catch (const Error&) {
      take_back(attempt);
      throw;
    }
  }
  const auto hash = attempt.owner != 0 ? hash_of(attempt.owner) : std::nullopt;
  // The same work for names that nobody has.
  static const std::string nobodys = crypto::hash_password("nobody's", policy_.cost);
  const bool right = crypto::is_password(hash.value_or(nobodys), password.substr(0, password_bytes_max)) && hash;
  return right ? attempt.owner : 0;
}

/// Whose password it is, as an attempt that still counts as failed.
SignIn::Result SignIn::try_password(std::int64_t tenant, std::string_view name, std::string_view password) {
  const auto known = directory_.find_owner(tenant, name);
  const bool is_user = known && known->kind == Owner::Kind::user;
  const Attempt attempt{tenant, is_user ? known->id : 0, std::string(name)};
  const auto wait = is_user ? begin_attempt(attempt.owner) : begin_attempt(tenant, name);
  if (wait > 0) return {Answer::wait, 0, wait};
  const auto owner = verify(attempt, password);
  if (owner == 0 || !directory_.standing(owner)) return {};
  if (owner != attempt.owner) {  // new here, or a name written in other letters: it is the owner's attempt
    take_back(attempt);
    if (const auto longer = begin_attempt(owner); longer > 0) return {Answer::wait, 0, longer};
  }
  return {Answer::welcome, owner, 0};
}

SignIn::Result SignIn::sign_in(std::int64_t tenant, std::string_view name, std::string_view password,
                               std::string_view code) {
  const auto tried = try_password(tenant, name, password);
  return tried.answer == Answer::welcome ? let_in(tried.owner, code) : tried;
}

SignIn::Result SignIn::admit(std::int64_t owner, std::string_view code) {
  if (!directory_.standing(owner)) return {};
  if (const auto wait = begin_attempt(owner); wait > 0) return {Answer::wait, 0, wait};
  return let_in(owner, code);
}

/// Whose attempt was counted, and who it is is known: the second factor is left.
SignIn::Result SignIn::let_in(std::int64_t owner, std::string_view code) {
  const bool has = has_factor(owner);
  if (has && code.empty()) {
    take_back({0, owner, {}});  // no failure; but codes that were wrong before stay counted
    return {Answer::code_needed, 0, 0};
  }
  if (has && !check_code(owner, code)) return {};
  unlock(owner);
  return {!has && needs_factor(owner) ? Answer::limited : Answer::welcome, owner, 0};
}

SignIn::Result SignIn::prove_password(std::int64_t tenant, std::string_view name, std::string_view password) {
  auto tried = try_password(tenant, name, password);
  if (tried.answer == Answer::welcome) take_back({0, tried.owner, {}});  // as where a code is needed
  return tried;
}

SignIn::Result SignIn::sign_in(const Site& site, const json::Object& passkey) {
  const auto answered = passkeys_.answer(site, passkey);
  const auto owner = answered.owner;
  if (!directory_.standing(owner)) return {};
  if (!answered.has_password && (!policy_.passkeys_alone || !has_password(owner))) return {};
  if (answered.has_password) unlock(owner);
  return {Answer::welcome, owner, 0};
}

bool SignIn::check_password(std::int64_t owner, std::string_view password) {
  if (begin_attempt(owner) > 0) return false;
  const auto its = directory_.owner(owner);
  if (verify({its.tenant, owner, its.name}, password) != owner) return false;
  unlock(owner);
  return true;
}

void SignIn::check_policy(std::int64_t owner, std::string_view password) const {
  const auto refuse = [](std::string_view why) { fail_field(Code::invalid, "password", "password: {}", why); };
  if (password.size() > password_bytes_max || text::find_invalid_utf8(password)) refuse("is too long, or not UTF-8");
  if (letters_of(password) < policy_.password_letters) {
    refuse(fmt::format("needs at least {} letters", policy_.password_letters));
  }
  const auto name = text::to_lower(directory_.owner(owner).name), lower = text::to_lower(password);
  if (lower.find(name) != lower.npos) refuse("must not hold the user's name");
  std::string distinct = lower;
  std::sort(distinct.begin(), distinct.end());
  if (std::unique(distinct.begin(), distinct.end()) - distinct.begin() < 5) refuse("repeats too few letters");
  std::vector<std::string> earlier;
  {
    const std::lock_guard hold(database_mutex_);
    auto row = database_.query("SELECT hash || char(10) || older FROM passwords WHERE owner = ?", owner);
    if (row.next()) earlier = lines_of(row.text(0));
  }
  if (earlier.size() > policy_.password_history) earlier.resize(policy_.password_history);
  for (const auto& hash : earlier) {
    if (crypto::is_password(hash, password)) {
      refuse(fmt::format("is one of the last {}", policy_.password_history));
    }
  }
}

void SignIn::set_password(std::int64_t owner, std::string_view password) {
  check_policy(owner, password);
  const auto hash = crypto::hash_password(password, policy_.cost);
  const std::lock_guard hold(database_mutex_);
  std::string older;
  {
    auto row = database_.query("SELECT hash || char(10) || older FROM passwords WHERE owner = ?", owner);
    if (row.next()) {
      auto lines = lines_of(row.text(0));
      if (lines.size() > policy_.password_history) lines.resize(policy_.password_history);
      for (const auto& line : lines) older += line + '\n';
    }
  }
  database_.run("INSERT OR REPLACE INTO passwords (owner, hash, created, older) VALUES (?, ?, ?, ?)", owner, hash,
                clock_(), older);
}

std::string SignIn::make_link(std::int64_t owner, std::int64_t valid_s) {
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  database_.run("DELETE FROM links WHERE owner = ? OR expires <= ?", owner, clock_());
  auto token = add_link(owner, valid_s);
  transaction.commit();
  return token;
}

std::string SignIn::add_link(std::int64_t owner, std::int64_t valid_s) {
  const auto random = crypto::Secret::random();
  auto token = crypto::base64url(random.bytes());
  const auto mac = crypto::hmac_sha256(mac_key_, "link " + token);
  const auto now = clock_();
  database_.run("INSERT INTO links (mac, owner, created, expires) VALUES (?, ?, ?, ?)", mac, owner, now, now + valid_s);
  return token;
}

std::int64_t SignIn::owner_of_link(std::string_view token) const {
  const auto mac = crypto::hmac_sha256(mac_key_, "link " + std::string(token.substr(0, 64)));
  const auto now = clock_();
  std::int64_t owner = 0;
  {
    const std::lock_guard hold(database_mutex_);
    auto row = database_.query("SELECT owner FROM links WHERE mac = ? AND expires > ? AND created <= ?", mac, now, now);
    if (row.next()) owner = row.integer(0);
  }
  if (owner == 0 || !directory_.standing(owner)) {
    fail_field(Code::not_found, "token", "token: this link was used, or its time is over: ask for another");
  }
  return owner;
}

std::int64_t SignIn::use_link(std::string_view token, std::string_view password) {
  const auto owner = owner_of_link(token);
  const auto mac = crypto::hmac_sha256(mac_key_, "link " + std::string(token.substr(0, 64)));
  check_policy(owner, password);
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("DELETE FROM links WHERE mac = ?", mac);
    if (database_.changes() == 0) fail_field(Code::not_found, "token", "token: this link was used just now");
  }
  set_password(owner, password);
  unlock(owner);
  return owner;
}

}  // namespace cofre::accounts
