#include "gateway/openapi.h"

#include "base/error.h"
#include "gateway/route_table.h"

#ifndef COFRE_VERSION
#error "the build tells the version"
#endif

namespace cofre::gateway {
namespace {

using json::Array;
using json::Object;

std::string lower(std::string_view method) {
  std::string text;
  for (const char c : method) text += static_cast<char>(c - 'A' + 'a');
  return text;
}

/// "/v1/models/{model...}" as OpenAPI writes it, its names given to `names`.
std::string path_of(std::string_view pattern, std::vector<std::string>& names) {
  std::string path;
  while (true) {
    const auto begin = pattern.find('{');
    path += pattern.substr(0, begin);
    if (begin == pattern.npos) return path;
    const auto end = pattern.find('}', begin);
    auto name = pattern.substr(begin + 1, end - begin - 1);
    if (name.ends_with("...")) name.remove_suffix(3);
    names.emplace_back(name);
    path += "{" + std::string(name) + "}";
    pattern.remove_prefix(end + 1);
  }
}

Object reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Object content(std::string_view type, Object schema) {
  return {{std::string(type), Object{{"schema", std::move(schema)}}}};
}

Object responses(const RouteNote* note, bool open) {
  Object good{{"description", "Done"}};
  const auto gives = note != nullptr ? note->gives : std::string_view();
  const bool upgrades = gives == "WebSocket", leads_on = gives == "redirect";
  if (gives == "text") {
    good["content"] = content("text/plain", {{"type", "string"}});
  } else if (!gives.empty() && !upgrades && !leads_on) {
    good["content"] = content("application/json", reference(gives));
  }
  if (upgrades) good["description"] = "A WebSocket: JSON texts follow";
  if (leads_on) good["description"] = "On to the address in Location";
  Object all{{upgrades ? "101" : leads_on ? "302" : "200", std::move(good)}};
  const auto refusal = [&](const char* status, const char* why) {
    all[status] = Object{{"description", why}, {"content", content("application/json", reference("Error"))}};
  };
  refusal("400", "A field is wrong: error.param names it");
  if (!open) {
    refusal("401", "No valid key or session");
    refusal("403", "The key or the session lacks the scope");
  }
  refusal("404", "There is none, or none that the caller reaches");
  if (upgrades) refusal("426", "The request asks for no WebSocket");
  refusal("429", "A limit is reached: Retry-After tells when it may be tried again");
  return all;
}

const RouteNote* note_of(const Route& route) {
  for (const auto& note : route_notes()) {
    if (note.method == route.method && note.pattern == route.pattern) return &note;
  }
  return nullptr;
}

Object operation(const Route& route, const std::vector<std::string>& names) {
  const auto* note = note_of(route);
  Object object;
  if (note != nullptr) object["summary"] = note->summary;
  const auto first = route.pattern.find('/', 1);
  object["tags"] = Array{route.pattern.starts_with("/admin/")     ? "administration"
                         : route.pattern.starts_with("/console/") ? "chats"
                         : first == route.pattern.npos            ? "box"
                                                                  : "models"};
  Array parameters;
  for (const auto& name : names) {
    parameters.push_back(
        Object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", Object{{"type", "string"}}}});
  }
  if (!parameters.empty()) object["parameters"] = std::move(parameters);
  if (note != nullptr && !note->takes.empty()) {
    const auto type = route.body == Body::file        ? "multipart/form-data"
                      : route.body == Body::model     ? "application/octet-stream"
                      : note->takes.ends_with("Form") ? "application/x-www-form-urlencoded"
                                                      : "application/json";
    object["requestBody"] = Object{{"required", true}, {"content", content(type, reference(note->takes))}};
  }
  object["responses"] = responses(note, !route.scope);
  if (route.scope) {
    object["security"] = Array{Object{{"key", Array{}}}, Object{{"session", Array{}}}};
    object["x-scope"] = route.scope->text();
  } else {
    object["security"] = Array{};
  }
  return object;
}

}  // namespace

json::Object openapi() {
  Object paths;
  for (const auto& route : route_table()) {
    std::vector<std::string> names;
    const auto path = path_of(route.pattern, names);
    if (!paths.contains(path)) paths[path] = Object();
    paths[path].as_object()[lower(route.method)] = operation(route, names);
  }
  const Object key{{"type", "http"}, {"scheme", "bearer"}, {"description", "a key of the box"}};
  const Object session{{"type", "apiKey"},
                       {"in", "cookie"},
                       {"name", "__Host-cofre"},
                       {"description", "of POST /admin/v1/session; what changes something also sends X-CSRF-Token"}};
  return {{"openapi", "3.1.0"},
          {"info", Object{{"title", "Cofre"}, {"version", COFRE_VERSION}}},
          {"paths", std::move(paths)},
          {"components", Object{{"securitySchemes", Object{{"key", key}, {"session", session}}},
                                {"schemas", json::parse(openapi_schemas())}}}};
}

void show_openapi(Services&, Call&& call) {
  static const std::string text = json::dump(openapi());
  call.answer(text);
}

}  // namespace cofre::gateway
