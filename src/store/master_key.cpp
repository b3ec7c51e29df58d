#include "store/master_key.h"

#include <array>

#include "base/error.h"
#include "crypto/sealed_text.h"
#include "crypto/tpm.h"
#include "json/json.h"
#include "os/disk.h"
#include "store/box.h"

namespace cofre::store {
namespace {

using By = Keeping::By;
constexpr std::array<std::string_view, 3> form_names{"file", "passphrase", "tpm"};
constexpr std::uint64_t file_bytes_max = 16 << 10;
constexpr std::uint64_t passes_max = 1000, memory_max = 16ULL << 30;
constexpr const char* context = "master key";  // of what the passphrase seals

std::filesystem::path key_file_in(const std::filesystem::path& data) { return data / "master.key"; }
std::filesystem::path next_of(const std::filesystem::path& file) { return file.string() + ".new"; }

std::string read_private(const std::filesystem::path& file) {
  os::check_private(file);
  return os::read_whole(file, file_bytes_max);
}

bool is_bare(std::string_view content) { return content.size() == crypto::secret_bytes; }

std::vector<std::byte> bytes_at(const json::Object& object, std::string_view key) {
  auto text = crypto::from_base64url(json::string_at(object, key));
  if (!text) fail(Code::invalid, "{} is not base64url", key);
  const auto bytes = std::as_bytes(std::span(*text));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(std::span<const std::byte> bytes) { return crypto::base64url(bytes); }

Keeping keeping_in(const json::Object& object) {
  Keeping keeping;
  const auto kept = json::string_at(object, "kept");
  if (kept == name_of(By::passphrase)) {
    keeping.by = By::passphrase;
  } else if (kept == name_of(By::tpm)) {
    keeping.by = By::tpm;
    keeping.tcti = json::string_at(object, "tcti");
    for (const auto& pcr : json::array_at(object, "pcrs")) {
      if (!pcr.is_int64() || pcr.get_int64() < 0 || pcr.get_int64() > crypto::pcr_last) {
        fail(Code::invalid, "pcrs holds what is no PCR");
      }
      keeping.pcrs.push_back(static_cast<unsigned>(pcr.get_int64()));
    }
  } else {
    fail(Code::invalid, "kept is neither passphrase nor tpm");
  }
  return keeping;
}

crypto::Secret open_by_passphrase(const json::Object& object, std::string_view passphrase) {
  const crypto::PasswordCost cost{json::unsigned_at(object, "passes", passes_max),
                                  json::unsigned_at(object, "memory_bytes", memory_max)};
  const auto under = crypto::key_of_passphrase(passphrase, bytes_at(object, "salt"), cost);
  auto bytes = crypto::unseal_text(under, json::string_at(object, "sealed"), context);
  if (!bytes) fail_field(Code::invalid, "passphrase", "passphrase: it is wrong, or master.key was changed");
  auto key = crypto::Secret::from(std::as_bytes(std::span(*bytes)));
  crypto::wipe(*bytes);
  return key;
}

crypto::Secret open(const std::string& content, const AskPassphrase& ask) {
  if (is_bare(content)) return crypto::Secret::from(std::as_bytes(std::span(content)));
  const auto object = json::parse(content).as_object();
  const auto keeping = keeping_in(object);
  if (keeping.by == By::tpm) {
    const crypto::TpmSealed sealed{bytes_at(object, "public"), bytes_at(object, "private"), keeping.pcrs};
    return crypto::Tpm(keeping.tcti).unseal(sealed);
  }
  if (!ask) fail_field(Code::invalid, "passphrase", "passphrase: is needed");
  auto passphrase = ask();
  auto key = open_by_passphrase(object, passphrase);
  crypto::wipe(passphrase);
  return key;
}

/// Calls `read` with the content of a key's file; what is wrong with it is told with its name.
template <class Read>
auto reading(const std::filesystem::path& file, Read read) {
  auto content = read_private(file);
  try {
    auto result = read(content);
    crypto::wipe(content);
    return result;
  } catch (const Error& error) {
    crypto::wipe(content);
    throw Error(error.code(), fmt::format("{}: {}", file.string(), error.what()), error.field());
  } catch (const std::exception& error) {
    crypto::wipe(content);
    fail(Code::invalid, "{}: {}", file.string(), error.what());
  }
}

/// The new form takes the place of the old one when it was read again and gave the key.
void replace(const std::filesystem::path& data, const crypto::Secret& key, std::string_view content,
             const AskPassphrase& ask) {
  const auto file = key_file_in(data), next = next_of(file);
  struct Removed {
    const std::filesystem::path& path;
    ~Removed() {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  };
  std::filesystem::remove(next);
  const Removed whatever_happens{next};
  os::create_private(next, content);
  const auto again = reading(next, [&](const std::string& written) { return open(written, ask); });
  if (!crypto::equal(again.bytes(), key.bytes())) {
    fail(Code::internal, "{} does not give the key back that was put into it", next.string());
  }
  os::publish(next, file);
}

}  // namespace

std::string_view name_of(By by) { return form_names[static_cast<std::size_t>(by)]; }

Keeping keeping_of(const std::filesystem::path& data_directory) {
  return reading(key_file_in(data_directory), [](const std::string& content) {
    return is_bare(content) ? Keeping() : keeping_in(json::parse(content).as_object());
  });
}

crypto::Secret master_key(const std::filesystem::path& data_directory, const AskPassphrase& passphrase) {
  const auto file = key_file_in(data_directory);
  if (!std::filesystem::exists(file)) {
    if (has_database(data_directory)) {
      fail(Code::not_found,
           "{} is missing: without it nothing here can be read. Bring it back from where it was kept, or, with the "
           "recovery phrase: cofre master-key recover",
           file.string());
    }
    std::filesystem::create_directories(data_directory);
    const auto made = crypto::Secret::random();
    os::create_private(file, {reinterpret_cast<const char*>(made.bytes().data()), made.bytes().size()});
  }
  auto key = reading(file, [&](const std::string& content) { return open(content, passphrase); });
  std::filesystem::remove(next_of(file));  // of a change that was broken off
  return key;
}

void keep_in_file(const std::filesystem::path& data_directory, const crypto::Secret& key) {
  std::filesystem::create_directories(data_directory);
  replace(data_directory, key, {reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size()}, {});
}

void keep_by_passphrase(const std::filesystem::path& data_directory, const crypto::Secret& key,
                        std::string_view passphrase, const crypto::PasswordCost& cost) {
  if (passphrase.size() < passphrase_letters_min) {
    fail_field(Code::invalid, "passphrase", "passphrase: needs at least {} letters", passphrase_letters_min);
  }
  const auto random = crypto::Secret::random();
  const auto salt = random.bytes().first(crypto::salt_bytes);
  const auto under = crypto::key_of_passphrase(passphrase, salt, cost);
  std::string bytes(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size());
  const json::Object object{{"kept", name_of(By::passphrase)},
                            {"passes", cost.passes},
                            {"memory_bytes", cost.memory_bytes},
                            {"salt", text_of(salt)},
                            {"sealed", crypto::seal_text(under, bytes, context)}};
  crypto::wipe(bytes);
  replace(data_directory, key, json::dump(object), [&] { return std::string(passphrase); });
}

void keep_in_tpm(const std::filesystem::path& data_directory, const crypto::Secret& key, const std::string& tcti,
                 const std::vector<unsigned>& pcrs) {
  const auto sealed = crypto::Tpm(tcti).seal(key, pcrs);
  const json::Object object{{"kept", name_of(By::tpm)},
                            {"tcti", tcti},
                            {"pcrs", json::Array(pcrs.begin(), pcrs.end())},
                            {"public", text_of(sealed.public_part)},
                            {"private", text_of(sealed.private_part)}};
  replace(data_directory, key, json::dump(object), {});
}

}  // namespace cofre::store
