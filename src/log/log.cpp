#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "os/clock.h"

namespace cofre::log {
namespace {

constexpr const char* base_name = "cofre";
constexpr const char* suffix = ".jsonl";
constexpr std::int64_t day_ms = 86'400'000;

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  CHECK(false);
  return spdlog::level::err;
}

std::string_view name_of(Level level) {
  constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

/// 0 of cofre.jsonl, 3 of cofre.3.jsonl; nothing of other files.
std::optional<unsigned> age_of(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  if (!name.starts_with(base_name) || !name.ends_with(suffix)) return std::nullopt;
  name = name.substr(std::string_view(base_name).size());
  name.resize(name.size() - std::string_view(suffix).size());
  if (name.empty()) return 0;
  unsigned age = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), age);
  if (name[0] != '.' || error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return age;
}

}  // namespace

struct Log::Sinks {
  std::filesystem::path folder;
  mutable std::mutex mutex;  ///< of what follows
  Options options;
  std::shared_ptr<spdlog::logger> logger;

  std::shared_ptr<spdlog::logger> now() const {
    const std::scoped_lock lock(mutex);
    return logger;
  }
};

namespace {

std::shared_ptr<spdlog::logger> made_logger(const Options& options, bool begin_file) {
  std::vector<spdlog::sink_ptr> sinks;
  try {
    std::filesystem::create_directories(options.folder);
    std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all);
    const auto file = options.folder / (std::string(base_name) + suffix);
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        file.string(), options.file_bytes, std::max(1u, options.files) - 1, begin_file));
  } catch (const std::exception& error) {
    fail(Code::unavailable, "cannot write the log in {}: {}", options.folder.string(), error.what());
  }
  if (options.on_standard_error) sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto logger = std::make_shared<spdlog::logger>("cofre", sinks.begin(), sinks.end());
  logger->set_pattern("%v");
  logger->flush_on(spdlog::level::debug);
  logger->set_level(spdlog_level(options.level));
  logger->set_error_handler([](const std::string&) {});  // a full disk must not fill the terminal
  return logger;
}

std::int64_t changed_ms(const std::filesystem::path& path) {
  using namespace std::chrono;
  const auto time = file_clock::to_sys(std::filesystem::last_write_time(path));
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

/// The time of a file's first line; empty where it has none.
std::string first_time(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return {};
  try {
    return std::string(json::string_at(json::parse(line).as_object(), "time"));
  } catch (const std::exception&) {
    return "0";  // cut by a crash: as old as can be
  }
}

}  // namespace

Level level_named(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (name_of(level) == name) return level;
  }
  fail_field(Code::invalid, "level", "level: \"{}\" is none of debug, info, warning, error", name);
}

Log::Log(const Options& options) : sinks_(std::make_unique<Sinks>()) {
  sinks_->folder = options.folder;
  sinks_->options = options;
  sinks_->logger = made_logger(options, false);
}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, const json::Object& fields) {
  const auto logger = sinks_->now();
  if (!logger->should_log(spdlog_level(level))) return;
  json::Object line{{"time", os::utc_text(os::now_ms())}, {"level", name_of(level)}, {"event", event}};
  for (const auto& [key, value] : fields) line[key] = value;
  logger->log(spdlog_level(level), json::dump(line));
}

void Log::set_level(Level level) {
  const std::scoped_lock lock(sinks_->mutex);
  sinks_->options.level = level;
  sinks_->logger->set_level(spdlog_level(level));
}

std::size_t Log::forget(std::int64_t days, std::int64_t now_ms) {
  const auto now = now_ms == 0 ? os::now_ms() : now_ms;
  const auto& folder = sinks_->folder;
  const auto first = first_time(folder / (std::string(base_name) + suffix));
  if (!first.empty() && first < os::utc_text(now - day_ms)) {
    const std::scoped_lock lock(sinks_->mutex);
    sinks_->logger = made_logger(sinks_->options, true);
  }
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto age = age_of(entry.path());
    if (!age || *age == 0) continue;
    if (changed_ms(entry.path()) > now - days * day_ms) continue;
    removed += std::filesystem::remove(entry.path(), error) ? 1 : 0;
  }
  return removed;
}

void read(const std::filesystem::path& folder, const std::function<void(std::string_view)>& take) {
  std::vector<std::pair<unsigned, std::filesystem::path>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (const auto age = age_of(entry.path())) files.emplace_back(*age, entry.path());
  }
  if (error) fail(Code::not_found, "there is no log in {}: {}", folder.string(), error.message());
  std::sort(files.rbegin(), files.rend());
  for (const auto& [age, path] : files) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) take(line);
  }
}

std::vector<std::string> find(const std::filesystem::path& folder, std::string_view id) {
  std::vector<std::string> lines;
  read(folder, [&](std::string_view line) {
    if (line.find(id) == line.npos) return;
    try {
      const auto value = json::parse(line);
      const auto* object = value.if_object();
      const auto* member = object != nullptr ? object->if_contains("id") : nullptr;
      if (member != nullptr && member->is_string() && member->get_string() == id) lines.emplace_back(line);
    } catch (const Error&) {
      // A line cut by a crash.
    }
  });
  return lines;
}

}  // namespace cofre::log
