#include <fmt/format.h>

#include <future>
#include <sstream>

#include "app/command.h"
#include "app/input.h"
#include "app/model_options.h"
#include "base/error.h"
#include "json/json.h"
#include "serving/encoder_service.h"
#include "serving/text_service.h"

namespace cofre::app {
namespace {

constexpr std::size_t texts_at_once = 1024;

using Role = protocol::Embedding::Role;

Role role_of(const std::string& word) {
  if (word.empty()) return Role::plain;
  if (word == "query") return Role::query;
  if (word == "passage") return Role::passage;
  throw UsageError{"--as takes query or passage"};
}

/// An encoder, or a model that writes text: it makes vectors too.
struct Embedder {
  explicit Embedder(serving::Loaded& loaded) {
    if (loaded.spec.encoder) {
      service = std::make_unique<serving::EncoderService>(loaded, serving::EncoderService::Options{});
    } else {
      model = std::make_unique<serving::TextModel>(loaded, serving::TextModel::Options{.sequences = 8});
      service = std::make_unique<serving::TextService>(*model, serving::TextService::Options{});
    }
  }

  std::vector<std::vector<float>> embed(protocol::Embedding task) {
    protocol::Request request;
    request.task = std::move(task);
    protocol::Vectors vectors;
    std::promise<protocol::Event> last;
    const auto answer = service->start(std::move(request), [&](protocol::Event event) {
      if (auto* made = std::get_if<protocol::Vectors>(&event)) vectors = std::move(*made);
      if (protocol::is_last(event)) last.set_value(std::move(event));
    });
    const auto event = last.get_future().get();
    if (const auto* failed = std::get_if<protocol::Failed>(&event))
      throw Error(failed->code, failed->message, failed->field);
    return std::move(vectors.vectors);
  }

  std::unique_ptr<serving::TextModel> model;
  std::unique_ptr<serving::ModelService> service;
};

/// A line a text.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw UsageError{"there is no text"};
  return lines;
}

json::Array numbers(const std::vector<float>& vector) {
  json::Array out;
  for (const float x : vector) out.emplace_back(x);
  return out;
}

}  // namespace

Action declare_embed(Options& options) {
  struct Given {
    ModelOptions model;
    std::vector<std::string> texts;
    std::string as, file;
    std::optional<std::int64_t> dimensions;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.texts("TEXT", given->texts, "texts, after -- where one begins with a dash; else a line each from a pipe");
  options.text("-f,--file", given->file, "take the texts from a file, a line each");
  options.text("--as", given->as, "query or passage: begin each with the prefix that the model knows it by");
  options.number("--dimensions", given->dimensions, 1, 1 << 20, "only the first so many values, of length 1 again");
  options.flag("--json", given->json, "print {\"embeddings\":[[...]]}; else a line a text");
  return [given] {
    const auto role = role_of(given->as);
    if (!given->texts.empty() && !given->file.empty()) throw UsageError{"give texts or a file, not both"};
    const auto texts = given->texts.empty() ? lines_of(input_text("", false, given->file)) : given->texts;
    auto loaded = given->model.load();
    Embedder embedder(*loaded);
    json::Array all;
    for (std::size_t at = 0; at < texts.size(); at += texts_at_once) {
      protocol::Embedding task;
      task.role = role;
      if (given->dimensions) task.dimensions = static_cast<std::uint32_t>(*given->dimensions);
      for (std::size_t i = at; i < std::min(texts.size(), at + texts_at_once); ++i) task.inputs.emplace_back(texts[i]);
      for (const auto& vector : embedder.embed(std::move(task))) {
        if (given->json) {
          all.emplace_back(numbers(vector));
        } else {
          fmt::print("{}\n", json::dump(numbers(vector)));
        }
      }
    }
    if (given->json) fmt::print("{}\n", json::dump(json::Object{{"embeddings", std::move(all)}}));
  };
}

}  // namespace cofre::app
