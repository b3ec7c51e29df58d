#include <vector>

#include "base/checked.h"
#include "base/error.h"
#include "fleet/container.h"
#include "fleet/pull.h"
#include "fleet/scratch.h"
#include "fleet/zip_file.h"
#include "huggingface/conversion.h"

namespace cofre::fleet {
namespace {

/// Whether a member of an archive is a file of a model's folder: its own ones, and config.json of a folder in it.
bool is_wanted(const std::filesystem::path& name) {
  const auto parts = std::distance(name.begin(), name.end());
  const auto file = name.filename();
  if (parts == 2) return file == "config.json" && *name.begin() != ".." && *name.begin() != "/";
  return parts == 1 &&
         (file.extension() == ".json" || file.extension() == ".safetensors" || file.extension() == ".jinja");
}

/// Unpacks what a model needs. Throws Error(invalid) where there is more than the archive claims.
void unpack(const std::filesystem::path& from, const std::filesystem::path& to, const Store& store,
            const Surroundings& around, Listener& listener) {
  const ZipFile archive(from, from.string());
  std::vector<std::uint64_t> wanted;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < archive.members(); ++i) {
    if (!is_wanted(archive.member_name(i))) continue;
    wanted.push_back(i);
    total = checked_add(total, archive.member_bytes(i)).value_or(UINT64_MAX);
  }
  around.expect_space(from.filename().string(), total, store);
  std::uint64_t done = 0;
  for (const auto member : wanted) {
    const auto file = to / archive.member_name(member);
    std::filesystem::create_directories(file.parent_path());
    os::AppendFile out(file);
    archive.read(member, [&](std::span<const std::byte> piece) {
      if (listener.stopped()) fail(Code::cancelled, "stopped while unpacking {}", from.string());
      if (piece.size() > total - done) fail(Code::invalid, "{} holds more than it claims", from.string());
      out.append(piece);
      done += piece.size();
      listener.advance(done, total);
    });
  }
}

}  // namespace

void convert_folder(const std::filesystem::path& folder, const std::filesystem::path& to,
                    huggingface::Quantization quantization, std::uint64_t free_bytes, Listener& listener,
                    const std::function<void()>& ready) {
  os::AppendFile file(to);
  if (ready) ready();
  const huggingface::Conversion conversion(folder, quantization);
  for (const auto& note : conversion.notes()) listener.say(note);
  if (conversion.bytes() > free_bytes)
    fail(Code::exhausted,
         "{} becomes a file of {} bytes, and {} may be written: make room or set COFRE_DATA to a larger disk",
         folder.string(), conversion.bytes(), free_bytes);
  conversion.write([&](std::span<const std::byte> bytes) {
    if (listener.stopped()) fail(Code::cancelled, "stopped while reading {}", folder.string());
    file.append(bytes);
    listener.advance(file.bytes(), conversion.bytes());
  });
}

void convert_archive(const std::filesystem::path& archive, const std::string& name, const std::filesystem::path& to,
                     huggingface::Quantization quantization, const Store& store, const Surroundings& around,
                     Listener& listener) {
  const Scratch scratch(store.path_of(name, ".scratch"));
  const auto folder = scratch.path / name;  // the model gets its name of the folder's
  unpack(archive, folder, store, around, listener);
  around.convert(folder, to, quantization, around.writable_bytes(store), listener);
}

bool is_folder(const std::filesystem::path& path) {
  return std::filesystem::is_directory(path) || lower_case(path.extension().string()) == ".zip";
}

Pulled import_folder(const std::filesystem::path& path, std::string_view name, huggingface::Quantization quantization,
                     const Catalogue& catalogue, Store& store, const Surroundings& around, Listener& listener) {
  const auto from = std::filesystem::weakly_canonical(path);
  const bool packed = !std::filesystem::is_directory(from);
  // Of a folder the whole name: "Qwen2.5-0.5B" has no extension.
  const auto own = packed ? from.stem() : from.filename();
  const std::string chosen = name.empty() ? model_name_from(own.string()) : std::string(name);
  if (catalogue.find(chosen) != nullptr)
    fail(Code::invalid, "{} is a name of the catalogue: give another with --name", chosen);
  const auto target = store.path_of(chosen);  // refuses what cannot be a name
  const auto lock = store.lock(chosen);
  if (std::filesystem::exists(target))
    fail(Code::invalid, "there is a model {} already: cofre rm {}, or give this one a --name", chosen, chosen);
  Scrap made(store.path_of(chosen, ".import"));
  std::filesystem::remove(made.path);
  if (packed) {
    convert_archive(from, chosen, made.path, quantization, store, around, listener);
  } else {
    around.convert(from, made.path, quantization, around.writable_bytes(store), listener);
  }
  around.inspect(made.path);  // what was written is held to the same proofs as what comes from elsewhere
  const auto sha256 = sha256_of_file(made.path, listener);
  auto stored = store.publish(made.path, chosen, sha256, from.string());
  made.path.clear();
  return {std::move(stored)};
}

}  // namespace cofre::fleet
