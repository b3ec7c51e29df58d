#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "fleet/caches.h"
#include "fleet/catalogue.h"
#include "fleet/container.h"
#include "fleet/hubs.h"
#include "fleet/listener.h"
#include "fleet/resolve.h"
#include "fleet/store.h"
#include "huggingface/conversion.h"
#include "os/disk.h"

namespace cofre::fleet {

/// Throws Error(invalid) where the file is no GGUF, Error(unsupported) where it is one of several of a model.
void check_model_file(const std::filesystem::path& path);

/// Writes the model file that a folder of Hugging Face's makes to `to`, which must not be there. `ready` is called once
/// `to` is open, before the folder is read. Throws what huggingface::Conversion throws, Error(exhausted) where the file
/// would have more than `free_bytes`, Error(cancelled).
void convert_folder(const std::filesystem::path& folder, const std::filesystem::path& to,
                    huggingface::Quantization quantization, std::uint64_t free_bytes, Listener& listener,
                    const std::function<void()>& ready = {});

/// What a pull finds around it; tests put their own.
struct Surroundings {
  Hubs hubs;
  Caches caches;
  std::function<std::uint64_t(const std::filesystem::path&)> free_disk_bytes = os::free_disk_bytes;
  /// Reads a stranger's model file. Throws Error(invalid or unsupported) where it is none, or one of several of a
  /// model.
  std::function<void(const std::filesystem::path&)> inspect = check_model_file;
  /// Makes a model file of a stranger's container (container.h): from, to.
  std::function<void(const std::filesystem::path&, const std::filesystem::path&)> unpack =
      [](const std::filesystem::path& from, const std::filesystem::path& to) { unpack_container(from, to); };
  /// Makes a model file of a stranger's folder: convert_folder without `ready`.
  std::function<void(const std::filesystem::path& folder, const std::filesystem::path& to, huggingface::Quantization,
                     std::uint64_t free_bytes, Listener&)>
      convert = [](const auto& folder, const auto& to, auto quantization, auto free_bytes, auto& listener) {
        convert_folder(folder, to, quantization, free_bytes, listener);
      };

  /// Bytes that may be written to the store's disk.
  std::uint64_t writable_bytes(const Store& store) const;
  /// Throws Error(exhausted) with the numbers where that disk has no room for so many.
  void expect_space(std::string_view what, std::uint64_t bytes, const Store& store) const;

  static Surroundings from_environment() { return {Hubs::from_environment(), Caches::from_environment()}; }
};

struct Pulled {
  Stored stored;
  bool was_there = false;  ///< nothing had to be done
};

/// Makes the model file of a zipped folder of Hugging Face's, `name` by name. Throws as convert_folder() does, and
/// Error(invalid) where the archive is damaged or holds more than it claims.
void convert_archive(const std::filesystem::path& archive, const std::string& name, const std::filesystem::path& to,
                     huggingface::Quantization quantization, const Store& store, const Surroundings& around,
                     Listener& listener);

/// Brings a model into the store: what is there already, else a verified copy from another program's cache, else the
/// first source that can be reached. The SHA-256 of the whole file is checked before it gets its name. Relative paths
/// of file sources count from `origin`. Throws
///   Error(cancelled)    the listener stopped it; what has arrived stays and the same call goes on there
///   Error(exhausted)    too little disk space, with the numbers
///   Error(unavailable)  no source can be reached, with each one's reason; or another process pulls it
///   Error(invalid)      the bytes of every source that could be reached have another SHA-256 or size
Pulled pull(const Model& model, Store& store, const std::filesystem::path& origin, const Surroundings& around,
            Listener& listener);

/// pull() of what a person names: a name or alias of the catalogue, or owner/name:QUANTIZATION of a hub. An empty text
/// means the default that fits into memory. Throws Error(not_found) for every other text.
Pulled pull(Models& models, std::string_view text, const Surroundings& around, Listener& listener);

/// Takes a model file, or a container of one, that the administrator brings: a copy, or with `take` the file itself.
/// Its GGUF structure and its SHA-256 are checked: where the sum is one of the catalogue's it gets that row's name
/// unless `name` says another. Throws Error(invalid) where it is no model file, where `name` is a catalogue's row with
/// another SHA-256, or where that name is taken by another file.
Pulled import_file(const std::filesystem::path& path, std::string_view name, const Catalogue& catalogue, Store& store,
                   const Surroundings& around, Listener& listener, bool take = false);

/// Turns a folder of Hugging Face's (config.json, tokenizer.json, safetensors), or a zip archive of one, into one model
/// file of the store. Without `name` it gets the folder's. Throws as import_file, and what huggingface::Conversion
/// throws.
Pulled import_folder(const std::filesystem::path& path, std::string_view name, huggingface::Quantization quantization,
                     const Catalogue& catalogue, Store& store, const Surroundings& around, Listener& listener);
/// Whether import_folder is for this path: a folder or a file that is called a zip archive.
bool is_folder(const std::filesystem::path& path);

}  // namespace cofre::fleet
