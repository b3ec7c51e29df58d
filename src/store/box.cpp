#include "store/box.h"

namespace cofre::store {
namespace {

constexpr const char* database_name = "cofre.db";

}  // namespace

Database open_box(const std::filesystem::path& data_directory, const crypto::Secret& master) {
  return Database(data_directory / database_name, master.derive("store"));
}

bool has_database(const std::filesystem::path& data_directory) {
  return std::filesystem::exists(data_directory / database_name);
}

std::filesystem::path backups_in(const std::filesystem::path& data_directory) { return data_directory / "backups"; }

}  // namespace cofre::store
