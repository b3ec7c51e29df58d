#include "gateway/dialects/openai/handlers.h"

#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/assistants.h"
#include "gateway/desk.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/rerank.h"

namespace cofre::gateway::openai {
namespace {

constexpr std::uint32_t assistants_listed_max = 1000;

/// As an answer would be refused: a key may be bound to a model's own name or to one of its others.
bool may_ask(const accounts::Caller& caller, const fleet::ModelState& model, const std::string& name) {
  return caller.may_ask(name) || caller.may_ask(model.name);
}

json::Object model_object(const fleet::ModelState& model, const std::string& name) {
  json::Object out{
      {"id", name}, {"object", "model"}, {"created", model.created_s}, {"owned_by", "cofre"}, {"root", model.name}};
  if (model.facts) out["max_model_len"] = model.facts->context;
  return out;
}

json::Object assistant_model(const records::Assistant& assistant, const std::string& name) {
  return {{"id", name},
          {"object", "model"},
          {"created", assistant.created},
          {"owned_by", "cofre"},
          {"root", assistant.model.value_or("default")}};
}

[[noreturn]] void fail_unknown(std::string_view name) {
  fail_field(Code::not_found, "model", "there is no model \"{}\" here", name.substr(0, 200));
}

void start_chat(Services& services, Call&& call, const json::Value& body, const std::string& asked) {
  auto chat = parse_chat(body);
  const auto& request = chat.request;
  const auto head = head_of(services, call, asked);
  Answer::Plan plan;
  plan.stream = chat.delivery.stream;
  plan.encoder = plan.stream ? encode_chat_stream(head, request.choices, request.logprobs, chat.delivery.include_usage)
                             : encode_chat(head, request.choices, request.logprobs);
  plan.requests = one(std::move(chat.request));
  Answer::start(services, std::move(call), std::move(plan));
}

/// The assistants that the caller sees, as models. At the desk.
void append_assistants(json::Array& data, const Services& services, const accounts::Caller& caller) {
  records::Page page{.limit = assistants_listed_max};
  for (const auto& one : services.records.assistants.list(reader_of(caller), page)) {
    const auto name = std::string(assistant_prefix) + one.name;
    if (caller.may_ask(name)) data.emplace_back(assistant_model(one, name));
  }
}

}  // namespace

void list_models(Services& services, Call&& call) {
  at_desk(services.desk, std::move(call), [&services](Call&& at) {
    json::Array data;
    for (const auto& model : services.models.models()) {
      if (may_ask(*at.caller, model, model.name)) data.emplace_back(model_object(model, model.name));
      for (const auto& alias : model.aliases) {
        if (may_ask(*at.caller, model, alias)) data.emplace_back(model_object(model, alias));
      }
    }
    append_assistants(data, services, *at.caller);
    at.answer(json::dump(json::Object{{"object", "list"}, {"data", std::move(data)}}));
  });
}

void get_model(Services& services, Call&& call) {
  const auto& name = call.parameters.at(0);
  if (name.starts_with(assistant_prefix)) {
    return at_desk(services.desk, std::move(call), [&services](Call&& at) {
      const auto& asked = at.parameters.at(0);
      const auto found =
          services.records.assistants.named(reader_of(*at.caller), asked.substr(assistant_prefix.size()));
      if (!found || !at.caller->may_ask(asked)) fail_unknown(asked);
      at.answer(json::dump(assistant_model(*found, asked)));
    });
  }
  const auto model = services.models.find(name);
  if (!model || !may_ask(*call.caller, *model, name)) fail_unknown(name);
  call.answer(json::dump(model_object(*model, name)));
}

void chat_completions(Services& services, Call&& call) {
  auto body = body_of(call);
  with_assistant(services, std::move(call), body, apply_to_chat,
                 [&services, asked = asked_model(body)](Call&& at, const json::Value& whole) {
                   start_chat(services, std::move(at), whole, asked);
                 });
}

void completions(Services& services, Call&& call) {
  auto parsed = parse_completions(body_of(call));
  const auto head = head_of(services, call, parsed.requests.front().model);
  Answer::Plan plan;
  plan.stream = parsed.delivery.stream;
  plan.encoder = plan.stream ? encode_completion_stream(head, parsed) : encode_completion(head, parsed);
  plan.requests = std::move(parsed.requests);
  Answer::start(services, std::move(call), std::move(plan));
}

void embeddings(Services& services, Call&& call) {
  auto parsed = parse_embeddings(body_of(call));
  Answer::Plan plan;
  plan.encoder = encode_embeddings(head_of(services, call, parsed.request.model), parsed.base64);
  plan.requests = one(std::move(parsed.request));
  Answer::start(services, std::move(call), std::move(plan));
}

void rerank(Services& services, Call&& call) {
  auto parsed = parse_rerank(body_of(call));
  Answer::Plan plan;
  plan.encoder = encode_rerank(head_of(services, call, parsed.request.model), parsed);
  plan.requests = one(std::move(parsed.request));
  Answer::start(services, std::move(call), std::move(plan));
}

void tokenize(Services& services, Call&& call) {
  auto parsed = parse_tokenize(body_of(call));
  const auto model = services.models.find(parsed.request.model);
  Answer::Plan plan;
  plan.encoder = encode_tokens(parsed.pieces, model && model->facts ? model->facts->context : 0);
  plan.requests = one(std::move(parsed.request));
  Answer::start(services, std::move(call), std::move(plan));
}

void detokenize(Services& services, Call&& call) {
  auto request = parse_detokenize(body_of(call));
  Answer::Plan plan;
  plan.encoder = encode_text();
  plan.requests = one(std::move(request));
  Answer::start(services, std::move(call), std::move(plan));
}

}  // namespace cofre::gateway::openai
