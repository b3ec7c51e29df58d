#include <fmt/format.h>

#include "app/command.h"
#include "app/progress.h"
#include "base/error.h"
#include "fleet/resolve.h"
#include "json/json.h"
#include "os/interrupt.h"

namespace cofre::app {
namespace {

/// What is wrong with a model; empty where nothing is.
std::string verify_one(fleet::Store& store, const std::string& name) {
  try {
    const auto stored = store.find(name);
    if (!stored) fail(Code::not_found, "there is no model {} in {}", name, store.folder().string());
    ProgressPrinter progress;
    store.verify(*stored, progress);
    return "";
  } catch (const Error& error) {
    if (error.code() == Code::cancelled) throw;
    return error.what();
  }
}

}  // namespace

Action declare_verify(Options& options) {
  struct Given {
    std::vector<std::string> models;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  options.texts("MODEL", given->models, "names in the store; without one, all");
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const os::InterruptGuard guard;
    auto models = fleet::Models::open();
    std::vector<std::string> names;
    for (const auto& text : given->models) names.push_back(fleet::stored_name(models, text));
    if (names.empty()) {
      for (const auto& stored : models.store.list()) names.push_back(stored.name);
    }
    json::Array list;
    std::string first_fault;
    for (const auto& name : names) {
      const std::string fault = verify_one(models.store, name);
      if (first_fault.empty()) first_fault = fault;
      list.push_back(json::Object{{"name", name}, {"good", fault.empty()}, {"fault", fault}});
      if (!given->json) fmt::print("{}: {}\n", name, fault.empty() ? "good" : "BAD");
    }
    if (given->json) fmt::print("{}\n", json::dump(json::Object{{"models", std::move(list)}}));
    if (!first_fault.empty()) fail(Code::invalid, "{}", first_fault);
  };
}

}  // namespace cofre::app
