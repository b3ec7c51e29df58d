#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "app/audit_actions.h"
#include "app/box.h"
#include "app/command.h"
#include "app/person_actions.h"
#include "base/error.h"
#include "crypto/secret.h"
#include "os/disk.h"
#include "os/paths.h"
#include "store/box.h"

namespace cofre::app {
namespace {

struct Given {
  std::string action, name, data, to;
};

/// Without a running box.
json::Object alone(Box& box, const json::Object& request) {
  records::Records records(box.database, box.database_mutex,
                           {.data = box.data, .backups = store::backups_in(box.data), .keeping = {}});
  return person_action({box.accounts, box.trail, records}, request, asker_of(os::own_user()).who);
}

/// A file of the export, below `folder`.
std::filesystem::path path_in(const std::filesystem::path& folder, std::string_view path) {
  const std::filesystem::path relative(path);
  for (const auto& part : relative) {
    if (part == ".." || relative.is_absolute()) fail(Code::internal, "the box names a file outside of the export");
  }
  return folder / relative;
}

void export_to(const std::filesystem::path& folder, const std::filesystem::path& data, const std::string& name) {
  if (std::filesystem::exists(folder)) fail_field(Code::invalid, "to", "--to: {} is there already", folder.string());
  json::Object request{{"do", "person.export"}, {"name", name}};
  std::uint64_t files = 0;
  while (true) {
    const auto page = ask_or_open(data, request, alone);
    if (std::filesystem::create_directories(folder)) {
      std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    }
    for (const auto& item : json::array_at(page, "pieces")) {
      const auto& piece = item.as_object();
      const auto path = path_in(folder, json::string_at(piece, "path"));
      const auto bytes = crypto::from_base64url(json::string_at(piece, "bytes"));
      if (!bytes) fail(Code::internal, "the box answers what is no base64url");
      std::filesystem::create_directories(path.parent_path());
      files += os::create_private(path) ? 1 : 0;
      std::ofstream file(path, std::ios::binary | std::ios::app);
      file.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
      file.close();
      if (!file) fail(Code::exhausted, "cannot write {}", path.string());
    }
    const auto* cursor = page.if_contains("cursor");
    if (cursor == nullptr) break;
    request["cursor"] = *cursor;
  }
  fmt::print("{} files in {}\n", files, folder.string());
}

void erase(const Given& given) {
  const auto certificate =
      json::dump(ask_or_open(data_directory_of(given.data), {{"do", "person.erase"}, {"name", given.name}}, alone));
  if (!given.to.empty()) os::write_whole(given.to, certificate + "\n");
  fmt::print("{}\n", certificate);
}

}  // namespace

Action declare_person(Options& options) {
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action, "export or erase");
  options.required();
  options.text("NAME", given->name, "of the person, or TENANT/NAME where the tenant is not home");
  options.required();
  options.text("--to", given->to, "export: the folder, which is made; erase: a file for the certificate");
  declare_data(options, given->data);
  return [given] {
    if (given->action == "erase") return erase(*given);
    if (given->action != "export") {
      throw UsageError{fmt::format("person knows export and erase, not \"{}\"", given->action)};
    }
    if (given->to.empty()) throw UsageError{"person export needs --to FOLDER"};
    export_to(given->to, data_directory_of(given->data), given->name);
  };
}

}  // namespace cofre::app
