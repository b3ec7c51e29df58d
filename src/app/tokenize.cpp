#include <fmt/format.h>

#include "app/command.h"
#include "app/input.h"
#include "base/error.h"
#include "fleet/resolve.h"
#include "gguf/gguf.h"
#include "json/json.h"
#include "text/utf8.h"
#include "tokenizer/tokenizer.h"

namespace cofre::app {

Action declare_tokenize(Options& options) {
  struct Given {
    std::string model, text, file;
    bool has_text = false, json = false, bos = false, special = false;
  };
  auto given = std::make_shared<Given>();
  options.text("MODEL", given->model, "a name, or a GGUF file (one with a vocabulary alone will do)");
  options.required();
  options.text("TEXT", given->text, given->has_text,
               "the text, after -- where it begins with a dash; else from a pipe");
  options.text("-f,--file", given->file, "take the text from a file");
  options.flag("--bos", given->bos, "begin with the token that begins texts (BOS)");
  options.flag("--special", given->special, "let names of special tokens in the text become those tokens");
  options.flag("--json", given->json, "print {\"tokens\":[...]}");
  return [given] {
    const std::string text = input_text(given->text, given->has_text, given->file);
    const auto file = gguf::File::open(fleet::resolve(fleet::Models::open(), given->model).file);
    const auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
    auto ids = tokenizer.encode(text, given->special ? tokenizer::Special::parse : tokenizer::Special::as_text);
    if (given->bos) {
      const auto bos = tokenizer.bos();
      if (!bos) fail(Code::unsupported, "this model has no token that begins texts");
      ids.insert(ids.begin(), *bos);
    }
    if (given->json) {
      json::Array list(ids.begin(), ids.end());
      fmt::print("{}\n", json::dump(json::Object{{"tokens", std::move(list)}}));
      return;
    }
    for (const auto id : ids) {
      std::string bytes;
      tokenizer.append_bytes(id, true, bytes);
      fmt::print("{:8}  {}\n", id, json::quote(text::replace_invalid_utf8(bytes)));
    }
  };
}

}  // namespace cofre::app
