#include <map>

#include <fmt/format.h>

#include "app/command.h"
#include "base/checked.h"
#include "base/error.h"
#include "fleet/resolve.h"
#include "gguf/gguf.h"
#include "json/json.h"
#include "os/sandbox.h"

namespace cofre::app {
namespace {

struct TypeCount {
  std::uint64_t tensors = 0, bytes = 0;
};

/// What a model file says of itself. Nothing in it is believed: `run` checks what it uses.
struct Summary {
  explicit Summary(const gguf::File& model_file) : file(model_file), architecture(text("general.architecture")) {
    for (const auto& tensor : file.tensors()) {
      auto& count = types[std::string(gguf::traits(tensor.type).name)];
      ++count.tensors;
      count.bytes += tensor.bytes.size();
      parameters = checked_add(parameters, tensor.elements()).value_or(UINT64_MAX);
    }
    const auto* tokens = file.array("tokenizer.ggml.tokens");
    vocabulary = tokens == nullptr ? 0 : tokens->strings.size();
  }

  std::string text(std::string_view key) const { return std::string(file.string(key).value_or("")); }
  /// A number of the architecture's own; nothing where it is absent or a list (one number for each layer).
  std::optional<std::uint64_t> number(std::string_view key) const {
    const std::string full = fmt::format("{}.{}", architecture, key);
    const auto* value = file.find(full);
    if (value == nullptr || std::holds_alternative<std::shared_ptr<const gguf::Array>>(*value)) return std::nullopt;
    return file.unsigned_number(full);
  }

  const gguf::File& file;
  std::string architecture;
  std::map<std::string, TypeCount> types;
  std::uint64_t parameters = 0;
  std::uint64_t vocabulary = 0;
};

/// Keys of the file behind the names that are shown.
constexpr std::pair<const char*, const char*> numbers[] = {
    {"context", "context_length"},           {"layers", "block_count"},
    {"width", "embedding_length"},           {"heads", "attention.head_count"},
    {"kv_heads", "attention.head_count_kv"}, {"ffn_width", "feed_forward_length"},
};

json::Value as_json(const Summary& summary, const std::string& path) {
  json::Object out;
  out["path"] = path;
  out["version"] = summary.file.version();
  out["architecture"] = summary.architecture;
  out["name"] = summary.text("general.name");
  for (const auto& [name, key] : numbers) {
    const auto value = summary.number(key);
    out[name] = value ? json::Value(*value) : json::Value(nullptr);
  }
  out["parameters"] = summary.parameters;
  out["bytes"] = summary.file.file_bytes();
  json::Object types;
  for (const auto& [name, count] : summary.types) {
    types[name] = json::Object{{"tensors", count.tensors}, {"bytes", count.bytes}};
  }
  out["tensors"] = json::Object{{"count", summary.file.tensors().size()}, {"types", std::move(types)}};
  out["tokenizer"] = json::Object{{"model", summary.text("tokenizer.ggml.model")},
                                  {"pre", summary.text("tokenizer.ggml.pre")},
                                  {"tokens", summary.vocabulary}};
  out["template"] = summary.file.string("tokenizer.chat_template").has_value();
  return out;
}

void print(const Summary& summary, const std::string& path) {
  const auto line = [](const char* name, const std::string& value) { fmt::print("{:13} {}\n", name, value); };
  line("file", path);
  line("format", fmt::format("GGUF v{}, {:.1f} MB", summary.file.version(),
                             static_cast<double>(summary.file.file_bytes()) / 1e6));
  line("architecture", summary.architecture);
  line("name", json::quote(summary.text("general.name")));
  for (const auto& [name, key] : numbers) {
    const auto value = summary.number(key);
    line(name, value ? std::to_string(*value) : "-");
  }
  line("parameters", fmt::format("{:.1f} million", static_cast<double>(summary.parameters) / 1e6));
  for (const auto& [name, count] : summary.types) {
    line("tensors",
         fmt::format("{:6} {:4} tensors {:9.1f} MB", name, count.tensors, static_cast<double>(count.bytes) / 1e6));
  }
  line("tokenizer", fmt::format("{} {}, {} tokens", json::quote(summary.text("tokenizer.ggml.model")),
                                json::quote(summary.text("tokenizer.ggml.pre")), summary.vocabulary));
  line("chat template", summary.file.string("tokenizer.chat_template") ? "yes" : "no");
}

}  // namespace

Action declare_inspect(Options& options) {
  struct Given {
    std::string model;
    bool json = false, confined = false;
  };
  auto given = std::make_shared<Given>();
  options.text("MODEL", given->model, "a name, or a GGUF file");
  options.required();
  options.flag("--json", given->json, "print JSON");
  options.flag("--confined", given->confined, "without network, files and system calls that reading it does not need");
  return [given] {
    const auto resolved = fleet::resolve(fleet::Models::open(), given->model);
    if (given->confined) os::confine({.readable = {resolved.file}});
    const auto file = gguf::File::open(resolved.file);
    const Summary summary(file);
    if (given->json) {
      fmt::print("{}\n", json::dump(as_json(summary, resolved.file.string())));
    } else {
      print(summary, resolved.file.string());
    }
  };
}

}  // namespace cofre::app
