#include "gateway/admin/models.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "fleet/resolve.h"
#include "gateway/admin/home.h"
#include "gateway/admin/jobs.h"
#include "gateway/admin/model_upload.h"
#include "gateway/credentials.h"
#include "gateway/dialects/openai/form.h"
#include "gateway/dialects/openai/query.h"
#include "os/disk.h"
#include "os/spawn.h"

namespace cofre::gateway::admin {
namespace {

constexpr std::uint64_t jobs_number_max = std::uint64_t{1} << 53;

json::Array list_of(const std::vector<std::string>& texts) {
  json::Array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

json::Object state_object(const fleet::ModelState& model) {
  json::Object out{{"name", model.name},
                   {"aliases", list_of(model.aliases)},
                   {"state", fleet::name_of(model.kind)},
                   {"reason", model.reason},
                   {"healthy", model.healthy},
                   {"preloaded", model.preloaded},
                   {"requests", model.streams},
                   {"file_bytes", model.file_bytes},
                   {"memory_bytes", model.memory_bytes},
                   {"context", nullptr},
                   {"deaths", model.deaths},
                   {"served", true}};
  if (model.facts) out["context"] = model.facts->context;
  return out;
}

/// What the record beside a file and the catalogue know.
void add_stored(json::Object& out, const fleet::Stored& stored, const fleet::Catalogue& catalogue) {
  out["file_bytes"] = stored.identity.bytes;
  out["sha256"] = stored.sha256;
  out["origin"] = stored.origin;
  std::error_code missing;
  out["unchanged"] = std::filesystem::exists(stored.file, missing) && os::identify(stored.file) == stored.identity;
  if (const auto* row = catalogue.find_sha256(stored.sha256)) {
    out["title"] = row->title;
    out["licence"] = row->licence;
    out["for"] = fleet::name_of(row->purpose);
  }
}

json::Object begin_job(Services& services, const Call& call, Jobs::Plan plan) {
  plan.by = person(services, call);
  const auto& settings = services.settings;
  plan.arguments.insert(plan.arguments.begin(), settings.program.empty() ? os::own_program() : settings.program);
  plan.environment = {"COFRE_DATA=" + settings.data.string()};
  return recorded(services, call, "model." + plan.kind + ".begin", {{"model", plan.model}},
                  [&] { return services.jobs.start(std::move(plan)); });
}

std::uint64_t job_number(const Call& call) {
  const auto& text = call.parameters.at(0);
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > jobs_number_max) return 0;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

/// The name under which the box serves what the path names. Throws Error(not_found, model).
std::string served(const Services& services, const Call& call) {
  const auto found = services.models.find(call.parameters.at(0));
  if (!found || found->kind == fleet::ModelState::Kind::remote)
    fail_field(Code::not_found, "model", "there is no model \"{}\" on this box", call.parameters.at(0).substr(0, 128));
  return found->name;
}

}  // namespace

void list_models(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) {
    const auto models = fleet::Models::open(with.settings.data);
    std::map<std::string, json::Object> all;
    std::uint64_t used = 0;
    for (const auto& model : with.models.models()) {
      used += model.memory_bytes;
      all.emplace(model.name, state_object(model));
    }
    for (const auto& stored : models.store.list()) {
      auto& out =
          all.try_emplace(
                 stored.name,
                 json::Object{{"name", stored.name}, {"aliases", json::Array()}, {"state", "idle"}, {"served", false}})
              .first->second;
      add_stored(out, stored, models.catalogue);
    }
    json::Array list;
    for (auto& [name, object] : all) list.emplace_back(std::move(object));
    return json::Object{{"models", std::move(list)},
                        {"memory_bytes", with.models.memory_bytes()},
                        {"memory_used_bytes", used},
                        {"disk_free_bytes", os::free_disk_bytes(models.store.folder())}};
  });
}

void show_catalogue(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) {
    const auto models = fleet::Models::open(with.settings.data);
    const auto memory = with.models.memory_bytes();
    const auto* best = models.catalogue.default_for(memory);
    const auto stored = models.store.list();
    json::Array rows;
    for (const auto& row : models.catalogue.models()) {
      const bool here =
          std::any_of(stored.begin(), stored.end(), [&](const auto& one) { return one.name == row.name; });
      rows.emplace_back(json::Object{{"name", row.name},
                                     {"aliases", list_of(row.aliases)},
                                     {"title", row.title},
                                     {"home", row.home},
                                     {"licence", row.licence},
                                     {"for", fleet::name_of(row.purpose)},
                                     {"bytes", row.bytes},
                                     {"memory_bytes", row.memory_bytes},
                                     {"sha256", row.sha256},
                                     {"default", row.is_default},
                                     {"fits", row.memory_bytes <= memory},
                                     {"recommended", &row == best},
                                     {"here", here}});
    }
    return json::Object{{"models", std::move(rows)}, {"memory_bytes", memory}};
  });
}

void load_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto name = served(with, at);
    return recorded(with, at, "model.load", {{"model", name}}, [&] {
      with.models.load(name);
      return json::Object{{"model", name}, {"loading", true}};
    });
  });
}

void unload_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto name = served(with, at);
    return recorded(with, at, "model.unload", {{"model", name}}, [&] {
      with.models.unload(name);
      return json::Object{{"model", name}, {"leaving", true}};
    });
  });
}

void remove_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    auto models = fleet::Models::open(with.settings.data);
    const auto name = fleet::stored_name(models, at.parameters.at(0));
    if (!models.store.find(name)) fail_field(Code::not_found, "model", "there is no model \"{}\" in the store", name);
    return recorded(with, at, "model.rm", {{"model", name}}, [&] {
      const auto freed = models.store.remove(name);
      with.models.rescan();
      return json::Object{{"model", name}, {"deleted", true}, {"freed_bytes", freed}};
    });
  });
}

void pull_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto body = json::parse(at.request.body.empty() ? "{}" : at.request.body);
    openai::Form form(body);
    const auto model = form.required_text("model", 256);
    form.finish();
    if (model.empty() || model.front() == '-') form.refuse("model", "must name a model of the catalogue or a hub's");
    return begin_job(with, at,
                     {.kind = "pull",
                      .model = model,
                      .by = {},
                      .arguments = {"pull", "--json", "--json-progress", model},
                      .environment = {},
                      .ended = [&with] { with.models.rescan(); }});
  });
}

std::shared_ptr<http::BodySink> receive_model(Services& services, const http::Request& head) {
  // Nobody else fills the disk until the handler refuses them.
  if (authenticate(services.accounts, head, accounts::Scope::admin).tenant != accounts::home_tenant)
    fail(Code::not_found, "this is the box's: administrators of home see to it");
  return std::make_shared<ModelUpload>(head, services.settings.data);
}

void import_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    openai::check_query(at.request, {"name"});
    const auto name = at.request.parameter("name").value_or("");
    if (!fleet::is_model_name(name))
      fail_field(Code::invalid, "name",
                 "name: must have a–z, 0–9, \".\", \"_\", \"-\" and begin with a letter or digit");
    const auto file = dynamic_cast<ModelUpload&>(*at.request.sink).keep();
    const auto remove = [file] {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    };
    try {
      return begin_job(with, at,
                       {.kind = "import",
                        .model = name,
                        .by = {},
                        .arguments = {"import", "--json", "--json-progress", "--take", "--name", name, file.string()},
                        .environment = {},
                        .ended = [&with, remove] {
                          remove();
                          with.models.rescan();
                        }});
    } catch (...) {
      remove();
      throw;
    }
  });
}

void bench_model(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto name = served(with, at);
    return begin_job(with, at,
                     {.kind = "bench",
                      .model = name,
                      .by = {},
                      .arguments = {"bench", "--json", "--quick", name},
                      .environment = {},
                      .ended = nullptr});
  });
}

void list_jobs(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) { return json::Object{{"jobs", with.jobs.list()}}; });
}

void show_job(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) { return with.jobs.job(job_number(at)); });
}

void cancel_job(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) { return with.jobs.cancel(job_number(at)); });
}

}  // namespace cofre::gateway::admin
