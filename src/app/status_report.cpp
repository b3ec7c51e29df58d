#include "app/status_report.h"

#include <unistd.h>

namespace cofre::app {
namespace {

json::Array texts(const std::vector<std::string>& list) {
  json::Array array;
  for (const auto& text : list) array.emplace_back(text);
  return array;
}

json::Object report(const fleet::ModelState& model) {
  json::Object object{{"name", model.name},
                      {"aliases", texts(model.aliases)},
                      {"state", fleet::name_of(model.kind)},
                      {"reason", model.reason},
                      {"healthy", model.healthy},
                      {"streams", model.streams},
                      {"memory_bytes", model.memory_bytes},
                      {"process", model.process},
                      {"deaths", model.deaths}};
  if (model.facts) {
    object["context"] = model.facts->context;
    object["sandbox"] = texts(model.facts->confined);
    object["sandbox_refused"] = texts(model.facts->refused);
  }
  return object;
}

}  // namespace

json::Object status_report(const StatusFacts& facts) {
  json::Array models;
  for (const auto& model : facts.models) models.push_back(report(model));
  json::Object object{{"address", facts.url},
                      {"process", static_cast<std::int64_t>(::getpid())},
                      {"up_s", facts.up_s},
                      {"ready", facts.health.ok},
                      {"reason", facts.health.reason},
                      {"connections", facts.connections},
                      {"memory_bytes", facts.memory_bytes},
                      {"audit", json::Object{{"waiting", facts.backlog.records}, {"trouble", facts.backlog.trouble}}},
                      {"models", std::move(models)}};
  if (const auto& forwarded = facts.forwarded) {
    object["audit_forward"] = json::Object{{"address", forwarded->address}, {"connected", forwarded->is_connected},
                                           {"sent", forwarded->sent},       {"delivered", forwarded->delivered},
                                           {"lag", forwarded->lag},         {"error", forwarded->error}};
  }
  return object;
}

}  // namespace cofre::app
