#include "gateway/dialects/openai/generation.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace cofre::gateway::openai {
namespace {

using protocol::Constraint;
constexpr auto int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t stops_max = 64;
constexpr std::size_t biases_max = 4096;
constexpr std::size_t choices_max = 4096;

void read_stop(Form& form, protocol::Request& request) {
  const auto* value = form.take("stop");
  if (value == nullptr) return;
  const auto add = [&](const json::Value& stop) {
    if (!stop.is_string() || stop.get_string().empty())
      form.refuse("stop", "must be a text, or a list of texts, that are not empty");
    request.stop.emplace_back(stop.get_string());
  };
  if (!value->is_array()) return add(*value);
  if (value->get_array().size() > stops_max) form.refuse("stop", fmt::format("must have at most {} texts", stops_max));
  for (const auto& stop : value->get_array()) add(stop);
}

void read_bias(Form& form, protocol::Request& request) {
  auto biases = form.object("logit_bias");
  if (!biases) return;
  if (biases->json().size() > biases_max)
    form.refuse("logit_bias", fmt::format("must have at most {} tokens", biases_max));
  for (const auto& member : biases->json()) {
    const std::string_view key = member.key();
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id < 0)
      form.refuse("logit_bias", "must have token ids for keys");
    const auto bias = biases->real(key, -100, 100);
    if (bias) request.sampling.logit_bias.emplace_back(id, *bias);
  }
}

std::vector<std::string> read_choices(Form& form, std::string_view key) {
  std::vector<std::string> choices;
  if (const auto* list = form.list(key, choices_max)) {
    for (const auto& item : *list) {
      if (!item.is_string() || item.get_string().empty()) form.refuse(key, "must hold texts that are not empty");
      choices.emplace_back(item.get_string());
    }
    if (choices.empty()) form.refuse(key, "must hold a text");
  }
  return choices;
}

/// A schema as it is, or as the text of one.
json::Value read_schema(Form& form, std::string_view key, const json::Value& value) {
  json::Value schema = value;
  if (value.is_string()) {
    try {
      schema = json::parse(value.get_string());
    } catch (const Error& error) {
      form.refuse(key, error.what());
    }
  }
  if (!schema.is_object() && !schema.is_bool()) form.refuse(key, "must be a JSON schema");
  return schema;
}

/// guided_json, guided_regex, …, or the members of structured_outputs without that prefix.
void read_guides(Form& form, const std::string& prefix, std::vector<Constraint>& out) {
  if (const auto* schema = form.take(prefix + "json"))
    out.push_back({Constraint::Kind::json_schema, read_schema(form, prefix + "json", *schema), {}, {}});
  for (const auto& [key, kind] :
       {std::pair{prefix + "regex", Constraint::Kind::regex}, {prefix + "grammar", Constraint::Kind::gbnf}}) {
    auto text = form.text(key);
    if (text && text->empty()) form.refuse(key, "is empty");
    if (text) out.push_back({kind, {}, std::move(*text), {}});
  }
  if (auto choices = read_choices(form, prefix + "choice"); !choices.empty())
    out.push_back({Constraint::Kind::choice, {}, {}, std::move(choices)});
}

}  // namespace

Delivery read_delivery(Form& form) {
  Delivery delivery;
  delivery.stream = form.flag("stream").value_or(false);
  if (auto options = form.object("stream_options")) {
    if (!delivery.stream) form.refuse("stream_options", "needs stream: true");
    delivery.include_usage = options->flag("include_usage").value_or(false);
    options->flag("include_obfuscation");
    options->finish();
  }
  return delivery;
}

void read_sampling(Form& form, protocol::Request& request) {
  auto& sampling = request.sampling;
  request.model = form.required_text("model", 512);
  sampling.temperature = form.real("temperature", 0, 2);
  sampling.top_p = form.real("top_p", 0, 1);
  if (sampling.top_p == 0.0) sampling.top_p = 1e-6;  // OpenAI takes 0: the most likely token alone
  sampling.min_p = form.real("min_p", 0, 1);
  sampling.typical_p = form.real("typical_p", 0, 1);
  if (sampling.typical_p == 0.0) sampling.typical_p = 1e-6;
  sampling.presence_penalty = form.real("presence_penalty", -2, 2);
  sampling.frequency_penalty = form.real("frequency_penalty", -2, 2);
  sampling.repetition_penalty = form.real("repetition_penalty", 0, 2);
  if (sampling.repetition_penalty == 0.0) form.refuse("repetition_penalty", "must be more than 0");
  sampling.top_k = form.whole("top_k", -1, int32_max);
  if (sampling.top_k == -1) sampling.top_k = 0;  // vLLM's way to say: all
  if (const auto seed =
          form.whole("seed", std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()))
    sampling.seed = static_cast<std::uint64_t>(*seed);
  read_bias(form, request);
  read_stop(form, request);
  request.choices = static_cast<std::uint32_t>(form.whole("n", 1, 128).value_or(1));
  if (const auto* ids = form.list("stop_token_ids", biases_max)) {
    for (const auto& id : *ids) {
      if (!id.is_int64() || id.get_int64() < 0 || id.get_int64() > int32_max)
        form.refuse("stop_token_ids", "must hold token ids");
      request.stop_token_ids.push_back(static_cast<std::int32_t>(id.get_int64()));
    }
  }
  request.ignore_eos = form.flag("ignore_eos").value_or(false);
  request.cache_prompt = form.flag("cache_prompt").value_or(true);
}

protocol::Constraint read_format(Form form, bool flat) {
  Constraint constraint;
  const auto type = form.word("type", {"text", "json_object", "json_schema"});
  if (!type) form.refuse("type", "is missing");
  if (*type == "json_object") {
    constraint.kind = Constraint::Kind::json_object;
    if (const auto* schema = form.take("schema"))  // llama-server's way
      constraint = {Constraint::Kind::json_schema, read_schema(form, "schema", *schema), {}, {}};
  } else if (*type == "json_schema") {
    auto inner = flat ? std::optional<Form>() : form.object("json_schema");
    if (!flat && !inner) form.refuse("json_schema", "is missing");
    Form& holder = flat ? form : *inner;
    const auto name = holder.required_text("name", 64);
    for (const char c : name)
      if (std::string_view("_-").find(c) == std::string_view::npos && std::isalnum(static_cast<unsigned char>(c)) == 0)
        holder.refuse("name", "may have letters, digits, _ and - only");
    holder.text("description");
    holder.flag("strict");  // an answer is always held to its schema
    constraint.kind = Constraint::Kind::json_object;
    if (const auto* schema = holder.take("schema"))
      constraint = {Constraint::Kind::json_schema, read_schema(holder, "schema", *schema), {}, {}};
    holder.finish();
  }
  form.finish();
  return constraint;
}

void read_constraint(Form& form, protocol::Request& request, bool chat) {
  std::vector<Constraint> all;
  if (chat) {
    if (auto format = form.object("response_format")) {
      auto constraint = read_format(std::move(*format), false);
      if (constraint.kind != Constraint::Kind::none) all.push_back(std::move(constraint));
    }
  }
  if (auto grammar = form.text("grammar")) {
    if (!grammar->empty()) all.push_back({Constraint::Kind::gbnf, {}, std::move(*grammar), {}});
  }
  if (const auto* schema = form.take("json_schema"))
    all.push_back({Constraint::Kind::json_schema, read_schema(form, "json_schema", *schema), {}, {}});
  read_guides(form, "guided_", all);
  if (auto structured = form.object("structured_outputs")) {
    read_guides(*structured, "", all);
    structured->finish();
  }
  form.unsupported("guided_whitespace_pattern");
  form.unsupported("guided_decoding_backend", "cannot be chosen: there is one");
  if (all.size() > 1)
    form.refuse(chat ? "response_format" : "grammar", "and another constraint contradict each other: give one of them");
  if (!all.empty()) request.constraint = std::move(all.front());
}

void read_labels(Form& form) {
  form.text("user", 512);
  form.text("safety_identifier", 512);
  form.text("prompt_cache_key", 512);
  form.word("prompt_cache_retention", {"in_memory", "in-memory"});
  form.word("service_tier", {"auto", "default"});
  if (auto metadata = form.object("metadata")) {
    if (metadata->json().size() > 16) form.refuse("metadata", "must have at most 16 fields");
    for (const auto& member : metadata->json()) metadata->text(member.key(), 512);
  }
}

}  // namespace cofre::gateway::openai
