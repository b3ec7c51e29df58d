#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "accounts/accounts.h"
#include "accounts/audit/trail.h"
#include "app/command.h"
#include "config/config.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "os/file_lock.h"
#include "store/database.h"

namespace cofre::app {

/// The state of a box, held by one process at a time: `serve` while it runs, else the command that changes it.
struct Box {
  /// Nothing where another process has it. Makes what is missing: folder, master key, database.
  /// Throws Error(invalid) where its settings are wrong.
  /// Where the master key is kept by a passphrase, that is asked for (master_passphrase()).
  static std::unique_ptr<Box> try_open(const std::filesystem::path& data);
  /// The lock alone, that keeps every other process from the state. Nothing where another process has it.
  static std::optional<os::FileLock> try_lock(const std::filesystem::path& data);

  std::filesystem::path data;
  os::FileLock lock;
  crypto::Secret master;
  store::Database database;
  std::mutex database_mutex;
  accounts::audit::Trail trail;
  accounts::Accounts accounts;
  accounts::Keys& keys = accounts.keys;

 private:
  Box(std::filesystem::path data_directory, os::FileLock held, const config::Config& config);
};

/// The process that holds the box; 0: none.
int box_process(const std::filesystem::path& data);

/// What a command asks of the box: the running one answers through DIR/admin.sock; where none runs, `alone` answers.
/// A box that is just starting or stopping is waited for. What changes something is recorded in the audit trail (see
/// recorded()). Throws the Error that the answer is.
json::Object ask_or_open(const std::filesystem::path& data, const json::Object& request,
                         const std::function<json::Object(Box&, const json::Object&)>& alone);

/// What the box costs, as its settings say.
accounts::MachineCost machine_cost_of(const config::Config& config);

/// The folder of the audit trail.
std::filesystem::path audit_folder_in(const std::filesystem::path& data);
/// Where the box's log lies.
std::filesystem::path log_folder_in(const std::filesystem::path& data);

/// The option "--data DIR" of every command about a box.
void declare_data(Options& options, std::string& into);
/// What it says, else os::data_directory(); absolute.
std::filesystem::path data_directory_of(const std::string& given);

}  // namespace cofre::app
