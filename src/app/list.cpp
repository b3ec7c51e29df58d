#include <fmt/format.h>

#include "app/command.h"
#include "fleet/resolve.h"
#include "json/json.h"

namespace cofre::app {
namespace {

struct Line {
  std::string name, title, licence, purpose, sha256, path;
  std::uint64_t bytes = 0;
  bool is_default = false;
  bool is_here = false;
  bool is_unchanged = false;
};

std::vector<Line> collect(const fleet::Models& models, bool all) {
  std::vector<Line> lines;
  const auto stored = models.store.list();
  for (const auto& model : stored) {
    Line line{.name = model.name,
              .title = model.origin,
              .licence = "",
              .purpose = "",
              .sha256 = model.sha256,
              .path = model.file.string(),
              .bytes = model.identity.bytes,
              .is_here = true};
    line.is_unchanged = os::identify(model.file) == model.identity;
    if (const auto* row = models.catalogue.find_sha256(model.sha256)) {
      line.title = row->title;
      line.licence = row->licence;
      line.purpose = fleet::name_of(row->purpose);
      line.is_default = row->is_default;
    }
    lines.push_back(std::move(line));
  }
  for (const auto& row : models.catalogue.models()) {
    const bool here =
        std::any_of(stored.begin(), stored.end(), [&](const auto& model) { return model.name == row.name; });
    if (!all || here) continue;
    lines.push_back({.name = row.name,
                     .title = row.title,
                     .licence = row.licence,
                     .purpose = std::string(fleet::name_of(row.purpose)),
                     .sha256 = row.sha256,
                     .path = "",
                     .bytes = row.bytes,
                     .is_default = row.is_default});
  }
  return lines;
}

json::Value as_json(const std::vector<Line>& lines) {
  json::Array list;
  for (const auto& line : lines) {
    json::Object object;
    object["name"] = line.name;
    object["title"] = line.title;
    object["licence"] = line.licence;
    object["for"] = line.purpose;
    object["default"] = line.is_default;
    object["bytes"] = line.bytes;
    object["sha256"] = line.sha256;
    object["here"] = line.is_here;
    if (line.is_here) {
      object["path"] = line.path;
      object["unchanged"] = line.is_unchanged;
    }
    list.push_back(std::move(object));
  }
  return json::Object{{"models", std::move(list)}};
}

}  // namespace

Action declare_list(Options& options) {
  struct Given {
    bool all = false, json = false;
  };
  auto given = std::make_shared<Given>();
  options.flag("-a,--all", given->all, "also what the catalogue could fetch");
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const auto models = fleet::Models::open();
    const auto lines = collect(models, given->all);
    if (given->json) {
      fmt::print("{}\n", json::dump(as_json(lines)));
      return;
    }
    if (lines.empty()) {
      fmt::print("There is no model in {} yet: cofre pull fetches one, cofre list --all shows what can be had.\n",
                 models.store.folder().string());
      return;
    }
    std::size_t width = 4;
    for (const auto& line : lines) width = std::max(width, line.name.size());
    fmt::print("{:{}}  {:>9}  {:8}  {}\n", "NAME", width, "SIZE", "STATE", "WHAT");
    for (const auto& line : lines) {
      const char* state = !line.is_here ? "to fetch" : line.is_unchanged ? "here" : "touched";
      fmt::print("{:{}}  {:>6.0f} MB  {:8}  {}\n", line.name, width, static_cast<double>(line.bytes) / 1e6, state,
                 line.title);
    }
  };
}

}  // namespace cofre::app
