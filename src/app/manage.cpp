#include "app/manage.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <deque>

#include "accounts/actions/actions.h"
#include "accounts/money.h"
#include "app/box.h"
#include "base/error.h"
#include "os/disk.h"
#include "text/utf8.h"

namespace cofre::app {
namespace {

constexpr std::int64_t day_s = 86400;
constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t mib_bytes = 1 << 20;
constexpr std::int64_t number_most = std::int64_t{1} << 40;
constexpr std::uint64_t file_bytes_max = 512 << 10;  // escaped it fits into a request to the box

struct Given {
  std::string verb, name, data;
  std::deque<std::string> texts;  // deques: their items stay where they are
  std::deque<std::vector<std::string>> lists;
  std::deque<std::optional<std::int64_t>> numbers;
  std::deque<bool> flags;
  bool json = false;
};

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

bool is_time(std::string_view field) {
  constexpr std::string_view times[] = {"created", "expires", "revoked", "replaced", "seen", "ends", "last_used"};
  return std::find(std::begin(times), std::end(times), field) != std::end(times);
}

/// Whether a row's field is money, in millionths: of a quota of money, or what was spent.
bool is_money(const json::Object& row, std::string_view field) {
  if (field == "spent_micro") return true;
  const auto* metric = row.if_contains("metric");
  return metric != nullptr && *metric == "money" && (field == "amount" || field == "used" || field == "reserved");
}

std::string shown(std::string_view field, const json::Value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_int64() && is_time(field)) return time_text(value.get_int64());
  if (!value.is_array()) return json::dump(value);
  std::string text;
  for (const auto& item : value.get_array()) text += (text.empty() ? "" : " ") + shown("", item);
  return text;
}

std::string shown_of(const json::Object& row, std::string_view field, const json::Value& value) {
  if (value.is_number() && is_money(row, field)) return accounts::money_text(value.to_number<std::uint64_t>());
  return shown(field, value);
}

const Verb& verb_of(const Noun& noun, const Given& given) {
  std::string known;
  for (const auto& verb : noun.verbs) {
    if (verb.word == given.verb) return verb;
    known += (known.empty() ? "" : ", ") + std::string(verb.word);
  }
  throw UsageError{fmt::format("there is no \"{}\" here: {}", given.verb, known)};
}

/// Checked here, as a request to the box is UTF-8 in any case.
std::string text_of_file(const std::string& path) {
  auto text = os::read_whole(path, file_bytes_max);
  if (text::find_invalid_utf8(text))
    fail(Code::invalid, "{}: is not UTF-8; a table is saved as CSV UTF-8, a certificate as PEM", path);
  return text;
}

json::Object request_of(const Noun& noun, const Given& given) {
  const auto& verb = verb_of(noun, given);
  if (verb.field.empty() && !given.name.empty()) throw UsageError{fmt::format("{} takes no name", verb.word)};
  if (verb.needs_name && !verb.field.empty() && given.name.empty()) {
    throw UsageError{fmt::format("{} needs a name", verb.word)};
  }
  json::Object request{{"do", verb.action}};
  if (!given.name.empty()) request[verb.field] = verb.is_file ? text_of_file(given.name) : given.name;
  std::size_t text = 0, list = 0, number = 0, flag = 0;
  for (const auto& one : noun.switches) {
    switch (one.kind) {
      case Switch::Kind::text:
        if (const auto& value = given.texts[text++]; !value.empty()) request[one.field] = value;
        break;
      case Switch::Kind::list:
        if (const auto& values = given.lists[list++]; !values.empty()) {
          json::Array items;
          for (const auto& value : values) {
            if (!value.empty()) items.emplace_back(value);
          }
          request[one.field] = std::move(items);
        }
        break;
      case Switch::Kind::flag:
        if (given.flags[flag++]) request[one.field] = true;
        break;
      default: {
        const auto& value = given.numbers[number++];
        if (!value) break;
        const bool is_days = one.kind == Switch::Kind::days, is_hours = one.kind == Switch::Kind::hours;
        request[one.field] = is_days                         ? accounts::system_seconds() + *value * day_s
                             : is_hours                      ? *value * hour_s
                             : one.kind == Switch::Kind::mib ? *value * mib_bytes
                                                             : *value;
      }
    }
  }
  return request;
}

/// Columns of which no row has anything to tell are left out.
void print_table(const Noun& noun, const json::Array& rows) {
  if (rows.empty()) {
    fmt::print("There is none.\n");
    return;
  }
  std::vector<Column> columns;
  for (const auto& column : noun.columns) {
    const bool told = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      const auto* value = row.as_object().if_contains(column.field);
      return value != nullptr && !value->is_null();
    });
    if (told) columns.push_back(column);
  }
  const auto print_line = [&](const auto& cell_of) {
    std::string line;
    for (const auto& column : columns) line += fmt::format("{:{}}  ", cell_of(column), column.width);
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  };
  print_line([](const Column& column) { return std::string(column.title); });
  for (const auto& item : rows) {
    print_line([&](const Column& column) {
      const auto* value = item.as_object().if_contains(column.field);
      return value == nullptr ? std::string() : shown_of(item.as_object(), column.field, *value);
    });
  }
}

/// The box beside the cloud that it replaces.
void print_machine(const json::Object& machine) {
  const auto number = [](const json::Object& from, const char* key) { return json::at(from, key).to_number<double>(); };
  const auto currency = json::string_at(machine, "currency"), cloud = json::string_at(machine, "cloud_currency");
  fmt::print("\nIn {} days this box has cost {:.2f} {}, the cloud would have asked {:.2f} {} ({:.2f} at peak hours).\n",
             number(machine, "days"), number(machine, "cost"), currency, number(machine, "cloud_cost"), cloud,
             number(machine, "cloud_cost_peak"));
  const auto& even = json::at(machine, "break_even");
  if (!even.is_object()) return;
  fmt::print("They cost the same at {:.1f} million tokens a month ({:.1f} at peak prices); {:.1f} are used.\n",
             number(even.get_object(), "tokens_a_month") / 1e6, number(even.get_object(), "tokens_a_month_peak") / 1e6,
             number(even.get_object(), "used_a_month") / 1e6);
}

void print_person(const Noun& noun, const json::Object& answer) {
  if (const auto* rows = answer.if_contains(noun.list); rows != nullptr && rows->is_array()) {
    print_table(noun, rows->get_array());
    if (const auto* machine = answer.if_contains("machine")) print_machine(machine->as_object());
    return;
  }
  for (const std::string_view secret : {"key", "link", "csv"}) {
    if (const auto* value = answer.if_contains(secret); value != nullptr && value->is_string()) {
      fmt::print("{}\n", std::string_view(value->get_string()));
      if (secret == "key") fmt::print(stderr, "This is shown once. Clients send it as OPENAI_API_KEY.\n");
      if (const auto* id = answer.if_contains("access_id"); id != nullptr && id->is_string())
        fmt::print(stderr, "Signatures name it as {}.\n", std::string_view(id->get_string()));
      return;
    }
  }
  for (const auto& item : answer) {
    const auto text = shown_of(answer, item.key(), item.value());
    if (!text.empty()) fmt::print("{:12} {}\n", std::string_view(item.key()), text);
  }
}

json::Object alone(Box& box, const json::Object& request) {
  return accounts::act(box.accounts, accounts::Actor::machine(), json::string_at(request, "do"), request);
}

}  // namespace

Action declare_noun(Options& options, const Noun& noun) {
  auto given = std::make_shared<Given>();
  std::string verbs;
  for (const auto& verb : noun.verbs) verbs += (verbs.empty() ? "" : ", ") + std::string(verb.word);
  options.text("ACTION", given->verb, verbs);
  options.required();
  options.text("NAME", given->name, noun.name_help);
  for (const auto& one : noun.switches) {
    switch (one.kind) {
      case Switch::Kind::text: options.text(one.option, given->texts.emplace_back(), one.help); break;
      case Switch::Kind::list: options.texts(one.option, given->lists.emplace_back(), one.help); break;
      case Switch::Kind::flag: options.flag(one.option, given->flags.emplace_back(false), one.help); break;
      default: options.number(one.option, given->numbers.emplace_back(), 0, number_most, one.help);
    }
  }
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given, &noun] {
    const auto answer = ask_or_open(data_directory_of(given->data), request_of(noun, *given), alone);
    if (given->json) {
      fmt::print("{}\n", json::dump(answer));
    } else {
      print_person(noun, answer);
    }
  };
}

}  // namespace cofre::app
