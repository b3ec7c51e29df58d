#include "gateway/dialects/openai/handlers.h"

#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/dialects/openai/calls.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"

namespace cofre::gateway::openai {
namespace {

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

}  // namespace

void list_models(Services& services, Call&& call) {
  json::Array data;
  for (const auto& model : services.models.models()) {
    if (may_ask(*call.caller, model, model.name)) data.emplace_back(model_object(model, model.name));
    for (const auto& alias : model.aliases) {
      if (may_ask(*call.caller, model, alias)) data.emplace_back(model_object(model, alias));
    }
  }
  call.answer(json::dump(json::Object{{"object", "list"}, {"data", std::move(data)}}));
}

void get_model(Services& services, Call&& call) {
  const auto& name = call.parameters.at(0);
  const auto model = services.models.find(name);
  if (!model || !may_ask(*call.caller, *model, name))
    fail_field(Code::not_found, "model", "there is no model \"{}\" here", name);
  call.answer(json::dump(model_object(*model, name)));
}

void chat_completions(Services& services, Call&& call) {
  auto chat = parse_chat(body_of(call));
  const auto& request = chat.request;
  const auto head = head_of(services, call, request.model);
  Answer::Plan plan;
  plan.stream = chat.delivery.stream;
  plan.encoder = plan.stream ? encode_chat_stream(head, request.choices, request.logprobs, chat.delivery.include_usage)
                             : encode_chat(head, request.choices, request.logprobs);
  plan.requests = one(std::move(chat.request));
  Answer::start(services, std::move(call), std::move(plan));
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
