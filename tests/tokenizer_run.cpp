// Splits and encodes texts, for tokenizers_test.py. Reads lines {"pre", "texts"}, answered by {"words": [[…]]}, and
// {"file", "texts"}, answered by {"ids": [[…]], "decoded": […]}; with "special" names of special tokens are read.

#include <iostream>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"
#include "json/json.h"
#include "tokenizer/pretokenize.h"
#include "tokenizer/tokenizer.h"

namespace {

using namespace cofre;

void split(const json::Object& job, json::Object& answer) {
  const tokenizer::PreTokenizer pre(job.at("pre").as_string());
  json::Array all;
  for (const auto& text : job.at("texts").as_array()) {
    json::Array words;
    pre.split(text.as_string(), [&words](std::string_view word) { words.emplace_back(word); });
    all.emplace_back(std::move(words));
  }
  answer["words"] = std::move(all);
}

void encode(const json::Object& job, json::Object& answer) {
  const auto file = gguf::File::open(std::string(job.at("file").as_string()));
  const auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
  const auto special = job.contains("special") ? tokenizer::Special::parse : tokenizer::Special::as_text;
  json::Array all, decoded;
  for (const auto& text : job.at("texts").as_array()) {
    const auto ids = tokenizer.encode(text.as_string(), special);
    json::Array numbers;
    for (const auto id : ids) numbers.emplace_back(id);
    all.emplace_back(std::move(numbers));
    decoded.emplace_back(tokenizer.decode(ids));
  }
  answer["ids"] = std::move(all);
  answer["decoded"] = std::move(decoded);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    json::Object answer;
    try {
      const auto job = json::parse(line).as_object();
      job.contains("pre") ? split(job, answer) : encode(job, answer);
    } catch (const Error& error) {
      answer["error"] = error.what();
    }
    std::cout << json::dump(answer) << '\n';
  }
}
