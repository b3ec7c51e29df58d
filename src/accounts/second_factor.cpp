#include <algorithm>
#include <span>

#include "accounts/sign_in.h"
#include "base/error.h"
#include "crypto/totp.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t secret_bytes = 20;
constexpr int recovery_codes = 10;
constexpr std::size_t recovery_letters = 16;

/// The step near now whose code this is; nothing where there is none later than `last`.
std::optional<std::int64_t> step_of(std::span<const std::byte> secret, std::string_view code, std::int64_t now,
                                    std::int64_t last) {
  const auto here = now / crypto::totp_step_s;
  for (std::int64_t step = here - 1; step <= here + 1; ++step) {
    const auto right = crypto::totp_code(secret, step);
    if (step > last && crypto::equal(std::as_bytes(std::span(right)), std::as_bytes(std::span(code)))) return step;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::byte> SignIn::begin_factor(std::int64_t owner) {
  if (has_app(owner)) {
    fail_field(Code::invalid, "user", "user: there is an authenticator app already; it must be removed first");
  }
  const auto random = crypto::Secret::random();
  const auto secret = random.bytes().first(secret_bytes);
  const std::lock_guard hold(database_mutex_);
  database_.run("INSERT OR REPLACE INTO second_factors (owner, secret, confirmed, last_step) VALUES (?, ?, NULL, 0)",
                owner, secret);
  return {secret.begin(), secret.end()};
}

std::vector<std::string> SignIn::confirm_factor(std::int64_t owner, std::string_view code) {
  const auto now = clock_();
  {
    const std::lock_guard hold(database_mutex_);
    std::optional<std::int64_t> step;
    {
      auto row = database_.query("SELECT secret FROM second_factors WHERE owner = ? AND confirmed IS NULL", owner);
      if (!row.next()) fail_field(Code::not_found, "code", "code: no second factor waits to be confirmed");
      step = step_of(row.blob(0), code, now, 0);
    }
    if (!step) fail_field(Code::invalid, "code", "code: is not the code of now; is the clock of the device right?");
    database_.run("UPDATE second_factors SET confirmed = ?, last_step = ? WHERE owner = ?", now, *step, owner);
  }
  return first_recovery_codes(owner);
}

std::vector<std::string> SignIn::first_recovery_codes(std::int64_t owner) {
  std::vector<std::string> codes;
  std::string macs;
  for (int i = 0; i < recovery_codes; ++i) {
    const auto random = crypto::Secret::random();
    codes.push_back(crypto::base32(random.bytes().first(recovery_letters * 5 / 8)));
    macs += mac_text("recovery", codes.back()) + "\n";
  }
  const std::lock_guard hold(database_mutex_);
  database_.run("INSERT OR IGNORE INTO recovery_codes (owner, macs) VALUES (?, ?)", owner, macs);
  return database_.changes() > 0 ? codes : std::vector<std::string>();
}

bool SignIn::has_app(std::int64_t owner) const {
  const std::lock_guard hold(database_mutex_);
  return database_.query("SELECT 1 FROM second_factors WHERE owner = ? AND confirmed IS NOT NULL", owner).next();
}

bool SignIn::has_factor(std::int64_t owner) const { return has_app(owner) || passkeys_.has(owner); }

void SignIn::remove_app(std::int64_t owner) {
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("DELETE FROM second_factors WHERE owner = ?", owner);
  }
  forget_codes_without_factor(owner);
}

void SignIn::remove_passkey(std::int64_t owner, std::int64_t passkey) {
  passkeys_.remove(owner, passkey);
  forget_codes_without_factor(owner);
}

void SignIn::remove_factors(std::int64_t owner) {
  passkeys_.remove_all(owner);
  remove_app(owner);
}

/// They are nothing by themselves; who begins anew gets new ones.
void SignIn::forget_codes_without_factor(std::int64_t owner) {
  const std::lock_guard hold(database_mutex_);
  database_.run(
      "DELETE FROM recovery_codes WHERE owner = ?1 AND NOT EXISTS (SELECT 1 FROM passkeys WHERE owner = ?1) AND NOT "
      "EXISTS (SELECT 1 FROM second_factors WHERE owner = ?1 AND confirmed IS NOT NULL)",
      owner);
}

bool SignIn::needs_factor(std::int64_t owner) const {
  switch (policy_.second_factor) {
    case Policy::SecondFactor::nobody: return false;
    case Policy::SecondFactor::everybody: return true;
    case Policy::SecondFactor::administrators: {
      const auto roles = directory_.owner(owner).roles;
      return roles.has(Role::system_administrator) || roles.has(Role::security_administrator) ||
             roles.has(Role::auditor);
    }
  }
  CHECK(false);
  return true;
}

bool SignIn::check_code(std::int64_t owner, std::string_view code) {
  const auto now = clock_();
  const auto mac = mac_text("recovery", code.substr(0, 64)) + "\n";
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  std::optional<std::int64_t> step;
  if (auto row = database_.query(
          "SELECT secret, last_step FROM second_factors WHERE owner = ? AND confirmed IS NOT NULL", owner);
      row.next()) {
    step = step_of(row.blob(0), code, now, row.integer(1));
  }
  if (step) {
    database_.run("UPDATE second_factors SET last_step = ? WHERE owner = ?", *step, owner);
  } else {
    database_.run("UPDATE recovery_codes SET macs = replace(macs, ?1, '') WHERE owner = ?2 AND instr(macs, ?1) > 0",
                  mac, owner);
    if (database_.changes() == 0) return false;
  }
  transaction.commit();
  return true;
}

}  // namespace cofre::accounts
