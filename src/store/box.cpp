#include "store/box.h"

#include "base/error.h"
#include "os/disk.h"

namespace cofre::store {
namespace {

constexpr const char* key_name = "master.key";
constexpr const char* database_name = "cofre.db";

}  // namespace

crypto::Secret master_key(const std::filesystem::path& data_directory) {
  const auto path = data_directory / key_name;
  if (!std::filesystem::exists(path)) {
    if (std::filesystem::exists(data_directory / database_name)) {
      fail(Code::not_found, "{} is missing: without it {} cannot be read. Bring it back from where it was kept",
           path.string(), (data_directory / database_name).string());
    }
    std::filesystem::create_directories(data_directory);
    const auto made = crypto::Secret::random();
    os::create_private(path, {reinterpret_cast<const char*>(made.bytes().data()), made.bytes().size()});
  }
  os::check_private(path);
  std::string content = os::read_whole(path, crypto::secret_bytes);
  if (content.size() != crypto::secret_bytes) {
    fail(Code::invalid, "{} has {} bytes, not {}", path.string(), content.size(), crypto::secret_bytes);
  }
  auto key = crypto::Secret::from(std::as_bytes(std::span(content)));
  crypto::wipe(content);
  return key;
}

Database open_box(const std::filesystem::path& data_directory, const crypto::Secret& master) {
  return Database(data_directory / database_name, master.derive("store"));
}

std::filesystem::path backups_in(const std::filesystem::path& data_directory) { return data_directory / "backups"; }

}  // namespace cofre::store
