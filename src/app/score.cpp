#include <fmt/format.h>

#include "app/command.h"
#include "app/input.h"
#include "app/model_options.h"
#include "base/error.h"
#include "json/json.h"
#include "serving/evaluate.h"

namespace cofre::app {
namespace {

std::vector<engine::TokenId> ids_at(const json::Object& object, std::string_view key) {
  std::vector<engine::TokenId> ids;
  for (const auto& value : json::array_at(object, key)) {
    if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > (1 << 24))
      fail_field(Code::invalid, std::string(key), "{} must be a list of token ids", key);
    ids.push_back(static_cast<engine::TokenId>(value.get_int64()));
  }
  return ids;
}

kernels::KvFormat kv_format(const std::string& name) {
  if (name == "f32") return kernels::KvFormat::f32;
  if (name == "f16") return kernels::KvFormat::f16;
  if (name == "q8") return kernels::KvFormat::q8;
  throw UsageError{"--kv takes f32, f16 or q8"};
}

serving::Continuation continuation(const json::Value& value) {
  if (!value.is_object()) fail(Code::invalid, "what is to be scored must be an object");
  return {ids_at(value.get_object(), "prompt"), ids_at(value.get_object(), "continuation")};
}

json::Object to_json(const std::vector<engine::Choice>& choices) {
  json::Array tokens;
  for (const auto& choice : choices) {
    json::Array top;
    for (const auto& one : choice.top) top.push_back(json::Object{{"id", one.id}, {"logprob", one.logprob}});
    tokens.push_back(json::Object{{"id", choice.id}, {"logprob", choice.logprob}, {"top", std::move(top)}});
  }
  return json::Object{{"tokens", std::move(tokens)}};
}

}  // namespace

Action declare_score(Options& options) {
  struct Given {
    ModelOptions model;
    std::string file, kv_format = "f16";
    std::int64_t chunk = 512, batch = 1;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.text("FILE", given->file, "{\"prompt\":[ids],\"continuation\":[ids]}, or a list of such");
  options.required();
  options.text("--kv", given->kv_format, "keys and values in 32, 16 or 8 bits: f32, f16 or q8");
  options.number("--chunk", given->chunk, 1, 4096, "tokens of a prompt that are read at once");
  options.number("--batch", given->batch, 1, 64, "how many of a list go through the model together");
  options.flag("--json", given->json, "print JSON (always)");
  return [given] {
    constexpr int alternatives = 10;
    const serving::ScoreOptions how{.top = alternatives,
                                    .kv = kv_format(given->kv_format),
                                    .chunk = static_cast<std::size_t>(given->chunk),
                                    .batch = static_cast<std::size_t>(given->batch)};
    const auto request = json::parse(read_input_file(given->file));
    std::vector<serving::Continuation> all;
    if (request.is_array()) {
      for (const auto& one : request.get_array()) all.push_back(continuation(one));
    } else {
      all.push_back(continuation(request));
    }
    auto loaded = given->model.load();
    const auto scores = serving::score(*loaded, all, how);
    if (!request.is_array()) return fmt::print("{}\n", json::dump(to_json(scores[0])));
    json::Array out;
    for (const auto& one : scores) out.push_back(to_json(one));
    fmt::print("{}\n", json::dump(out));
  };
}

}  // namespace cofre::app
