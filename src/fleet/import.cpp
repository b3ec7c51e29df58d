#include <fstream>

#include "base/error.h"
#include "crypto/sha256.h"
#include "fleet/pull.h"
#include "gguf/gguf.h"

namespace cofre::fleet {
namespace {

/// A name made of a file's: small letters, everything else that a name cannot hold becomes "-".
std::string name_from(const std::filesystem::path& path) {
  std::string name = lower_case(path.stem().string());
  for (char& c : name) {
    if (!is_model_name(std::string("a") + c)) c = '-';
  }
  while (!name.empty() && !is_model_name(name.substr(0, 1))) name.erase(0, 1);
  if (!is_model_name(name)) fail(Code::invalid, "{} makes no model name: give one with --name", path.string());
  return name;
}

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

/// Removes a file when the work on it does not come to its end.
struct Scrap {
  std::filesystem::path path;
  ~Scrap() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove(path, ignored);
  }
};

/// The name under which bytes of this sum are kept.
std::string choose_name(const std::filesystem::path& path, std::string_view given, std::string_view sha256,
                        const Catalogue& catalogue) {
  const Model* known = catalogue.find_sha256(sha256);
  const std::string name = !given.empty() ? std::string(given) : known != nullptr ? known->name : name_from(path);
  const Model* row = catalogue.find(name);
  if (row == nullptr) return name;
  if (row->sha256 != sha256) {
    fail(Code::invalid, "{} is not {}: expected SHA-256 {}, actual {}", path.string(), row->name, row->sha256, sha256);
  }
  return row->name;
}

}  // namespace

void check_model_file(const std::filesystem::path& path) {
  if (gguf::File::open(path).file_bytes() != os::identify(path).bytes)
    fail(Code::unsupported, "{} is one of several files of a model: run it by its path instead", path.string());
}

Pulled import_file(const std::filesystem::path& path, std::string_view name, const Catalogue& catalogue, Store& store,
                   const Surroundings& around, Listener& listener, bool take) {
  if (!name.empty() && catalogue.find(name) == nullptr) store.path_of(name);  // refuses what cannot be a name
  const std::uint64_t bytes = os::identify(path).bytes;
  around.inspect(path);
  const std::string sha256 = sha256_of_file(path, listener);
  const std::string chosen = choose_name(path, name, sha256, catalogue);
  const auto lock = store.lock(chosen);
  if (auto stored = store.find(chosen)) {
    if (stored->sha256 == sha256) return {std::move(*stored), true};
    fail(Code::invalid, "there is another model {} already: cofre rm {}, or give this one a --name", chosen, chosen);
  }
  if (take) return {store.publish(path, chosen, sha256, "an upload")};
  const std::uint64_t free = around.free_disk_bytes(store.folder());
  if (free < bytes) {
    fail(Code::exhausted, "{} needs {} bytes of disk space in {} and {} are free", chosen, bytes,
         store.folder().string(), free);
  }
  Scrap copy{store.path_of(chosen, ".import")};
  if (copy_summed(path, copy.path, listener) != sha256)
    fail(Code::invalid, "{} changed while it was read", path.string());
  auto stored = store.publish(copy.path, chosen, sha256, std::filesystem::absolute(path).string());
  copy.path.clear();
  return {std::move(stored)};
}

}  // namespace cofre::fleet
