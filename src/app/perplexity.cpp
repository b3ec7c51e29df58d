#include <fmt/format.h>

#include "app/command.h"
#include "app/input.h"
#include "app/model_options.h"
#include "json/json.h"
#include "serving/evaluate.h"

namespace cofre::app {

Action declare_perplexity(Options& options) {
  struct Given {
    ModelOptions model;
    std::string file;
    bool json = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.text("FILE", given->file, "a text of at least 1024 tokens");
  options.required();
  options.flag("--json", given->json, "print JSON");
  return [given] {
    const auto text = read_input_file(given->file);
    auto loaded = given->model.load();
    WorkLine line;
    const auto result = serving::perplexity(*loaded, text, [&](double share) { line.show("reading", share); });
    line.clear();
    if (given->json) {
      fmt::print("{}\n", json::dump(json::Object{
                             {"perplexity", result.value}, {"tokens", result.tokens}, {"windows", result.windows}}));
    } else {
      fmt::print("perplexity {:.4f} over {} tokens in {} windows of 512\n", result.value, result.tokens,
                 result.windows);
    }
  };
}

}  // namespace cofre::app
