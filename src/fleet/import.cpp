#include <fstream>
#include <random>

#include "base/error.h"
#include "crypto/sha256.h"
#include "fleet/container.h"
#include "fleet/pull.h"
#include "gguf/gguf.h"

namespace cofre::fleet {
namespace {

/// Copies and sums at once: what is summed is what is kept, whatever happens to the original meanwhile.
std::string copy_summed(const std::filesystem::path& from, const std::filesystem::path& to, Listener& listener) {
  const std::uint64_t total = std::filesystem::file_size(from);
  std::ifstream source(from, std::ios::binary);
  std::filesystem::remove(to);
  os::AppendFile copy(to);
  crypto::Sha256 sum;
  std::vector<char> piece(1 << 20);
  while (source.read(piece.data(), static_cast<std::streamsize>(piece.size())) || source.gcount() > 0) {
    if (listener.stopped()) fail(Code::cancelled, "stopped while copying {}", from.string());
    const auto bytes = std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(source.gcount())));
    sum.update(bytes);
    copy.append(bytes);
    listener.advance(copy.bytes(), total);
  }
  if (!source.eof()) fail(Code::unavailable, "cannot read {}", from.string());
  return sum.hex();
}

/// The name under which bytes of this sum are kept.
std::string choose_name(const std::filesystem::path& path, std::string_view given, std::string_view sha256,
                        const Catalogue& catalogue) {
  const Model* known = catalogue.find_sha256(sha256);
  const std::string name = !given.empty()     ? std::string(given)
                           : known != nullptr ? known->name
                                              : model_name_from(path.stem().string());
  const Model* row = catalogue.find(name);
  if (row == nullptr) return name;
  if (row->sha256 != sha256) {
    fail(Code::invalid, "{} is not {}: expected SHA-256 {}, actual {}", path.string(), row->name, row->sha256, sha256);
  }
  return row->name;
}

/// A file of which the name, if none is given, comes from `path`.
struct Brought {
  const std::filesystem::path& file;
  const std::filesystem::path& path;
  std::string origin;
  bool take;  ///< the file itself goes into the store, not a copy
};

Pulled keep(const Brought& brought, std::string_view name, const Catalogue& catalogue, Store& store,
            const Surroundings& around, Listener& listener) {
  const auto& [file, path, origin, take] = brought;
  const std::uint64_t bytes = os::identify(file).bytes;
  around.inspect(file);
  const std::string sha256 = sha256_of_file(file, listener);
  const std::string chosen = choose_name(path, name, sha256, catalogue);
  const auto lock = store.lock(chosen);
  if (auto stored = store.find(chosen)) {
    if (stored->sha256 == sha256) return {std::move(*stored), true};
    fail(Code::invalid, "there is another model {} already: cofre rm {}, or give this one a --name", chosen, chosen);
  }
  if (take) return {store.publish(file, chosen, sha256, origin)};
  around.expect_space(chosen, bytes, store);
  Scrap copy(store.path_of(chosen, ".import"));
  if (copy_summed(file, copy.path, listener) != sha256)
    fail(Code::invalid, "{} changed while it was read", path.string());
  auto stored = store.publish(copy.path, chosen, sha256, origin);
  copy.path.clear();
  return {std::move(stored)};
}

/// A container is kept as the model file that it makes, by whose sum the catalogue knows it.
Pulled keep_unpacked(const std::filesystem::path& path, std::string_view name, const Catalogue& catalogue, Store& store,
                     const Surroundings& around, Listener& listener) {
  listener.say(fmt::format("Making a model file of {}", path.string()));
  std::error_code failed;
  std::filesystem::create_directories(store.folder(), failed);
  if (failed) fail(Code::unavailable, "cannot create {}: {}", store.folder().string(), failed.message());
  const std::uint64_t bytes = os::identify(path).bytes, free = around.free_disk_bytes(store.folder());
  if (free < bytes + bytes / 8)  // what is made of a container is little longer than it
    fail(Code::exhausted, "{} needs about {} bytes of disk space in {} and {} are free", path.string(),
         bytes + bytes / 8, store.folder().string(), free);
  const Scrap made(store.folder() / fmt::format(".unpacked-{:08x}", std::random_device{}()));
  around.unpack(path, made.path);
  return keep({made.path, path, std::filesystem::absolute(path).string(), true}, name, catalogue, store, around,
              listener);
}

}  // namespace

void check_model_file(const std::filesystem::path& path) {
  if (gguf::File::open(path).file_bytes() != os::identify(path).bytes)
    fail(Code::unsupported, "{} is one of several files of a model: run it by its path instead", path.string());
}

Pulled import_file(const std::filesystem::path& path, std::string_view name, const Catalogue& catalogue, Store& store,
                   const Surroundings& around, Listener& listener, bool take) {
  if (!name.empty() && catalogue.find(name) == nullptr) store.path_of(name);  // refuses what cannot be a name
  if (!is_container(path))
    return keep({path, path, take ? "an upload" : std::filesystem::absolute(path).string(), take}, name, catalogue,
                store, around, listener);
  auto pulled = keep_unpacked(path, name, catalogue, store, around, listener);
  if (take) std::filesystem::remove(path);
  return pulled;
}

}  // namespace cofre::fleet
