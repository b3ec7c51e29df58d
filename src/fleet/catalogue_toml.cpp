#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>

#include <toml++/toml.h>

#include "base/error.h"
#include "crypto/sha256.h"
#include "fleet/catalogue.h"

namespace cofre::fleet {
namespace {

/// One table being read: every look-up checks the type, and finish() refuses what nobody looked up.
class Fields {
 public:
  Fields(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  template <class... Args>
  [[noreturn]] void refuse(std::string_view key, fmt::format_string<Args...> form, Args&&... args) const {
    fail_field(Code::invalid, std::string(key), "{}: {}: {}", where_, key,
               fmt::format(form, std::forward<Args>(args)...));
  }

  const toml::node* node(std::string_view key) {
    seen_.emplace_back(key);
    return table_.get(key);
  }
  std::string text(std::string_view key) {
    auto found = text_if_any(key);
    if (!found) refuse(key, "is missing");
    return *found;
  }
  std::optional<std::string> text_if_any(std::string_view key) {
    const toml::node* found = node(key);
    if (found == nullptr) return std::nullopt;
    const auto* string = found->as_string();
    if (string == nullptr || string->get().empty()) refuse(key, "must be a text that is not empty");
    return string->get();
  }
  std::uint64_t count(std::string_view key) {
    const toml::node* found = node(key);
    if (found == nullptr) refuse(key, "is missing");
    const auto* integer = found->as_integer();
    if (integer == nullptr || integer->get() <= 0) refuse(key, "must be a whole number above 0");
    return static_cast<std::uint64_t>(integer->get());
  }
  std::optional<double> number_if_any(std::string_view key, double least, double most) {
    const toml::node* found = node(key);
    if (found == nullptr) return std::nullopt;
    const auto value = found->value<double>();
    if (!value || !(*value >= least && *value <= most)) refuse(key, "must be a number from {} to {}", least, most);
    return value;
  }
  bool flag(std::string_view key) {
    const toml::node* found = node(key);
    if (found == nullptr) return false;
    const auto* boolean = found->as_boolean();
    if (boolean == nullptr) refuse(key, "must be true or false");
    return boolean->get();
  }
  void finish() const {
    for (const auto& [key, value] : table_) {
      if (std::find(seen_.begin(), seen_.end(), key.str()) == seen_.end())
        refuse(key.str(), "is no field of this table");
    }
  }
  const std::string& where() const { return where_; }
  void rename(std::string where) { where_ = std::move(where); }

 private:
  const toml::table& table_;
  std::string where_;
  std::vector<std::string> seen_;
};

bool made_of(std::string_view text, std::string_view others) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && is_word(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || others.find(c) != others.npos; });
}

std::optional<unsigned> small_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 9999) return std::nullopt;
  return value;
}

/// "name-part{1..22}" → name-part1 … name-part22; a name without braces is itself.
std::vector<std::string> expand(Fields& fields) {
  const std::string text = fields.text("package");
  std::vector<std::string> packages;
  const auto open = text.find('{'), dots = text.find(".."), close = text.find('}');
  if (open == std::string::npos) {
    packages.push_back(text);
  } else {
    const bool ordered = dots != std::string::npos && close != std::string::npos && open < dots && dots + 2 < close;
    const auto first = ordered ? small_number(text.substr(open + 1, dots - open - 1)) : std::nullopt;
    const auto last = ordered ? small_number(text.substr(dots + 2, close - dots - 2)) : std::nullopt;
    if (!first || !last || *first > *last) fields.refuse("package", "\"{}\" has no range like {{1..22}}", text);
    for (unsigned i = *first; i <= *last; ++i) {
      packages.push_back(text.substr(0, open) + std::to_string(i) + text.substr(close + 1));
    }
  }
  // They become arguments of pip: nothing may look like an option, an address or a second requirement.
  for (const auto& package : packages) {
    if (!made_of(package, "._-")) fields.refuse("package", "\"{}\" is no package name", package);
  }
  return packages;
}

std::string read_sha256(Fields& fields) {
  auto sum = fields.text("sha256");
  if (!crypto::is_sha256(sum)) fields.refuse("sha256", "must be 64 small hex digits");
  return sum;
}

std::optional<Carried> read_carried(Fields& fields) {
  const toml::node* node = fields.node("carries");
  if (node == nullptr) return std::nullopt;
  if (node->as_table() == nullptr) fields.refuse("carries", "must be a table");
  Fields inside(*node->as_table(), fields.where() + ", carries");
  Carried carried{inside.count("bytes"), read_sha256(inside)};
  inside.finish();
  return carried;
}

PackageSource read_package(Fields& fields) {
  PackageSource source{expand(fields), fields.text("version"), fields.text("member"), {}};
  if (!made_of(source.version, "._+!-")) fields.refuse("version", "\"{}\" is no version", source.version);
  source.carried = read_carried(fields);
  return source;
}

HttpsSource read_https(Fields& fields) {
  HttpsSource source;
  const auto hub = fields.text_if_any("hub");
  if (!hub) {
    source.url = fields.text("url");
    if (!source.url.starts_with("https://") && !source.url.starts_with("http://")) {
      fields.refuse("url", "\"{}\" is no web address", source.url);
    }
    return source;
  }
  if (*hub == "huggingface") {
    source.hub = Hub::huggingface;
  } else if (*hub == "modelscope") {
    source.hub = Hub::modelscope;
  } else {
    fields.refuse("hub", "\"{}\" is none of huggingface, modelscope", *hub);
  }
  source.repository = fields.text("repository");
  source.file = fields.text("file");
  if (!made_of(source.repository, "._-/") || std::count(source.repository.begin(), source.repository.end(), '/') != 1) {
    fields.refuse("repository", "\"{}\" is not owner/name", source.repository);
  }
  return source;
}

Source read_source(const toml::table& table, std::string where) {
  Fields fields(table, std::move(where));
  const std::string kind = fields.text("kind");
  Source source;
  if (kind == "package") {
    source = read_package(fields);
  } else if (kind == "https") {
    source = read_https(fields);
  } else if (kind == "file") {
    source = FileSource{fields.text("path")};
  } else {
    fields.refuse("kind", "\"{}\" is none of package, https, file", kind);
  }
  fields.finish();
  return source;
}

Sampling read_sampling(const toml::table& table, std::string where) {
  Fields fields(table, std::move(where));
  Sampling sampling;
  sampling.temperature = fields.number_if_any("temperature", 0, 5);
  sampling.top_p = fields.number_if_any("top_p", 0, 1);
  sampling.min_p = fields.number_if_any("min_p", 0, 1);
  sampling.repetition_penalty = fields.number_if_any("repetition_penalty", 0.01, 10);
  if (const auto top_k = fields.number_if_any("top_k", 0, 1'000'000))
    sampling.top_k = static_cast<std::uint32_t>(*top_k);
  fields.finish();
  return sampling;
}

Purpose read_purpose(Fields& fields) {
  const std::string text = fields.text("for");
  for (const Purpose purpose : {Purpose::chat, Purpose::base, Purpose::embedding, Purpose::tests}) {
    if (text == name_of(purpose)) return purpose;
  }
  fields.refuse("for", "\"{}\" is none of chat, base, embedding, tests", text);
}

/// The tables of an array of tables; refuses every other shape.
std::vector<const toml::table*> tables(Fields& fields, std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* node = fields.node(key);
  if (node == nullptr) return found;
  if (node->as_array() == nullptr) fields.refuse(key, "must be written [[{}]]", key);
  for (const auto& item : *node->as_array()) {
    if (item.as_table() == nullptr) fields.refuse(key, "must hold tables only");
    found.push_back(item.as_table());
  }
  return found;
}

std::vector<std::string> read_aliases(Fields& fields) {
  std::vector<std::string> aliases;
  const toml::node* node = fields.node("aliases");
  if (node == nullptr) return aliases;
  if (node->as_array() == nullptr) fields.refuse("aliases", "must be a list of texts");
  for (const auto& item : *node->as_array()) {
    if (item.as_string() == nullptr || !made_of(item.as_string()->get(), "._-:/")) {
      fields.refuse("aliases", "must be a list of names of letters, digits and . _ - : /");
    }
    aliases.push_back(lower_case(item.as_string()->get()));
  }
  return aliases;
}

Model read_model(const toml::table& table, std::string where) {
  Fields fields(table, std::move(where));
  Model model;
  model.name = fields.text("name");
  if (!is_model_name(model.name)) {
    fields.refuse("name", "\"{}\" must be of small letters, digits and . _ - and begin with a letter or digit",
                  model.name);
  }
  fields.rename(fmt::format("{}, model {}", fields.where(), model.name));
  model.aliases = read_aliases(fields);
  model.title = fields.text_if_any("title").value_or(model.name);
  model.home = fields.text_if_any("home").value_or("");
  model.licence = fields.text("licence");
  model.purpose = read_purpose(fields);
  model.is_default = fields.flag("default");
  model.bytes = fields.count("bytes");
  model.sha256 = read_sha256(fields);
  model.memory_bytes = fields.count("memory");
  if (const toml::node* sampling = fields.node("sampling")) {
    if (sampling->as_table() == nullptr) fields.refuse("sampling", "must be a table");
    model.sampling = read_sampling(*sampling->as_table(), fields.where() + ", sampling");
  }
  std::size_t number = 0;
  for (const toml::table* source : tables(fields, "source")) {
    model.sources.push_back(read_source(*source, fmt::format("{}, source {}", fields.where(), ++number)));
  }
  fields.finish();
  return model;
}

}  // namespace

Catalogue Catalogue::parse(std::string_view text, std::string_view origin) {
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    fail(Code::invalid, "{}, line {}: {}", origin, error.source().begin.line, error.description());
  }
  Fields fields(root, std::string(origin));
  Catalogue catalogue;
  for (const toml::table* table : tables(fields, "model")) {
    Model model = read_model(*table, std::string(origin));
    if (std::any_of(catalogue.models_.begin(), catalogue.models_.end(),
                    [&](const Model& other) { return other.name == model.name; })) {
      fail_field(Code::invalid, "name", "{}: two models are named {}", origin, model.name);
    }
    catalogue.models_.push_back(std::move(model));
  }
  fields.finish();
  return catalogue;
}

}  // namespace cofre::fleet
