#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/audit/forwarder.h"
#include "accounts/audit/trail.h"
#include "accounts/vouched_users.h"
#include "config/config.h"
#include "gateway/live.h"
#include "gateway/models.h"
#include "http/message.h"
#include "http/responder.h"
#include "http/websocket.h"
#include "json/json.h"
#include "oidc/provider.h"
#include "records/records.h"
#include "rules/rules.h"

namespace cofre::gateway {

class Auditor;
class BatchRunner;
class Desk;
class Figures;
class Flights;
class Trace;
class Metrics;
namespace admin {
struct Arrivals;
struct Audits;
class Jobs;
}  // namespace admin
namespace openai {
class Backgrounds;
}

/// Signing in by the company's provider (OpenID Connect). What it names outlives the gateway.
struct CompanySignIn {
  oidc::Provider& provider;
  accounts::VouchedUsers& users;
  std::string label;                               ///< of the button
  std::string public_url;                          ///< where browsers reach the box; empty: at accounts.base_url
  std::function<void(const std::string&)> note{};  ///< for the log: why somebody was not signed in. Any thread.
};

/// What the administration does with the settings of cofre.toml. Empty functions: it does nothing.
struct SettingsDoor {
  std::function<config::Loaded()> loaded;  ///< those of now
  std::function<bool(std::string_view key)> changes_at_once;
  std::function<std::vector<std::string>()> after_restart;  ///< keys that wait for the next start
  /// Changes the local file and takes it up: {"changed", "after_restart"}. Throws Error where it is wrong, and changes
  /// nothing. May take a while.
  std::function<json::Object(const config::LocalChange& change)> change;
};

struct Settings {
  SettingsDoor door;
  std::filesystem::path data;  ///< the box's data directory
  std::string program;         ///< that does an administrator's work in a process of its own; empty: this one
  std::optional<CompanySignIn> company{};  ///< nothing: there is none
  /// The content rules of now; empty: there are none. Any thread.
  std::function<std::shared_ptr<const rules::Rules>()> content_rules;
  accounts::audit::Trail* audit = nullptr;  ///< has a record of each request; outlives the gateway
  /// How far the trail's collector is; empty: there is none. Any thread.
  std::function<accounts::audit::Forwarder::Status()> forwarded;
  Live<std::uint64_t> body_bytes_max{32 << 20};            ///< of a JSON request
  Live<std::uint64_t> file_bytes_max{200 << 20};           ///< of an uploaded file
  Live<std::uint64_t> requests_per_key{256};               ///< that run or wait at once
  Live<std::uint64_t> batches_per_key{64};                 ///< that run or wait
  Live<std::uint64_t> batch_lines{8};                      ///< of all batches, that are asked at once
  Live<std::vector<std::string>> cors_origins{{}};         ///< "https://app.example.com", or "*"; empty: none
  Live<std::string> reasoning_field{"reasoning_content"};  ///< what OpenAI's dialect calls thoughts
  std::uint64_t response_bytes_max = 32 << 20;             ///< of a stored response with its input and events
  std::uint64_t background_per_key = 16;                   ///< responses that run or wait in the background at once
  /// Lines for the log: an event's name ("request", "answer") and its fields, never a prompt, an answer or a key. Any
  /// thread.
  std::function<void(std::string_view event, const json::Object& fields)> log;
  /// Reads the configuration again; tells what changed and what waits for the next start. Throws Error where it is
  /// wrong, and changes nothing. May take a while.
  std::function<json::Object(const std::string& who, const std::string& from)> reload;
};

/// What handlers work with; everything outlives them.
struct Services {
  Models& models;
  accounts::Accounts& accounts;
  Flights& flights;
  Metrics& metrics;
  Figures& figures;
  Auditor& auditor;
  Desk& office;  ///< for the administration, whose work may take long
  admin::Audits& audits;
  const Settings& settings;
  records::Records& records;
  openai::Backgrounds& backgrounds;
  Desk& desk;
  BatchRunner& batches;
  admin::Jobs& jobs;
  Desk& entrance;  ///< for what the company's directory or provider is asked about, which may take seconds
  admin::Arrivals& arrivals;
};

/// One request on its way to its handler.
struct Call {
  http::Request request;
  http::Responder responder;
  std::optional<accounts::Caller> caller;  ///< of every route that needs a scope
  std::string_view pattern;                ///< of its route
  std::vector<std::string> parameters;     ///< what the pattern's {names} stand for, decoded
  http::Headers headers;                   ///< that every answer to this request has
  std::shared_ptr<Trace> trace;            ///< what the audit trail will say of it; null: there is none
  int priority = 0;                        ///< of protocol::Request
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

  /// Answers with JSON text.
  void answer(std::string body, int status = 200) const;
  /// Answers with anything, the common headers added.
  void answer(http::Response response) const;
  /// Answers by making a WebSocket of the connection, the common headers added. Throws Failure where the request asks
  /// for none (426) or asks wrongly.
  http::WebSocket upgrade(http::Upgrade upgrade) const;
  /// Gives the head of an answer the common headers and how long the answer took to begin (openai-processing-ms).
  void complete(http::Response& head) const;
};

/// Lets `work` take a call; what it throws is the call's answer.
void hand_over(Call&& call, const std::function<void(Call&&)>& work);

using Handler = void (*)(Services&, Call&&);
/// Makes what takes the body of a request as it comes. Throws Failure and Error.
using Receiver = std::shared_ptr<http::BodySink> (*)(Services&, const http::Request& head);

}  // namespace cofre::gateway
