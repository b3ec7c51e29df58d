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

}  // namespace

Action declare_score(Options& options) {
  struct Given {
    ModelOptions model;
    std::string file, kv_format = "f16";
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.text("FILE", given->file, "{\"prompt\":[ids],\"continuation\":[ids]}");
  options.required();
  options.text("--kv", given->kv_format, "keys and values in 32, 16 or 8 bits: f32, f16 or q8");
  options.flag("--json", given->json, "print JSON (always)");
  return [given] {
    const auto kv = kv_format(given->kv_format);
    const auto request = json::parse(read_input_file(given->file));
    if (!request.is_object()) fail(Code::invalid, "{} must hold an object", given->file);
    const auto prompt = ids_at(request.get_object(), "prompt"),
               continuation = ids_at(request.get_object(), "continuation");
    constexpr int alternatives = 10;
    auto loaded = given->model.load();
    json::Array tokens;
    for (const auto& choice : serving::score(*loaded, prompt, continuation, alternatives, kv)) {
      json::Array top;
      for (const auto& one : choice.top) top.push_back(json::Object{{"id", one.id}, {"logprob", one.logprob}});
      tokens.push_back(json::Object{{"id", choice.id}, {"logprob", choice.logprob}, {"top", std::move(top)}});
    }
    fmt::print("{}\n", json::dump(json::Object{{"tokens", std::move(tokens)}}));
  };
}

}  // namespace cofre::app
