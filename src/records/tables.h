#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "store/database.h"

namespace cofre::records {

/// Seconds since 1970.
using Clock = std::function<std::int64_t()>;
std::int64_t system_seconds();

/// The tables of this folder in the box's database: brought up to date when made, used under the mutex alone.
struct Tables {
  /// Both outlive it. Copies from before a change of the tables go to `backups`.
  Tables(store::Database& of, std::mutex& held, const std::filesystem::path& backups);
  store::Database& database;
  std::mutex& mutex;
};

/// `prefix` and 24 random hex digits.
std::string new_id(std::string_view prefix);

}  // namespace cofre::records
