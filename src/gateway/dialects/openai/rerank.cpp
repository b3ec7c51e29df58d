#include "gateway/dialects/openai/rerank.h"

#include <algorithm>
#include <numeric>

#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/form.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

constexpr std::size_t documents_max = 2048;

/// A text, or an object with one.
std::vector<std::string> read_documents(Form& form) {
  const auto* list = form.list("documents", documents_max);
  if (list == nullptr || list->empty()) form.refuse("documents", "must hold at least one text");
  std::vector<std::string> documents;
  for (const auto& item : *list) {
    const auto path = fmt::format("documents[{}]", documents.size());
    if (item.is_string()) {
      documents.emplace_back(item.get_string());
    } else if (item.is_object()) {
      Form inside(item, form.name(path) + ".");
      documents.push_back(inside.required_text("text", 64 << 20));
      inside.finish();
    } else {
      form.refuse(path, "must be a text or an object with one");
    }
  }
  return documents;
}

class RerankEncoder : public Keeping {
 public:
  RerankEncoder(const AnswerHead& head, std::vector<std::string> documents, std::size_t top_n, bool return_documents)
      : head_(head), documents_(std::move(documents)), top_n_(top_n), return_documents_(return_documents) {}

  std::string finish(const Usage& usage) override {
    std::vector<float> scores;
    for (const auto& one : kept<Vectors>().vectors) scores.push_back(one.empty() ? 0 : one.front());
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    if (order.size() > top_n_) order.resize(top_n_);
    json::Array results;
    for (const auto i : order) {
      json::Object result{{"index", i}, {"relevance_score", scores[i]}};
      if (return_documents_) result["document"] = json::Object{{"text", documents_.at(i)}};
      results.emplace_back(std::move(result));
    }
    return json::dump(json::Object{
        {"id", head_.id},
        {"object", "list"},
        {"model", head_.model},
        {"results", std::move(results)},
        {"usage", json::Object{{"prompt_tokens", usage.prompt_tokens}, {"total_tokens", usage.prompt_tokens}}}});
  }

 private:
  const AnswerHead head_;
  const std::vector<std::string> documents_;
  const std::size_t top_n_;
  const bool return_documents_;
};

}  // namespace

RerankCall parse_rerank(const json::Value& body) {
  Form form(body);
  RerankCall call;
  call.request.model = form.required_text("model", 512);
  Rerank rerank;
  rerank.query = form.required_text("query", 64 << 20);
  rerank.documents = read_documents(form);
  if (const auto top_n = form.whole("top_n", 1, INT32_MAX)) call.top_n = static_cast<std::size_t>(*top_n);
  call.return_documents = form.flag("return_documents").value_or(true);
  form.text("user", 512);
  form.finish();
  call.request.task = std::move(rerank);
  validate(call.request);
  return call;
}

std::unique_ptr<Encoder> encode_rerank(const AnswerHead& head, const RerankCall& call) {
  auto documents = call.return_documents ? std::get<Rerank>(call.request.task).documents : std::vector<std::string>{};
  return std::make_unique<RerankEncoder>(head, std::move(documents), call.top_n, call.return_documents);
}

}  // namespace cofre::gateway::openai
