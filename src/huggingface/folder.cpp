#include "huggingface/folder.h"

#include <algorithm>

#include "base/error.h"
#include "gguf/writer.h"
#include "huggingface/steps.h"
#include "os/disk.h"

namespace cofre::huggingface {
namespace {

constexpr std::uint64_t largest_settings = 16 << 20, largest_tokenizer = 256 << 20;

json::Value read_json(const std::filesystem::path& file, std::uint64_t largest, bool needed) {
  if (!needed && !std::filesystem::exists(file)) return {};
  try {
    return json::parse(os::read_whole(file, largest));
  } catch (const Error& error) {
    if (error.code() == Code::not_found) throw;
    throw Error(error.code(), file.string() + ": " + error.what(), error.field());
  }
}

/// A member of what may be null; nullptr where it is absent.
const json::Value* look(const json::Value& value, std::string_view key) {
  return value.is_object() ? member(value.get_object(), key) : nullptr;
}

std::string template_of(const std::filesystem::path& path, const json::Value& tokenizer_config) {
  const auto file = path / "chat_template.jinja";
  if (std::filesystem::exists(file)) return os::read_whole(file, largest_settings);
  const auto* given = look(tokenizer_config, "chat_template");
  if (given == nullptr) return {};
  if (given->is_string()) return std::string(given->get_string());
  if (given->is_array())  // several, by name
    for (const auto& one : given->get_array()) {
      const auto *name = look(one, "name"), *text = look(one, "template");
      if (name != nullptr && text != nullptr && name->is_string() && name->get_string() == "default" &&
          text->is_string())
        return std::string(text->get_string());
    }
  fail_field(Code::invalid, "chat_template",
             "tokenizer_config.json: chat_template is neither a text nor a list with a default");
}

/// modules.json of sentence-transformers leads to the pooling's own config.json.
std::optional<unsigned> pooling_of(const std::filesystem::path& path) {
  const auto modules = read_json(path / "modules.json", largest_settings, false);
  if (!modules.is_array()) return std::nullopt;
  for (const auto& module : modules.get_array()) {
    const auto *type = look(module, "type"), *folder = look(module, "path");
    if (type == nullptr || !type->is_string() || !std::string_view(type->get_string()).ends_with("Pooling")) continue;
    const std::filesystem::path name(folder != nullptr && folder->is_string() ? std::string(folder->get_string()) : "");
    if (name.empty() || name.filename() != name || name == "..")
      fail_field(Code::invalid, "path", "modules.json: the pooling lies in no folder of this one");
    const auto pooling = read_json(path / name / "config.json", largest_settings, true);
    std::optional<unsigned> found;
    for (const auto& [key, number] :
         {std::pair("pooling_mode_mean_tokens", 1u), {"pooling_mode_cls_token", 2u}, {"pooling_mode_lasttoken", 3u}}) {
      const auto* on = look(pooling, key);
      if (on == nullptr || !on->is_bool() || !on->get_bool()) continue;
      if (found) fail_field(Code::unsupported, key, "{}: two ways of pooling at once", (path / name).string());
      found = number;
    }
    if (!found)
      fail_field(Code::unsupported, "pooling_mode", "{}: its way of pooling is not supported", (path / name).string());
    return found;
  }
  return std::nullopt;
}

/// The text of a special token: "…" or {"content": "…"}.
const json::Value* content_of(const json::Value* token) {
  const auto* content = token != nullptr && token->is_object() ? member(token->get_object(), "content") : token;
  return content != nullptr && content->is_string() ? content : nullptr;
}

void take_special_tokens(const json::Value& tokenizer_config, TokenizerKeys& keys) {
  for (const auto& [theirs, ours] : {std::pair("bos_token", "bos_token_id"),
                                     {"eos_token", "eos_token_id"},
                                     {"unk_token", "unknown_token_id"},
                                     {"sep_token", "seperator_token_id"},
                                     {"pad_token", "padding_token_id"},
                                     {"cls_token", "cls_token_id"},
                                     {"mask_token", "mask_token_id"}}) {
    const auto* content = content_of(look(tokenizer_config, theirs));
    if (content == nullptr) continue;
    if (const auto id = keys.find(content->get_string()))
      keys.ids.emplace(ours, *id);  // a post-processor's own one counts
  }
}

/// Ids that end an answer: a number or a list of them.
std::vector<std::size_t> ends_of(const json::Value* value, std::size_t tokens, const char* file) {
  std::vector<std::size_t> ends;
  const auto take = [&](const json::Value& id) {
    if (!id.is_int64() || id.get_int64() < 0 || static_cast<std::size_t>(id.get_int64()) >= tokens)
      fail_field(Code::invalid, "eos_token_id", "{}: eos_token_id names no token of {}", file, tokens);
    ends.push_back(static_cast<std::size_t>(id.get_int64()));
  };
  if (value == nullptr) return ends;
  if (!value->is_array()) {
    take(*value);
    return ends;
  }
  for (const auto& id : value->get_array()) take(id);
  return ends;
}

/// Where several tokens end an answer, GGUF has a key for each of three.
void take_ends(const Folder& folder, TokenizerKeys& keys) {
  auto ends = ends_of(look(folder.generation, "eos_token_id"), keys.tokens.size(), "generation_config.json");
  if (ends.empty()) ends = ends_of(folder.config.find("eos_token_id"), keys.tokens.size(), "config.json");
  if (keys.model == "bert" || keys.model == "t5") return;
  if (!keys.ids.contains("eos_token_id") && !ends.empty()) keys.ids["eos_token_id"] = ends[0];
  const char* more[] = {"eot_token_id", "eom_token_id"};
  std::size_t next = 0;
  for (const auto id : ends) {
    if (id == keys.ids["eos_token_id"]) continue;
    if (next < std::size(more)) {
      keys.ids[more[next++]] = id;
    } else {
      keys.notes.push_back("token " + keys.tokens[id] + " ends an answer too: not kept");
    }
  }
  if (!keys.ids.contains("bos_token_id") && folder.config.find("bos_token_id") != nullptr)
    keys.ids["bos_token_id"] = folder.config.number("bos_token_id", 0, keys.tokens.size() - 1);
}

void write_sampling(const json::Value& generation, gguf::Writer& writer) {
  for (const auto& [theirs, ours] : {std::pair("temperature", "temp"),
                                     {"top_p", "top_p"},
                                     {"min_p", "min_p"},
                                     {"repetition_penalty", "penalty_repeat"}})
    if (const auto* value = look(generation, theirs); value != nullptr && value->is_number())
      writer.add(std::string("general.sampling.") + ours, value->to_number<float>());
  if (const auto* top_k = look(generation, "top_k"); top_k != nullptr && top_k->is_int64() && top_k->get_int64() >= 0)
    writer.add("general.sampling.top_k",
               static_cast<std::uint32_t>(std::min<std::int64_t>(top_k->get_int64(), 1 << 24)));
}

}  // namespace

Folder Folder::read(const std::filesystem::path& path) {
  Folder folder{path,
                Config(read_json(path / "config.json", largest_settings, true)),
                read_tokenizer(read_json(path / "tokenizer.json", largest_tokenizer, true)),
                read_json(path / "generation_config.json", largest_settings, false),
                read_json(path / "tokenizer_config.json", largest_settings, false),
                {},
                {}};
  folder.chat_template = template_of(path, folder.tokenizer_config);
  folder.pooling = pooling_of(path);
  take_special_tokens(folder.tokenizer_config, folder.tokenizer);
  take_ends(folder, folder.tokenizer);
  return folder;
}

void Folder::write(gguf::Writer& writer) const {
  tokenizer.write(writer);
  if (!chat_template.empty()) writer.add("tokenizer.chat_template", std::string_view(chat_template));
  write_sampling(generation, writer);
}

}  // namespace cofre::huggingface
