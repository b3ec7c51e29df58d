#include "gateway/admin/person.h"

#include <map>
#include <memory>
#include <optional>

#include "accounts/actions/fields.h"
#include "accounts/actions/lookup.h"
#include "accounts/person_name.h"
#include "base/error.h"
#include "gateway/admin/admin.h"
#include "gateway/admin/download.h"
#include "gateway/auditor.h"
#include "gateway/desk.h"
#include "records/person.h"
#include "text/tar.h"

namespace cofre::gateway::admin {
namespace {

/// The user or service account that the path names. Throws Error(not_found, user) for whom the actor does not reach.
std::string name_in(Services& services, const Call& call) {
  const auto request = request_of(call);
  accounts::Fields fields(request);
  const auto owner = accounts::owner_of(services.accounts, actor_of(call), fields);
  fields.done();
  return accounts::person_name(services.accounts.directory, owner.id);
}

accounts::audit::Trail& trail_of(Services& services) {
  if (services.settings.audit == nullptr) fail(Code::unsupported, "this box keeps no audit trail");
  return *services.settings.audit;
}

/// What the trail says of it. The person is a number there: a name would outlive the erasure.
accounts::audit::Entry entry_of(Services& services, const Call& call, const char* action, const std::string& name) {
  auto& trail = trail_of(services);
  trail.flush();  // a record that waits may be the only one that knows the person
  accounts::audit::Entry entry{.action = action,
                               .outcome = "ok",
                               .who = accounts::person_name(services.accounts.directory, actor_of(call).user),
                               .from = call.request.peer};
  if (const auto number = trail.persons().find(name)) entry.facts["person"] = *number;
  return entry;
}

constexpr std::size_t piece_bytes = 256 << 10;

/// What the box keeps of somebody, as a tar archive.
class Archive {
 public:
  Archive(Services& services, std::string name) : services_(services), name_(std::move(name)) {}

  std::optional<std::string> next() {
    while (waiting_.empty() && cursor_) read_page();
    if (waiting_.empty()) return std::nullopt;
    auto piece = waiting_.substr(0, piece_bytes);
    waiting_.erase(0, piece.size());
    return piece;
  }

 private:
  void read_page() {
    const auto page =
        records::export_page({services_.accounts, trail_of(services_), services_.records}, name_, *cursor_);
    for (const auto& piece : page.pieces) add(waiting_, piece);
    if (!page.next) waiting_ += text::tar_end();
    cursor_ = page.next;
  }

  void add(std::string& text, const records::ExportPiece& piece) {
    const auto now = services_.accounts.clock();
    if (piece.whole) {
      if (piece.begins) {
        text += text::tar_header(piece.path, *piece.whole, now);
        left_ = *piece.whole;
      }
      if (piece.bytes.size() > left_) fail(Code::internal, "a content is longer than it was");
      left_ -= piece.bytes.size();
      text += piece.bytes;
      if (left_ == 0) text += text::tar_filling(*piece.whole);
      return;
    }
    if (left_ != 0) fail(Code::not_found, "a content was removed while it was read");
    lines_ += piece.bytes;
    if (!lines_.ends_with('\n')) return;  // a long line goes on
    text += text::tar_header(numbered(piece.path), lines_.size(), now) + lines_ + text::tar_filling(lines_.size());
    lines_.clear();
  }

  /// "audit.jsonl", then "audit.2.jsonl": an archive has each name once.
  std::string numbered(const std::string& path) {
    const auto number = ++parts_[path];
    if (number == 1) return path;
    const auto dot = path.rfind('.');
    return fmt::format("{}.{}{}", path.substr(0, dot), number, path.substr(dot));
  }

  Services& services_;
  const std::string name_;
  std::optional<records::ExportCursor> cursor_{records::ExportCursor{}};  ///< nothing: all is read
  std::string waiting_;                                                   ///< read and not yet written
  std::uint64_t left_ = 0;                                                ///< of the content that is told
  std::string lines_;                                                     ///< that have no end yet
  std::map<std::string, unsigned> parts_;
};

}  // namespace

void export_person(Services& services, Call&& call) {
  gateway::at_desk(services.office, std::move(call), [&services](Call&& asked) {
    const auto name = name_in(services, asked);
    trail_of(services).record_now(entry_of(services, asked, "person.export", name));
    const auto archive = std::make_shared<Archive>(services, name);
    download(services, services.office, std::move(asked), "person",
             {{"Content-Type", "application/x-tar"}, {"Content-Disposition", "attachment; filename=\"person.tar\""}},
             [archive] { return archive->next(); });
  });
}

void erase_person(Services& services, Call&& call) {
  at_desk(services, std::move(call), [](Services& with, Call& asked) {
    const auto name = name_in(with, asked);
    const auto by = accounts::person_name(with.accounts.directory, actor_of(asked).user);
    if (name == by) fail_field(Code::invalid, "user", "user: nobody erases themselves");
    auto& trail = trail_of(with);
    return json_response(trail.perform(entry_of(with, asked, "person.erase", name), [&] {
      return records::erase_person({with.accounts, trail, with.records}, name, by);
    }));
  });
}

}  // namespace cofre::gateway::admin
