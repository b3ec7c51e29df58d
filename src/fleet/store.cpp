#include "fleet/store.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "crypto/sha256.h"
#include "fleet/catalogue.h"
#include "json/json.h"
#include "os/disk.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t record_bytes_max = 64 << 10;

Stored read_record(std::string_view name, const std::filesystem::path& file, std::string_view text) {
  const json::Value value = json::parse(text);
  if (!value.is_object()) fail(Code::invalid, "the record of {} is no JSON object", name);
  const auto& object = value.get_object();
  Stored stored;
  stored.name = name;
  stored.file = file;
  stored.sha256 = json::string_at(object, "sha256");
  stored.identity.bytes = json::unsigned_at(object, "bytes", INT64_MAX);
  stored.identity.modified_ns = static_cast<std::int64_t>(json::unsigned_at(object, "modified_ns", INT64_MAX));
  stored.identity.inode = json::unsigned_at(object, "inode", UINT64_MAX);
  stored.origin = json::string_at(object, "origin");
  if (!crypto::is_sha256(stored.sha256)) fail_field(Code::invalid, "sha256", "the record of {} holds no SHA-256", name);
  return stored;
}

}  // namespace

std::filesystem::path Store::path_of(std::string_view name, std::string_view suffix) const {
  if (!is_model_name(name)) fail(Code::invalid, "\"{}\" is no model name", name);
  return folder_ / fmt::format("{}.gguf{}", name, suffix);
}

std::optional<Stored> Store::find(std::string_view name) const {
  const auto file = path_of(name);
  const auto sidecar = path_of(name, ".json");
  if (!std::filesystem::exists(file) || !std::filesystem::exists(sidecar)) return std::nullopt;
  try {
    return read_record(name, file, os::read_whole(sidecar, record_bytes_max));
  } catch (const Error& error) {
    fail(error.code(), "{}: {}; cofre rm {} and pull it again", sidecar.string(), error.what(), name);
  }
}

std::vector<Stored> Store::list() const {
  std::vector<Stored> all;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, missing)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".gguf")) continue;
    const std::string name = file.substr(0, file.size() - 5);
    if (!is_model_name(name)) continue;
    try {
      if (auto stored = find(name)) all.push_back(std::move(*stored));
    } catch (const Error&) {
      continue;  // a record that cannot be read: whoever asks for that model is told
    }
  }
  std::sort(all.begin(), all.end(), [](const Stored& a, const Stored& b) { return a.name < b.name; });
  return all;
}

void Store::check_unchanged(const Stored& stored) const {
  const auto now = os::identify(stored.file);
  if (now == stored.identity) return;
  if (now.bytes != stored.identity.bytes) {
    fail(Code::invalid, "{} was changed: it has {} bytes instead of {}; cofre rm {} and pull it again",
         stored.file.string(), now.bytes, stored.identity.bytes, stored.name);
  }
  fail(Code::invalid, "{} was touched since it was checked; run cofre verify {}", stored.file.string(), stored.name);
}

void Store::verify(const Stored& stored, Listener& listener) {
  const auto lock_held = lock(stored.name);
  const std::string actual = sha256_of_file(stored.file, listener);
  if (actual != stored.sha256) {
    fail(Code::invalid, "{} is damaged: expected SHA-256 {}, actual {}; cofre rm {} and pull it again", stored.name,
         stored.sha256, actual, stored.name);
  }
  record(stored.name, stored.sha256, stored.origin);
}

Stored Store::publish(const std::filesystem::path& from, std::string_view name, std::string_view sha256,
                      std::string_view origin) {
  os::publish(from, path_of(name));
  return record(name, sha256, origin);
}

Stored Store::record(std::string_view name, std::string_view sha256, std::string_view origin) {
  Stored stored{std::string(name), path_of(name), std::string(sha256), os::identify(path_of(name)),
                std::string(origin)};
  json::Object object;
  object["sha256"] = stored.sha256;
  object["bytes"] = stored.identity.bytes;
  object["modified_ns"] = stored.identity.modified_ns;
  object["inode"] = stored.identity.inode;
  object["origin"] = stored.origin;
  os::write_whole(path_of(name, ".json"), json::dump(object) + "\n");
  return stored;
}

std::uint64_t Store::remove(std::string_view name) {
  if (!std::filesystem::exists(path_of(name)) && !std::filesystem::exists(path_of(name, ".part"))) {
    fail(Code::not_found, "there is no model {} in {}", name, folder_.string());
  }
  const auto lock_held = lock(name);
  std::uint64_t freed = 0;
  // The record goes first: what is left after a power cut is then a file that nothing trusts.
  for (const std::string_view suffix : {".json", "", ".part", ".state", ".import", ".scratch"}) {
    std::error_code none;
    const auto path = path_of(name, suffix);
    const auto bytes = std::filesystem::file_size(path, none);
    if (!none) freed += bytes;
    std::filesystem::remove_all(path, none);
  }
  return freed;
}

os::FileLock Store::lock(std::string_view name) const {
  const auto path = path_of(name, ".lock");
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed) fail(Code::unavailable, "cannot create {}: {}", folder_.string(), failed.message());
  auto taken = os::FileLock::try_take(path);
  if (!taken) {
    fail(Code::unavailable, "another process ({}) works on {}: wait for it or stop it", os::FileLock::holder(path),
         name);
  }
  return std::move(*taken);
}

std::string sha256_of_file(const std::filesystem::path& path, Listener& listener) {
  const auto total = os::identify(path).bytes;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(Code::unavailable, "cannot open {}", path.string());
  crypto::Sha256 sum;
  std::vector<char> piece(1 << 20);
  std::uint64_t done = 0;
  while (true) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (file.bad()) fail(Code::unavailable, "cannot read {}", path.string());
    if (got == 0) return sum.hex();
    sum.update(std::as_bytes(std::span(piece.data(), got)));
    done += got;
    listener.advance(done, total);
    if (listener.stopped()) fail(Code::cancelled, "stopped while checking {}", path.string());
  }
}

}  // namespace cofre::fleet
