#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "os/clock.h"

namespace cofre::log {
namespace {

constexpr const char* base_name = "cofre";
constexpr const char* suffix = ".jsonl";

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
  std::unique_ptr<spdlog::logger> logger;
};

Level level_named(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (name_of(level) == name) return level;
  }
  fail_field(Code::invalid, "level", "level: \"{}\" is none of debug, info, warning, error", name);
}

Log::Log(const Options& options) : sinks_(std::make_unique<Sinks>()) {
  std::vector<spdlog::sink_ptr> sinks;
  try {
    std::filesystem::create_directories(options.folder);
    std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all);
    const auto file = options.folder / (std::string(base_name) + suffix);
    sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file.string(), options.file_bytes,
                                                                           std::max(1u, options.files) - 1));
  } catch (const std::exception& error) {
    fail(Code::unavailable, "cannot write the log in {}: {}", options.folder.string(), error.what());
  }
  if (options.on_standard_error) sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  sinks_->logger = std::make_unique<spdlog::logger>("cofre", sinks.begin(), sinks.end());
  sinks_->logger->set_pattern("%v");
  sinks_->logger->flush_on(spdlog::level::debug);
  sinks_->logger->set_level(spdlog_level(options.level));
  sinks_->logger->set_error_handler([](const std::string&) {});  // a full disk must not fill the terminal
}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, const json::Object& fields) {
  if (!sinks_->logger->should_log(spdlog_level(level))) return;
  json::Object line{{"time", os::utc_text(os::now_ms())}, {"level", name_of(level)}, {"event", event}};
  for (const auto& [key, value] : fields) line[key] = value;
  sinks_->logger->log(spdlog_level(level), json::dump(line));
}

void Log::set_level(Level level) { sinks_->logger->set_level(spdlog_level(level)); }

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
