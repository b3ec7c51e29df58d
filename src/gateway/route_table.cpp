#include "gateway/route_table.h"

#include "gateway/admin/admin.h"
#include "gateway/admin/audit.h"
#include "gateway/admin/models.h"
#include "gateway/admin/oidc.h"
#include "gateway/admin/passkeys.h"
#include "gateway/admin/person.h"
#include "gateway/admin/reload.h"
#include "gateway/admin/session.h"
#include "gateway/admin/settings.h"
#include "gateway/console/assistants.h"
#include "gateway/console/chats.h"
#include "gateway/dialects/openai/batches.h"
#include "gateway/dialects/openai/files.h"
#include "gateway/dialects/openai/handlers.h"
#include "gateway/monitor.h"
#include "gateway/openapi.h"
#include "gateway/pages.h"

namespace cofre::gateway {
namespace {

using accounts::Scope;
using admin::act;

/// A person's own chats: a key that may only ask models reads nobody's history.
constexpr accounts::Scopes own_chats{Scope::account, Scope::inference};

constexpr Route routes[] = {
    {"GET", "/health", anybody, Body::none, monitor::health},
    {"GET", "/metrics", Scope::metrics, Body::none, monitor::metrics},
    {"GET", "/openapi.json", anybody, Body::none, show_openapi},
    {"GET", "/", anybody, Body::none, pages::home},
    {"GET", "/setup", anybody, Body::none, pages::setup},
    {"POST", "/admin/v1/reload", Scope::admin, Body::none, admin::reload},
    {"GET", "/admin/v1/models", Scope::admin, Body::none, admin::list_models},
    {"POST", "/admin/v1/models/pull", Scope::admin, Body::small, admin::pull_model},
    {"POST", "/admin/v1/models/import", Scope::admin, Body::model, admin::import_model, admin::receive_model},
    {"DELETE", "/admin/v1/models/{model}", Scope::admin, Body::none, admin::remove_model},
    {"POST", "/admin/v1/models/{model}/load", Scope::admin, Body::none, admin::load_model},
    {"POST", "/admin/v1/models/{model}/unload", Scope::admin, Body::none, admin::unload_model},
    {"POST", "/admin/v1/models/{model}/bench", Scope::admin, Body::none, admin::bench_model},
    {"GET", "/admin/v1/catalogue", Scope::admin, Body::none, admin::show_catalogue},
    {"GET", "/admin/v1/jobs", Scope::admin, Body::none, admin::list_jobs},
    {"GET", "/admin/v1/jobs/{job}", Scope::admin, Body::none, admin::show_job},
    {"DELETE", "/admin/v1/jobs/{job}", Scope::admin, Body::none, admin::cancel_job},
    {"GET", "/admin/v1/engines", Scope::admin, Body::none, admin::list_engines},
    {"GET", "/admin/v1/settings", Scope::admin, Body::none, admin::show_settings},
    {"PATCH", "/admin/v1/settings", Scope::admin, Body::small, admin::change_settings},
    {"GET", "/admin/v1/tls", Scope::admin, Body::none, admin::show_certificates},
    {"GET", "/admin/v1/tls/authority", Scope::account, Body::none, admin::get_authority},
    {"POST", "/admin/v1/tls/request", Scope::admin, Body::small, admin::request_certificate},
    {"PUT", "/admin/v1/tls/company", Scope::admin, Body::small, admin::install_certificate},
    {"DELETE", "/admin/v1/tls/company", Scope::admin, Body::none, admin::remove_certificate},
    {"GET", "/admin/v1/rules", Scope::security, Body::none, admin::show_rules},
    {"PUT", "/admin/v1/rules", Scope::security, Body::json, admin::set_rules},
    {"GET", "/admin/v1/live", Scope::metrics, Body::none, monitor::live},

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
    {"POST", "/v1/rerank", Scope::inference, Body::json, openai::rerank},
    {"POST", "/v1/files", Scope::inference, Body::file, openai::upload_file, openai::receive_file},
    {"GET", "/v1/files", Scope::inference, Body::none, openai::list_files},
    {"GET", "/v1/files/{file_id}", Scope::inference, Body::none, openai::get_file},
    {"GET", "/v1/files/{file_id}/content", Scope::inference, Body::none, openai::get_file_content},
    {"DELETE", "/v1/files/{file_id}", Scope::inference, Body::none, openai::delete_file},
    {"POST", "/v1/batches", Scope::inference, Body::json, openai::create_batch},
    {"GET", "/v1/batches", Scope::inference, Body::none, openai::list_batches},
    {"GET", "/v1/batches/{batch_id}", Scope::inference, Body::none, openai::get_batch},
    {"POST", "/v1/batches/{batch_id}/cancel", Scope::inference, Body::json, openai::cancel_batch},
    {"POST", "/tokenize", Scope::inference, Body::json, openai::tokenize},
    {"POST", "/detokenize", Scope::inference, Body::json, openai::detokenize},

    {"GET", "/console/v1/chats", own_chats, Body::none, console::list_chats},
    {"POST", "/console/v1/chats", own_chats, Body::small, console::create_chat},
    {"GET", "/console/v1/chats/{chat}", own_chats, Body::none, console::get_chat},
    {"PATCH", "/console/v1/chats/{chat}", own_chats, Body::small, console::change_chat},
    {"DELETE", "/console/v1/chats/{chat}", own_chats, Body::none, console::delete_chat},
    {"GET", "/console/v1/chats/{chat}/messages", own_chats, Body::none, console::list_messages},
    {"POST", "/console/v1/chats/{chat}/messages", own_chats, Body::json, console::say},
    {"POST", "/console/v1/chats/{chat}/messages/{message}/answers", own_chats, Body::small, console::answer_again},
    {"GET", "/console/v1/chats/{chat}/export", own_chats, Body::none, console::export_chat},
    {"POST", "/console/v1/chats/{chat}/share", own_chats, Body::none, console::share_chat},
    {"DELETE", "/console/v1/chats/{chat}/share", own_chats, Body::none, console::unshare_chat},
    {"GET", "/console/v1/shared/{share}", own_chats, Body::none, console::get_shared},
    {"GET", "/console/v1/shared/{share}/messages", own_chats, Body::none, console::list_shared_messages},
    {"GET", "/console/v1/folders", own_chats, Body::none, console::list_folders},
    {"PATCH", "/console/v1/folders/{folder}", own_chats, Body::small, console::rename_folder},
    {"DELETE", "/console/v1/folders/{folder}", own_chats, Body::none, console::delete_folder},
    {"GET", "/console/v1/assistants", own_chats, Body::none, console::list_assistants},
    {"POST", "/console/v1/assistants", own_chats, Body::small, console::create_assistant},
    {"GET", "/console/v1/assistants/{assistant}", own_chats, Body::none, console::get_assistant},
    {"PATCH", "/console/v1/assistants/{assistant}", own_chats, Body::small, console::change_assistant},
    {"DELETE", "/console/v1/assistants/{assistant}", own_chats, Body::none, console::delete_assistant},

    {"POST", "/admin/v1/link", anybody, Body::small, admin::use_link},
    {"POST", "/admin/v1/session", anybody, Body::small, admin::sign_in},
    {"GET", "/admin/v1/session", Scope::account, Body::none, admin::show_session},
    {"DELETE", "/admin/v1/session", Scope::account, Body::none, admin::sign_out},
    {"GET", "/admin/v1/oidc", anybody, Body::none, admin::list_providers},
    {"GET", "/admin/v1/oidc/start", anybody, Body::none, admin::start_at_provider},
    {"GET", "/admin/v1/oidc/callback", anybody, Body::none, admin::back_from_provider},
    {"POST", "/admin/v1/oidc/code", anybody, Body::small, admin::code_after_provider},
    {"GET", "/admin/v1/me", Scope::account, Body::none, act<"me.show">},
    {"POST", "/admin/v1/me/password", Scope::account, Body::small, act<"me.password">},
    {"POST", "/admin/v1/me/second-factor", Scope::account, Body::small, admin::begin_factor},
    {"POST", "/admin/v1/me/second-factor/confirm", Scope::account, Body::small, act<"me.factor.confirm">},
    {"POST", "/admin/v1/me/second-factor/remove", Scope::account, Body::small, act<"me.factor.remove">},
    {"POST", "/admin/v1/session/passkey/options", anybody, Body::small, admin::begin_passkey_sign_in},
    {"POST", "/admin/v1/session/passkey", anybody, Body::small, admin::sign_in_by_passkey},
    {"GET", "/admin/v1/me/passkeys", Scope::account, Body::none, act<"me.passkey.list">},
    {"POST", "/admin/v1/me/passkeys/options", Scope::account, Body::small, admin::begin_passkey},
    {"POST", "/admin/v1/me/passkeys", Scope::account, Body::small, admin::create_passkey},
    {"POST", "/admin/v1/me/passkeys/{passkey}/remove", Scope::account, Body::small, admin::remove_passkey},
    {"GET", "/admin/v1/me/sessions", Scope::account, Body::none, act<"me.session.list">},
    {"DELETE", "/admin/v1/me/sessions/{session}", Scope::account, Body::none, act<"me.session.end">},
    {"GET", "/admin/v1/me/usage", Scope::account, Body::none, act<"me.usage">},
    {"GET", "/admin/v1/me/quotas", Scope::account, Body::none, act<"me.quota.list">},
    {"GET", "/admin/v1/me/keys", Scope::account, Body::none, act<"me.key.list">},
    {"POST", "/admin/v1/me/keys", Scope::account, Body::small, act<"me.key.create">},
    {"POST", "/admin/v1/me/keys/{key}/rotate", Scope::account, Body::small, act<"me.key.rotate">},
    {"DELETE", "/admin/v1/me/keys/{key}", Scope::account, Body::none, act<"me.key.revoke">},
    {"GET", "/admin/v1/me/certificates", Scope::account, Body::none, act<"me.certificate.list">},
    {"POST", "/admin/v1/me/certificates", Scope::account, Body::small, act<"me.certificate.create">},
    {"DELETE", "/admin/v1/me/certificates/{certificate}", Scope::account, Body::none, act<"me.certificate.revoke">},
    {"GET", "/admin/v1/tenants", Scope::directory, Body::none, act<"tenant.list">},
    {"POST", "/admin/v1/tenants", Scope::people, Body::small, act<"tenant.create">},
    {"GET", "/admin/v1/tenants/{tenant}", Scope::directory, Body::none, act<"tenant.show">},
    {"PATCH", "/admin/v1/tenants/{tenant}", Scope::people, Body::small, act<"tenant.change">},
    {"DELETE", "/admin/v1/tenants/{tenant}", Scope::people, Body::none, act<"tenant.delete">},
    {"POST", "/admin/v1/tenants/{tenant}/suspend", Scope::people, Body::none, act<"tenant.suspend">},
    {"POST", "/admin/v1/tenants/{tenant}/restore", Scope::people, Body::none, act<"tenant.restore">},
    {"GET", "/admin/v1/departments", Scope::directory, Body::none, act<"department.list">},
    {"POST", "/admin/v1/departments", Scope::people, Body::small, act<"department.create">},
    {"DELETE", "/admin/v1/departments/{department}", Scope::people, Body::none, act<"department.delete">},
    {"GET", "/admin/v1/roles", Scope::directory, Body::none, act<"role.list">},
    {"GET", "/admin/v1/users", Scope::directory, Body::none, act<"user.list">},
    {"POST", "/admin/v1/users", Scope::people, Body::small, act<"user.create">},
    {"POST", "/admin/v1/users/import", Scope::people, Body::small, act<"user.import">},
    {"GET", "/admin/v1/users/{user}", Scope::directory, Body::none, act<"user.show">},
    {"PATCH", "/admin/v1/users/{user}", Scope::people, Body::small, act<"user.change">},
    {"DELETE", "/admin/v1/users/{user}", Scope::people, Body::none, act<"user.delete">},
    {"POST", "/admin/v1/users/{user}/suspend", Scope::people, Body::none, act<"user.suspend">},
    {"POST", "/admin/v1/users/{user}/restore", Scope::people, Body::none, act<"user.restore">},
    {"GET", "/admin/v1/users/{user}/export", Scope::security, Body::none, admin::export_person},
    {"POST", "/admin/v1/users/{user}/erase", Scope::security, Body::none, admin::erase_person},
    {"PUT", "/admin/v1/users/{user}/roles", Scope::security, Body::small, act<"role.set">},
    {"POST", "/admin/v1/users/{user}/link", Scope::people, Body::none, act<"user.link">},
    {"POST", "/admin/v1/users/{user}/unlock", Scope::people, Body::none, act<"user.unlock">},
    {"DELETE", "/admin/v1/users/{user}/sessions", Scope::security, Body::none, act<"session.end_all">},
    {"GET", "/admin/v1/users/{user}/second-factors", Scope::security, Body::none, act<"user.factors">},
    {"DELETE", "/admin/v1/users/{user}/second-factors", Scope::security, Body::none, act<"user.factors.remove">},
    {"GET", "/admin/v1/users/{user}/certificates", Scope::directory, Body::none, act<"certificate.list">},
    {"POST", "/admin/v1/users/{user}/certificates", Scope::people, Body::small, act<"certificate.create">},
    {"GET", "/admin/v1/certificates", Scope::directory, Body::none, act<"certificate.list">},
    {"DELETE", "/admin/v1/certificates/{certificate}", Scope::security, Body::none, act<"certificate.revoke">},
    {"GET", "/admin/v1/sessions", Scope::security, Body::none, act<"session.list">},
    {"DELETE", "/admin/v1/sessions/{session}", Scope::security, Body::none, act<"session.end">},
    {"GET", "/admin/v1/quotas", Scope::directory, Body::none, act<"quota.list">},
    {"PUT", "/admin/v1/quotas", Scope::people, Body::small, act<"quota.set">},
    {"DELETE", "/admin/v1/quotas/{quota}", Scope::people, Body::none, act<"quota.remove">},
    {"GET", "/admin/v1/retention", Scope::directory, Body::none, act<"retention.list">},
    {"PUT", "/admin/v1/retention", Scope::people, Body::small, act<"retention.set">},
    {"DELETE", "/admin/v1/retention/{rule}", Scope::people, Body::none, act<"retention.remove">},
    {"GET", "/admin/v1/usage", Scope::usage, Body::none, act<"usage.show">},
    {"GET", "/admin/v1/prices", Scope::usage, Body::none, act<"price.list">},
    {"PUT", "/admin/v1/prices", Scope::people, Body::small, act<"price.set">},
    {"DELETE", "/admin/v1/prices/{model}/{since}", Scope::people, Body::none, act<"price.remove">},
    {"GET", "/admin/v1/audit/records", Scope::audit, Body::none, admin::list_records},
    {"GET", "/admin/v1/audit/export", Scope::audit, Body::none, admin::export_records},
    {"POST", "/admin/v1/audit/verification", Scope::audit, Body::none, admin::begin_verification},
    {"GET", "/admin/v1/audit/verification", Scope::audit, Body::none, admin::show_verification},
    {"GET", "/admin/v1/keys", Scope::directory, Body::none, act<"key.list">},
    {"POST", "/admin/v1/keys", Scope::people, Body::small, act<"key.create">},
    {"POST", "/admin/v1/keys/revoke-leaked", Scope::security, Body::small, act<"key.revoke_leaked">},
    {"GET", "/admin/v1/keys/{key}", Scope::directory, Body::none, act<"key.show">},
    {"POST", "/admin/v1/keys/{key}/rotate", Scope::people, Body::small, act<"key.rotate">},
    {"DELETE", "/admin/v1/keys/{key}", Scope::security, Body::none, act<"key.revoke">},

    // Last: a path of /console/ that no row has is a page.
    {"GET", "/console/", anybody, Body::none, pages::show},
    {"GET", "/console/{path...}", anybody, Body::none, pages::show},
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

void run_route(const Route& route, Services& services, Call&& call) {
  hand_over(std::move(call), [&](Call&& taken) { route.handler(services, std::move(taken)); });
}

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
