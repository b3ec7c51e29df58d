#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/box.h"
#include "app/command.h"
#include "app/master_key_actions.h"
#include "app/passphrase.h"
#include "base/error.h"
#include "crypto/phrase.h"
#include "crypto/tpm.h"
#include "store/box.h"
#include "store/master_key.h"

namespace cofre::app {
namespace {

using By = store::Keeping::By;

struct Given {
  std::string data, action, how, file, tcti = "device:/dev/tpmrm0";
  std::vector<std::string> pcrs;
  bool json = false;
};

json::Object ask(const std::filesystem::path& data, const json::Object& request) {
  return ask_or_open(data, request, [](Box& box, const json::Object& asked) {
    return master_key_action(box.data, box.master, asked);
  });
}

json::Object to_json(const store::Keeping& keeping) {
  json::Object object{{"kept", store::name_of(keeping.by)}};
  if (keeping.by == By::tpm) {
    object["tcti"] = keeping.tcti;
    object["pcrs"] = json::Array(keeping.pcrs.begin(), keeping.pcrs.end());
  }
  return object;
}

void print_keeping(const Given& given) {
  const auto keeping = store::keeping_of(data_directory_of(given.data));
  if (given.json) {
    fmt::print("{}\n", json::dump(to_json(keeping)));
  } else {
    fmt::print("The master key is kept {}.\n", text_of(keeping));
  }
}

void print_phrase(const Given& given) {
  const auto answer = ask(data_directory_of(given.data), {{"do", "master_key.phrase"}});
  if (given.json) return fmt::print("{}\n", json::dump(answer));
  std::string_view left = json::string_at(answer, "phrase");
  for (std::size_t number = 1; number <= crypto::phrase_length; ++number) {
    const auto end = std::min(left.find(' '), left.size());
    fmt::print("{:2} {:10}{}", number, left.substr(0, end), number % 4 == 0 ? "\n" : "");
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  fmt::print(stderr, "Who has these words has the master key: keep them on paper, away from this machine.\n");
}

/// The phrase is of this box where it opens its database.
void recover(const Given& given) {
  const auto data = data_directory_of(given.data);
  if (!store::has_database(data)) {
    fail(Code::not_found, "there is no database in {} that the phrase could open: put it back first", data.string());
  }
  auto phrase = secret_of(given.file, "Recovery phrase, 24 words");
  const auto key = crypto::secret_of_phrase(phrase);
  crypto::wipe(phrase);
  {
    const auto held = Box::try_lock(data);
    if (!held) fail(Code::unavailable, "a box runs in {}: it has its master key", data.string());
    store::open_box(data, key);
    store::keep_in_file(data, key);
  }
  ask(data, {{"do", "master_key.file"}});  // and the audit trail knows it
  fmt::print("The master key is there again, kept {}.\n", text_of(store::Keeping()));
}

void change(const Given& given, json::Object request) {
  const auto data = data_directory_of(given.data);
  const auto answer = ask(data, request);
  if (given.json) return fmt::print("{}\n", json::dump(answer));
  fmt::print("The master key is kept {} from now on.\n", text_of(store::keeping_of(data)));
}

json::Array numbers_of(const std::vector<std::string>& texts) {
  json::Array numbers;
  for (const auto& text : texts) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > crypto::pcr_last) {
      throw UsageError{fmt::format("--pcr takes numbers from 0 to {}, not \"{}\"", crypto::pcr_last, text)};
    }
    numbers.emplace_back(static_cast<std::int64_t>(number));
  }
  return numbers;
}

void run(const Given& given) {
  const auto what = given.how.empty() ? given.action : given.action + " " + given.how;
  if (what == "show") return print_keeping(given);
  if (what == "phrase") return print_phrase(given);
  if (what == "recover") return recover(given);
  if (what == "passphrase remove" || what == "tpm unseal") return change(given, {{"do", "master_key.file"}});
  if (what == "tpm seal") {
    return change(given, {{"do", "master_key.tpm"}, {"tcti", given.tcti}, {"pcrs", numbers_of(given.pcrs)}});
  }
  if (what != "passphrase set") {
    throw UsageError{fmt::format(
        "master-key knows show, phrase, recover, passphrase set|remove and tpm seal|unseal, not \"{}\"", what)};
  }
  auto passphrase = new_passphrase(given.file);
  change(given, {{"do", "master_key.passphrase"}, {"passphrase", passphrase}});
  crypto::wipe(passphrase);
}

}  // namespace

Action declare_master_key(Options& options) {
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action, "show, phrase, recover, passphrase or tpm");
  options.required();
  options.text("HOW", given->how, "passphrase: set or remove; tpm: seal or unseal");
  options.text("--file", given->file, "passphrase set, recover: the secret is in this file; without: it is typed");
  options.text("--tcti", given->tcti, "tpm seal: how the TPM is reached (device:/dev/tpmrm0)");
  options.texts("--pcr", given->pcrs, "tpm seal: it opens only while this PCR (SHA-256) is as it is; may be repeated");
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given] { run(*given); };
}

}  // namespace cofre::app
