#include "app/box.h"

#include <chrono>
#include <thread>

#include "app/admin.h"
#include "app/audit_actions.h"
#include "app/passphrase.h"
#include "base/error.h"
#include "config/config.h"
#include "os/disk.h"
#include "os/paths.h"
#include "store/box.h"
#include "store/master_key.h"

namespace cofre::app {
namespace {

constexpr auto wait_max = std::chrono::seconds(15);
constexpr auto wait_step = std::chrono::milliseconds(50);

accounts::audit::Trail::Options trail_options(const std::filesystem::path& data, std::int64_t keep_days) {
  accounts::audit::Trail::Options made;
  made.folder = audit_folder_in(data);
  made.keep_days = keep_days;
  return made;
}

std::filesystem::path lock_in(const std::filesystem::path& data) { return data / "box.lock"; }

}  // namespace

accounts::MachineCost machine_cost_of(const config::Config& config) {
  return {.currency = config.costs_currency,
          .purchase = static_cast<double>(config.costs_purchase),
          .months = config.costs_months,
          .power = static_cast<double>(config.costs_power_a_month),
          .support = static_cast<double>(config.costs_support_a_month)};
}

Box::Box(std::filesystem::path data_directory, os::FileLock held, const config::Config& config)
    : data(std::move(data_directory)),
      lock(std::move(held)),
      master(store::master_key(data, master_passphrase)),
      database(store::open_box(data, master)),
      trail(database, database_mutex, master, store::backups_in(data), trail_options(data, config.audit_keep_days)),
      accounts(database, database_mutex, master, store::backups_in(data)) {
  record_accounts(trail, accounts);
  accounts.machine_cost = [cost = machine_cost_of(config)] { return cost; };
}

std::unique_ptr<Box> Box::try_open(const std::filesystem::path& data) {
  auto held = try_lock(data);
  if (!held) return nullptr;
  return std::unique_ptr<Box>(new Box(data, std::move(*held), config::load(config::file_in(data)).config));
}

std::optional<os::FileLock> Box::try_lock(const std::filesystem::path& data) {
  std::filesystem::create_directories(data);
  return os::FileLock::try_take(lock_in(data));
}

int box_process(const std::filesystem::path& data) {
  const int process = os::FileLock::holder(lock_in(data));
  return process > 0 && std::filesystem::exists(fmt::format("/proc/{}", process)) ? process : 0;
}

json::Object ask_or_open(const std::filesystem::path& data, const json::Object& request,
                         const std::function<json::Object(Box&, const json::Object&)>& alone) {
  const auto end = std::chrono::steady_clock::now() + wait_max;
  while (true) {
    if (auto answer = ask_box(data, request)) return std::move(*answer);
    if (const auto box = Box::try_open(data)) {
      const auto asker = asker_of(os::own_user());
      return recorded(box->trail, asker, request, [&] { return alone(*box, request); });
    }
    if (std::chrono::steady_clock::now() > end) {
      fail(Code::unavailable, "the box in {} is held by process {}, which does not answer", data.string(),
           os::FileLock::holder(lock_in(data)));
    }
    std::this_thread::sleep_for(wait_step);
  }
}

std::filesystem::path audit_folder_in(const std::filesystem::path& data) { return data / "audit"; }

std::filesystem::path log_folder_in(const std::filesystem::path& data) { return data / "logs"; }

void declare_data(Options& options, std::string& into) { options.text("--data", into, "the box's data directory"); }

std::filesystem::path data_directory_of(const std::string& given) {
  return given.empty() ? os::data_directory() : std::filesystem::absolute(given);
}

}  // namespace cofre::app
