#include "gateway/dialects/openai/embeddings.h"

#include <bit>
#include <cstring>

#include <openssl/evp.h>

#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/messages.h"
#include "gateway/dialects/openai/parts.h"
#include "text/utf8.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

constexpr std::size_t inputs_max = 2048;

static_assert(std::endian::native == std::endian::little, "float32 little endian is written as it lies in memory");

std::string base64_of(const std::vector<float>& vector) {
  const auto bytes = vector.size() * sizeof(float);
  std::string out((bytes + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(vector.data()), static_cast<int>(bytes));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

class EmbeddingEncoder : public Keeping {
 public:
  EmbeddingEncoder(const AnswerHead& head, bool base64) : head_(head), base64_(base64) {}
  std::string finish(const Usage& usage) override {
    json::Array data;
    for (const auto& vector : kept<Vectors>().vectors) {
      json::Value values;
      if (base64_) {
        values = base64_of(vector);
      } else {
        auto& list = values.emplace_array();
        list.reserve(vector.size());
        for (const float one : vector) list.emplace_back(one);
      }
      data.emplace_back(
          json::Object{{"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(values)}});
    }
    return json::dump(json::Object{
        {"object", "list"},
        {"data", std::move(data)},
        {"model", head_.model},
        {"usage", json::Object{{"prompt_tokens", usage.prompt_tokens}, {"total_tokens", usage.prompt_tokens}}}});
  }

 private:
  AnswerHead head_;
  bool base64_;
};

class TokensEncoder : public Keeping {
 public:
  TokensEncoder(bool pieces, std::uint64_t context) : pieces_(pieces), context_(context) {}
  std::string finish(const Usage&) override {
    const auto tokens = kept<Tokens>();
    json::Array ids, pieces;
    for (const auto id : tokens.ids) ids.emplace_back(std::int64_t{id});
    for (const auto& piece : tokens.pieces) pieces.emplace_back(text::replace_invalid_utf8(piece));
    json::Object out{{"count", ids.size()}, {"tokens", std::move(ids)}};
    if (context_ > 0) out["max_model_len"] = context_;
    if (pieces_) out["token_strs"] = std::move(pieces);
    return json::dump(out);
  }

 private:
  bool pieces_;
  std::uint64_t context_;
};

class TextEncoder : public Keeping {
 public:
  std::string finish(const Usage&) override {
    const auto text = text::replace_invalid_utf8(kept<Tokens>().text);
    return json::dump(json::Object{{"prompt", text}, {"content", text}});  // vLLM's name, llama-server's name
  }
};

Embedding::Role read_role(Form& form) {
  const auto word =
      form.word("input_type", {"query", "passage", "document", "search_query", "search_document"}).value_or("");
  if (word.empty()) return Embedding::Role::plain;
  return word.ends_with("query") ? Embedding::Role::query : Embedding::Role::passage;
}

std::string read_model(Form& form) { return form.text("model", 512).value_or("default"); }

}  // namespace

std::string Keeping::take(std::size_t, const Event& event) {
  if (!std::holds_alternative<Started>(event)) kept_ = event;
  return {};
}

std::string Keeping::fail(const Failure& failure) { return sse_failure(failure); }

EmbeddingCall parse_embeddings(const json::Value& body) {
  Form form(body);
  EmbeddingCall call;
  call.request.model = form.required_text("model", 512);
  Embedding embedding;
  embedding.inputs = read_inputs(form, "input", inputs_max);
  for (const auto& input : embedding.inputs)
    if (const auto* text = std::get_if<std::string>(&input); text != nullptr && text->empty())
      form.refuse("input", "holds an empty text");
  if (const auto dimensions = form.whole("dimensions", 1, 1 << 20))
    embedding.dimensions = static_cast<std::uint32_t>(*dimensions);
  embedding.role = read_role(form);
  call.base64 = form.word("encoding_format", {"float", "base64"}) == "base64";
  form.text("user", 512);
  form.finish();
  call.request.task = std::move(embedding);
  validate(call.request);
  return call;
}

TokenizeCall parse_tokenize(const json::Value& body) {
  Form form(body);
  TokenizeCall call;
  call.request.model = read_model(form);
  Tokenize tokenize;
  auto prompt = form.text("prompt", 256 << 20);
  auto content = form.text("content", 256 << 20);
  if (prompt && content) form.refuse("content", "and prompt are the same: give one of them");
  const bool chat = form.json().contains("messages");
  if (chat && (prompt || content)) form.refuse("messages", "and a text contradict each other: give one of them");
  if (chat) {
    Chat conversation;
    conversation.messages = read_messages(form);
    read_tools(form, conversation);
    if (const auto arguments = form.object("chat_template_kwargs")) conversation.template_arguments = arguments->json();
    conversation.add_generation_prompt = form.flag("add_generation_prompt").value_or(true);
    tokenize.input = std::move(conversation);
  } else if (prompt || content) {
    tokenize.input = std::move(prompt ? *prompt : *content);
  } else {
    form.refuse("prompt", "is missing");
  }
  const auto special = form.flag("add_special_tokens");
  const auto special_too = form.flag("add_special");
  tokenize.add_special = special.value_or(special_too.value_or(true));
  const bool pieces = form.flag("return_token_strs").value_or(false);
  call.pieces = form.flag("with_pieces").value_or(pieces);
  form.finish();
  call.request.task = std::move(tokenize);
  validate(call.request);
  return call;
}

Request parse_detokenize(const json::Value& body) {
  Form form(body);
  Request request;
  request.model = read_model(form);
  Detokenize detokenize;
  auto inputs = read_inputs(form, "tokens", 1);
  auto* ids = std::get_if<std::vector<std::int32_t>>(&inputs.front());
  if (ids == nullptr) form.refuse("tokens", "must hold token ids");
  detokenize.tokens = std::move(*ids);
  form.finish();
  request.task = std::move(detokenize);
  validate(request);
  return request;
}

std::unique_ptr<Encoder> encode_embeddings(const AnswerHead& head, bool base64) {
  return std::make_unique<EmbeddingEncoder>(head, base64);
}
std::unique_ptr<Encoder> encode_tokens(bool pieces, std::uint64_t context) {
  return std::make_unique<TokensEncoder>(pieces, context);
}
std::unique_ptr<Encoder> encode_text() { return std::make_unique<TextEncoder>(); }

}  // namespace cofre::gateway::openai
