// Any bytes are a journal's line, networks, money, an action's request or a cookie, or are refused; what is understood
// is written as it was read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "accounts/actions/fields.h"
#include "accounts/addresses.h"
#include "accounts/journal.h"
#include "accounts/money.h"
#include "accounts/prices.h"
#include "base/error.h"
#include "gateway/credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto entry = accounts::read_journal_line(text)) {
    auto line = accounts::journal_line(*entry);
    line.pop_back();
    const auto again = accounts::read_journal_line(line);
    if (!again || again->spent != entry->spent || again->user.model != entry->user.model) std::abort();
  }
  try {
    const auto networks = accounts::Networks::parse({text});
    networks.hold("10.1.2.3");
    networks.hold(text);
  } catch (const Error&) {
  }
  try {
    accounts::day_of(text, "from");
  } catch (const Error&) {
  }
  try {
    const auto money = accounts::money_of(text, "money");
    if (accounts::money_of(accounts::money_text(money), "money") != money) std::abort();
  } catch (const Error&) {
  }
  try {
    const auto value = json::parse(text);
    if (value.is_object()) {
      accounts::Fields fields(value.get_object());
      fields.texts_if_any("scopes");
      fields.reference_if_any("user");
      fields.real_if_any("input");
      fields.number_if_any("limit", 1, 100);
      fields.done();
    }
  } catch (const Error&) {
  }
  http::Request request;
  request.headers.add("Cookie", text);
  if (const auto session = gateway::presented_session(request); session && session->size() > size) std::abort();
  return 0;
}
