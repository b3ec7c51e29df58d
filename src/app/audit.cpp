#include <fmt/format.h>

#include "accounts/audit/verify.h"
#include "app/audit_actions.h"
#include "app/box.h"
#include "app/command.h"
#include "base/error.h"
#include "os/disk.h"

namespace cofre::app {
namespace {

namespace audit = accounts::audit;

struct Given {
  std::string action, name, data, folder, from, until, person, kind, outcome, id;
  std::vector<std::string> checkpoints;
  bool json = false, contents = false;
};

constexpr std::uint64_t checkpoint_bytes_max = 64 << 10;

json::Object ask(const std::filesystem::path& data, const json::Object& request) {
  return ask_or_open(data, request, [](Box& box, const json::Object& asked) { return audit_action(box.trail, asked); });
}

audit::Link link_of(const json::Value& value) {
  const auto& object = value.as_object();
  return {json::unsigned_at(object, "n", UINT64_MAX - 1), std::string(json::string_at(object, "hash"))};
}

void print(const audit::Verdict& verdict) {
  if (verdict.bad) {
    fmt::print("NOT AS IT WAS: record {} was {} ({})\n", verdict.bad->n, verdict.bad->what, verdict.bad->segment);
    return;
  }
  fmt::print("All is as it was: records {} to {} in {} files, {} signatures.\n", verdict.first.n, verdict.last.n,
             verdict.segments, verdict.checkpoints);
}

/// What is verified is read here, not in the box, which goes on writing behind the head that it told.
void verify(const Given& given) {
  audit::Expected expected;
  std::filesystem::path folder = given.folder;
  for (const auto& file : given.checkpoints) {
    expected.checkpoints.push_back(
        audit::checkpoint_from_json(json::parse(os::read_whole(file, checkpoint_bytes_max)).as_object()));
  }
  if (given.folder.empty()) {
    const auto data = data_directory_of(given.data);
    const auto ends = ask(data, {{"do", "audit.ends"}});
    expected.head = link_of(json::at(ends, "head"));
    expected.base = link_of(json::at(ends, "base"));
    expected.public_key = json::string_at(ends, "key");
    folder = audit_folder_in(data);
  } else if (!expected.checkpoints.empty()) {
    expected.public_key = expected.checkpoints.front().public_key;
  }
  const auto verdict = audit::verify(folder, expected);
  given.json ? fmt::print("{}\n", json::dump(audit::to_json(verdict))) : print(verdict);
  if (verdict.bad) fail(Code::invalid, "the audit trail is not as it was from record {} on", verdict.bad->n);
}

void print_records(const std::filesystem::path& data, json::Object request) {
  request["do"] = "audit.export";
  request["segment"] = request["byte"] = 0;
  while (true) {
    const auto page = ask(data, request);
    for (const auto& line : json::array_at(page, "lines")) fmt::print("{}\n", std::string_view(line.as_string()));
    if (page.at("is_last").as_bool()) return;
    request["segment"] = page.at("segment");
    request["byte"] = page.at("byte");
  }
}

void export_records(const Given& given) {
  json::Object request;
  const std::pair<const char*, const std::string&> members[] = {{"from", given.from},       {"until", given.until},
                                                                {"person", given.person},   {"action", given.kind},
                                                                {"outcome", given.outcome}, {"id", given.id}};
  if (given.contents) request["contents"] = "true";
  for (const auto& [key, value] : members) {
    if (!value.empty()) request[key] = value;
  }
  print_records(data_directory_of(given.data), std::move(request));
}

void run(const Given& given) {
  const auto data = data_directory_of(given.data);
  if (given.action == "verify") return verify(given);
  if (given.action == "export") return export_records(given);
  if (given.action == "checkpoint") {
    fmt::print("{}\n", json::dump(ask(data, {{"do", "audit.checkpoint"}})));
  } else if (given.action == "hold" || given.action == "release") {
    ask(data, {{"do", "audit." + given.action}, {"name", given.name}});
    fmt::print("{} {}.\n", given.name.empty() ? "Everything" : given.name,
               given.action == "hold" ? "is under a legal hold" : "is under no legal hold of its own any more");
  } else if (given.action == "holds") {
    const auto answer = ask(data, {{"do", "audit.holds"}});
    if (given.json) return fmt::print("{}\n", json::dump(answer));
    for (const auto& name : json::array_at(answer, "names")) {
      fmt::print("{}\n", name.as_string().empty() ? "(everything)" : std::string_view(name.as_string()));
    }
  } else {
    throw UsageError{
        fmt::format("audit knows verify, export, checkpoint, hold, release and holds, not \"{}\"", given.action)};
  }
}

}  // namespace

Action declare_audit(Options& options) {
  auto given = std::make_shared<Given>();
  options.text("ACTION", given->action, "verify, export, checkpoint, hold, release or holds");
  options.required();
  options.text("NAME", given->name, "hold, release: this person alone; without: everything");
  options.text("--folder", given->folder, "verify: a copy of the trail's folder, without its box");
  options.texts("--checkpoint", given->checkpoints, "verify: a file that cofre audit checkpoint printed earlier");
  options.text("--from", given->from, "export: since this time, like 2026-11-25T03:10 (UTC)");
  options.text("--until", given->until, "export: before this time");
  options.text("--person", given->person, "export: what this person did, or what was done to them");
  options.text("--action", given->kind, "export: only this, like key.create, or key. for all of them");
  options.text("--outcome", given->outcome, "export: only what ended so, like refused");
  options.flag("--contents", given->contents,
               "export: also what was asked and answered, where a retention rule keeps it");
  options.text("--id", given->id, "export: only the request of this id");
  declare_data(options, given->data);
  options.flag("--json", given->json, "print JSON");
  return [given] { run(*given); };
}

}  // namespace cofre::app
