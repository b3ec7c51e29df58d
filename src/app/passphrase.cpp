#include "app/passphrase.h"

#include "base/error.h"
#include "crypto/secret.h"
#include "os/disk.h"
#include "os/paths.h"
#include "os/terminal.h"

namespace cofre::app {
namespace {

constexpr std::uint64_t secret_bytes_max = 4096;
constexpr const char* file_variable = "COFRE_PASSPHRASE_FILE";
constexpr const char* credential = "cofre-passphrase";

std::string read_secret(const std::filesystem::path& file) {
  if (std::filesystem::is_regular_file(file)) os::check_private(file);  // a pipe is nobody else's
  auto text = os::read_whole(file, secret_bytes_max);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::string master_passphrase() {
  if (const auto file = os::environment(file_variable)) return read_secret(*file);
  if (const auto folder = os::environment("CREDENTIALS_DIRECTORY")) {
    const auto file = std::filesystem::path(*folder) / credential;
    if (std::filesystem::exists(file)) return read_secret(file);
  }
  if (os::is_terminal(os::Stream::in)) return os::read_hidden("Passphrase of the master key: ");
  fail_field(
      Code::not_found, "passphrase",
      "passphrase: the master key is kept by one: give it by the file that {} names, by systemd's credential {}, "
      "or at a terminal",
      file_variable, credential);
}

std::string secret_of(const std::string& file, const std::string& prompt) {
  if (!file.empty()) return read_secret(file);
  if (!os::is_terminal(os::Stream::in)) fail(Code::not_found, "there is neither --file nor a terminal to ask at");
  return os::read_hidden(prompt + ": ");
}

std::string new_passphrase(const std::string& file) {
  auto passphrase = secret_of(file, "New passphrase of the master key");
  if (!file.empty()) return passphrase;
  auto again = secret_of(file, "The same again");
  const bool same = passphrase == again;
  crypto::wipe(again);
  if (!same) fail_field(Code::invalid, "passphrase", "passphrase: the two are not the same");
  return passphrase;
}

}  // namespace cofre::app
