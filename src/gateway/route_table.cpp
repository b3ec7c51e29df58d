#include "gateway/route_table.h"

#include "gateway/dialects/openai/handlers.h"
#include "gateway/monitor.h"

namespace cofre::gateway {
namespace {

using accounts::Scope;

constexpr Route routes[] = {
    {"GET", "/health", anybody, Body::none, monitor::health},
    {"GET", "/metrics", Scope::metrics, Body::none, monitor::metrics},

    {"GET", "/v1/models", Scope::inference, Body::none, openai::list_models},
    {"GET", "/v1/models/{model...}", Scope::inference, Body::none, openai::get_model},
    {"POST", "/v1/chat/completions", Scope::inference, Body::json, openai::chat_completions},
    {"POST", "/v1/responses", Scope::inference, Body::json, openai::responses},
    {"GET", "/v1/responses/{id}", Scope::inference, Body::none, openai::get_response},
    {"DELETE", "/v1/responses/{id}", Scope::inference, Body::none, openai::delete_response},
    {"POST", "/v1/responses/{id}/cancel", Scope::inference, Body::json, openai::cancel_response},
    {"GET", "/v1/responses/{id}/input_items", Scope::inference, Body::none, openai::response_input_items},
    {"POST", "/v1/completions", Scope::inference, Body::json, openai::completions},
    {"POST", "/v1/embeddings", Scope::inference, Body::json, openai::embeddings},
    {"POST", "/tokenize", Scope::inference, Body::json, openai::tokenize},
    {"POST", "/detokenize", Scope::inference, Body::json, openai::detokenize},
};

/// The first segment, taken off: "/a/b" gives "a" and leaves "/b".
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

/// What the names of a pattern stand for; nothing where the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty() && !path.empty()) {
    const auto name = take_segment(pattern);
    const bool rest = name.ends_with("...}");
    const auto segment = rest ? path.substr(1) : take_segment(path);
    if (rest) path = {};
    if (name.starts_with('{')) {
      auto decoded = http::percent_decode(segment);
      if (!decoded || decoded->empty()) return std::nullopt;
      parameters.push_back(std::move(*decoded));
    } else if (name != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace

std::span<const Route> route_table() { return routes; }

Match find_route(std::string_view method, std::string_view path) {
  Match found;
  for (const auto& route : routes) {
    auto parameters = match(route.pattern, path);
    if (!parameters) continue;
    if (route.method == method || (route.method == "GET" && method == "HEAD"))
      return {&route, std::move(*parameters), {}};
    if (found.allowed.find(route.method) == std::string::npos)
      found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return found;
}

}  // namespace cofre::gateway
