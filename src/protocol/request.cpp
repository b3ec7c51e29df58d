#include "protocol/request.h"

#include <charconv>
#include <limits>

#include "protocol/fields.h"

namespace cofre::protocol {
namespace {

constexpr std::string_view tool_choices[] = {"none", "auto", "required", "named"};
constexpr std::string_view roles[] = {"plain", "query", "passage"};
constexpr std::string_view constraints[] = {"none", "json_object", "json_schema", "regex", "gbnf", "choice"};

template <class T>
void put(json::Object& out, std::string_view key, const std::optional<T>& value) {
  if (value) out[key] = *value;
}

json::Value text_or_ids(const std::variant<std::string, std::vector<std::int32_t>>& input) {
  if (const auto* text = std::get_if<std::string>(&input)) return json::Value(*text);
  return array_of(std::get<std::vector<std::int32_t>>(input));
}

std::variant<std::string, std::vector<std::int32_t>> text_or_ids(const json::Value& value, const std::string& name) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_array()) return ids_of(value.get_array(), name);
  fail_field(Code::invalid, name, "{} must be a text or token ids", name);
}

json::Object write(const Sampling& s) {
  json::Object out;
  put(out, "temperature", s.temperature);
  put(out, "top_p", s.top_p);
  put(out, "min_p", s.min_p);
  put(out, "typical_p", s.typical_p);
  put(out, "repetition_penalty", s.repetition_penalty);
  put(out, "presence_penalty", s.presence_penalty);
  put(out, "frequency_penalty", s.frequency_penalty);
  put(out, "top_k", s.top_k);
  put(out, "seed", s.seed);
  json::Object bias;
  for (const auto& [id, value] : s.logit_bias) bias[std::to_string(id)] = value;
  if (!bias.empty()) out["logit_bias"] = std::move(bias);
  return out;
}

Sampling read_sampling(const Fields& fields) {
  Sampling s;
  s.temperature = fields.real_if("temperature");
  s.top_p = fields.real_if("top_p");
  s.min_p = fields.real_if("min_p");
  s.typical_p = fields.real_if("typical_p");
  s.repetition_penalty = fields.real_if("repetition_penalty");
  s.presence_penalty = fields.real_if("presence_penalty");
  s.frequency_penalty = fields.real_if("frequency_penalty");
  if (fields.has("top_k")) s.top_k = fields.whole("top_k", 0, INT32_MAX);
  if (fields.has("seed")) s.seed = fields.count("seed", UINT64_MAX);
  if (!fields.has("logit_bias")) return s;
  for (const auto& member : fields.object("logit_bias")) {
    const std::string_view key = member.key();
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc{} || end != key.data() + key.size()) fields.refuse("logit_bias", "must name token ids");
    s.logit_bias.emplace_back(id, real_of(member.value(), fields.name("logit_bias")));
  }
  return s;
}

json::Object write(const Constraint& c) {
  json::Object out{{"kind", constraints[static_cast<std::size_t>(c.kind)]}};
  if (c.kind == Constraint::Kind::json_schema) out["schema"] = c.schema;
  if (!c.text.empty()) out["text"] = c.text;
  if (!c.choices.empty()) out["choices"] = array_of(c.choices);
  return out;
}

Constraint read_constraint(const Fields& fields) {
  Constraint c;
  c.kind = enum_of<Constraint::Kind>(constraints, fields.text("kind"), fields.name("kind"));
  if (c.kind == Constraint::Kind::json_schema) c.schema = fields.value("schema");
  c.text = fields.text_or("text", "");
  if (fields.has("choices")) c.choices = fields.texts("choices");
  return c;
}

json::Object write(const Chat& chat) {
  json::Object out{{"messages", chat.messages}};
  if (!chat.tools.empty()) out["tools"] = chat.tools;
  out["tool_choice"] = tool_choices[static_cast<std::size_t>(chat.tool_choice)];
  if (!chat.tool_name.empty()) out["tool_name"] = chat.tool_name;
  out["parallel_tool_calls"] = chat.parallel_tool_calls;
  if (!chat.template_arguments.empty()) out["template_arguments"] = chat.template_arguments;
  out["add_generation_prompt"] = chat.add_generation_prompt;
  out["continue_final_message"] = chat.continue_final_message;
  return out;
}

Chat read_chat(const Fields& fields) {
  Chat chat;
  chat.messages = fields.array("messages");
  if (fields.has("tools")) chat.tools = fields.array("tools");
  chat.tool_choice =
      enum_of<ToolChoice>(tool_choices, fields.text_or("tool_choice", "auto"), fields.name("tool_choice"));
  chat.tool_name = fields.text_or("tool_name", "");
  chat.parallel_tool_calls = fields.flag_or("parallel_tool_calls", true);
  if (fields.has("template_arguments")) chat.template_arguments = fields.object("template_arguments");
  chat.add_generation_prompt = fields.flag_or("add_generation_prompt", true);
  chat.continue_final_message = fields.flag_or("continue_final_message", false);
  return chat;
}

json::Object write(const Completion& completion) {
  json::Object out{{"prompt", text_or_ids(completion.prompt)}, {"echo", completion.echo}};
  put(out, "suffix", completion.suffix);
  return out;
}

Completion read_completion(const Fields& fields) {
  Completion completion;
  completion.prompt = text_or_ids(fields.value("prompt"), fields.name("prompt"));
  if (fields.has("suffix")) completion.suffix = fields.text("suffix");
  completion.echo = fields.flag_or("echo", false);
  return completion;
}

json::Object write(const Embedding& embedding) {
  json::Array inputs;
  for (const auto& input : embedding.inputs) inputs.push_back(text_or_ids(input));
  json::Object out{{"inputs", std::move(inputs)}};
  put(out, "dimensions", embedding.dimensions);
  out["role"] = roles[static_cast<std::size_t>(embedding.role)];
  return out;
}

Embedding read_embedding(const Fields& fields) {
  Embedding embedding;
  for (const auto& input : fields.array("inputs"))
    embedding.inputs.push_back(text_or_ids(input, fields.name("inputs")));
  if (fields.has("dimensions"))
    embedding.dimensions = static_cast<std::uint32_t>(fields.count("dimensions", UINT32_MAX));
  embedding.role = enum_of<Embedding::Role>(roles, fields.text_or("role", "plain"), fields.name("role"));
  return embedding;
}

json::Object write(const Rerank& rerank) {
  return {{"query", rerank.query}, {"documents", array_of(rerank.documents)}};
}

json::Object write(const Tokenize& tokenize) {
  json::Object out{{"add_special", tokenize.add_special}};
  if (const auto* text = std::get_if<std::string>(&tokenize.input)) {
    out["text"] = *text;
  } else {
    out["chat"] = write(std::get<Chat>(tokenize.input));
  }
  return out;
}

Tokenize read_tokenize(const Fields& fields) {
  Tokenize tokenize;
  tokenize.add_special = fields.flag_or("add_special", true);
  if (fields.has("chat")) {
    tokenize.input = read_chat(fields.inside("chat"));
  } else {
    tokenize.input = fields.text("text");
  }
  return tokenize;
}

json::Object write(const Detokenize& detokenize) { return {{"tokens", array_of(detokenize.tokens)}}; }

void read_task(const Fields& fields, Request& request) {
  if (fields.has("chat")) {
    request.task = read_chat(fields.inside("chat"));
  } else if (fields.has("completion")) {
    request.task = read_completion(fields.inside("completion"));
  } else if (fields.has("embedding")) {
    request.task = read_embedding(fields.inside("embedding"));
  } else if (fields.has("tokenize")) {
    request.task = read_tokenize(fields.inside("tokenize"));
  } else if (fields.has("detokenize")) {
    request.task = Detokenize{fields.inside("detokenize").ids("tokens")};
  } else if (fields.has("rerank")) {
    const auto inside = fields.inside("rerank");
    request.task = Rerank{inside.text("query"), inside.texts("documents")};
  } else {
    fail_field(Code::invalid, "task", "the request has no task");
  }
}

}  // namespace

json::Object to_json(const Request& request) {
  constexpr std::string_view tasks[] = {"chat", "completion", "embedding", "tokenize", "detokenize", "rerank"};
  json::Object out{
      {"id", request.id}, {"model", request.model}, {"tenant", request.tenant}, {"priority", request.priority}};
  out[tasks[request.task.index()]] = std::visit([](const auto& task) { return write(task); }, request.task);
  if (auto sampling = write(request.sampling); !sampling.empty()) out["sampling"] = std::move(sampling);
  out["choices"] = request.choices;
  if (request.best_of > 0) out["best_of"] = request.best_of;
  put(out, "max_tokens", request.max_tokens);
  if (!request.stop.empty()) out["stop"] = array_of(request.stop);
  if (!request.stop_token_ids.empty()) out["stop_token_ids"] = array_of(request.stop_token_ids);
  out["ignore_eos"] = request.ignore_eos;
  out["logprobs"] = request.logprobs;
  out["top_logprobs"] = request.top_logprobs;
  out["prompt_logprobs"] = request.prompt_logprobs;
  if (request.constraint.kind != Constraint::Kind::none) out["constraint"] = write(request.constraint);
  out["cache_prompt"] = request.cache_prompt;
  return out;
}

Request request_from_json(const json::Object& object) {
  const Fields fields(object);
  Request request;
  request.id = fields.text_or("id", "");
  request.model = fields.text_or("model", "");
  request.tenant = fields.count_or("tenant", UINT64_MAX, 0);
  if (fields.has("priority")) request.priority = static_cast<int>(fields.whole("priority", INT32_MIN, INT32_MAX));
  read_task(fields, request);
  if (fields.has("sampling")) request.sampling = read_sampling(fields.inside("sampling"));
  request.choices = static_cast<std::uint32_t>(fields.count_or("choices", UINT32_MAX, 1));
  request.best_of = static_cast<std::uint32_t>(fields.count_or("best_of", UINT32_MAX, 0));
  if (fields.has("max_tokens")) request.max_tokens = fields.count("max_tokens", UINT64_MAX);
  if (fields.has("stop")) request.stop = fields.texts("stop");
  if (fields.has("stop_token_ids")) request.stop_token_ids = fields.ids("stop_token_ids");
  request.ignore_eos = fields.flag_or("ignore_eos", false);
  request.logprobs = fields.flag_or("logprobs", false);
  request.top_logprobs = static_cast<std::uint32_t>(fields.count_or("top_logprobs", UINT32_MAX, 0));
  request.prompt_logprobs = fields.flag_or("prompt_logprobs", false);
  if (fields.has("constraint")) request.constraint = read_constraint(fields.inside("constraint"));
  request.cache_prompt = fields.flag_or("cache_prompt", true);
  validate(request);
  return request;
}

}  // namespace cofre::protocol
