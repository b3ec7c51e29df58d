#include "accounts/actions/key_wish.h"

#include <algorithm>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::int64_t time_most = std::int64_t{1} << 40;

}  // namespace

KeyWish wish_of(Fields& fields, std::string name, Scopes otherwise) {
  KeyWish wish;
  wish.name = std::move(name);
  const auto scopes = fields.texts_if_any("scopes");
  wish.scopes = scopes ? Scopes::parse(*scopes) : otherwise;
  wish.models = fields.texts_if_any("models").value_or(std::vector<std::string>());
  wish.addresses = fields.texts_if_any("addresses").value_or(std::vector<std::string>());
  wish.expires = fields.number_if_any("expires", 0, time_most);
  return wish;
}

void bind_to_maker(const Accounts& accounts, const Actor& actor, KeyWish& wish) {
  if (actor.key_id <= 0) return;
  const auto maker = accounts.keys.key(actor.key_id);
  if (!maker.models.empty() && wish.models.empty()) wish.models = maker.models;
  if (!maker.addresses.empty() && wish.addresses.empty()) wish.addresses = maker.addresses;
  if (maker.expires && !wish.expires) wish.expires = maker.expires;
  for (const auto& model : wish.models) {
    const auto& known = maker.models;
    if (known.empty() || std::find(known.begin(), known.end(), model) != known.end()) continue;
    fail_field(Code::invalid, "models", "models: the key that makes it may not ask {}", model);
  }
  if (!maker.addresses.empty() && wish.addresses != maker.addresses) {
    fail_field(Code::invalid, "addresses", "addresses: must be those of the key that makes it");
  }
  if (maker.expires && *wish.expires > *maker.expires) {
    fail_field(Code::invalid, "expires", "expires: it may not outlive the key that makes it");
  }
}

}  // namespace cofre::accounts
