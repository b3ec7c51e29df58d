#include "rules/rules.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "json/json.h"
#include "rules/symbols.h"
#include "text/utf8.h"

namespace cofre::rules {
namespace {

constexpr std::size_t rules_max = 10'000, words_max = 200'000, patterns_max = 1000, word_letters_max = 256;
constexpr std::size_t text_bytes_max = 1024;

/// A rule as it is written.
struct Written {
  std::string name, tenant, path;
  Deed deed = Deed::report;
  bool input = true, output = true;
  std::vector<std::u32string> words;
  std::vector<std::string> patterns;
};

void check_members(const json::Object& object, std::initializer_list<std::string_view> known, const std::string& path) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      fail_field(Code::invalid, path + std::string(key), "{}{}: there is no such member", path, key);
    }
  }
}

const json::Object& object_of(const json::Value& value, const std::string& path) {
  if (!value.is_object()) fail_field(Code::invalid, path, "{}: must be an object", path);
  return value.get_object();
}

std::string text_of(const json::Value& value, const std::string& path) {
  if (!value.is_string() || value.get_string().size() > text_bytes_max) {
    fail_field(Code::invalid, path, "{}: must be a text of at most {} bytes", path, text_bytes_max);
  }
  return std::string(value.get_string());
}

std::string text_at(const json::Object& object, const char* key, const std::string& path) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? std::string() : text_of(*value, path + key);
}

std::vector<std::string> texts_at(const json::Object& object, const char* key, const std::string& path) {
  std::vector<std::string> texts;
  if (!object.contains(key)) return texts;
  for (const auto& item : json::array_at(object, key, path)) texts.push_back(text_of(item, path + key));
  return texts;
}

Deed deed_named(const std::string& name, const std::string& path) {
  if (name == "report") return Deed::report;
  if (name == "mask") return Deed::mask;
  if (name == "refuse") return Deed::refuse;
  fail_field(Code::invalid, path + "do", "{}do: must be report, mask or refuse", path);
}

Written read_rule(const json::Object& object, const std::string& path) {
  check_members(object, {"name", "tenant", "do", "on", "words", "patterns"}, path);
  Written rule;
  rule.path = path;
  rule.name = text_at(object, "name", path);
  if (rule.name.empty()) fail_field(Code::invalid, path + "name", "{}name: a rule needs one", path);
  rule.tenant = text_at(object, "tenant", path);
  rule.deed = deed_named(text_at(object, "do", path), path);
  if (object.contains("on")) {
    rule.input = rule.output = false;
    for (const auto& where : texts_at(object, "on", path)) {
      if (where != "input" && where != "output") {
        fail_field(Code::invalid, path + "on", "{}on: must be input, output or both", path);
      }
      (where == "input" ? rule.input : rule.output) = true;
    }
  }
  for (const auto& word : texts_at(object, "words", path)) {
    auto plain = plain_text(word);
    if (plain.empty() || plain.size() > word_letters_max) {
      fail_field(Code::invalid, path + "words", "{}words: \"{}\" must have 1 to {} characters", path, word,
                 word_letters_max);
    }
    rule.words.push_back(std::move(plain));
  }
  rule.patterns = texts_at(object, "patterns", path);
  return rule;
}

std::shared_ptr<const Matcher> matcher_of(const std::vector<Written>& all, const std::string& tenant, bool output) {
  auto made = std::make_shared<Matcher>();
  for (const auto& rule : all) {
    if (!(output ? rule.output : rule.input) || !(rule.tenant.empty() || rule.tenant == tenant)) continue;
    const auto index = static_cast<std::uint32_t>(made->rules.size());
    made->rules.push_back({rule.name, rule.deed});
    for (const auto& word : rule.words) made->words.add(word, index);
    for (const auto& pattern : rule.patterns)
      made->patterns.emplace_back(Pattern(pattern, rule.path + "patterns"), index);
  }
  if (made->rules.empty()) return nullptr;
  made->words.ready();
  return made;
}

}  // namespace

bool Matcher::alters() const {
  return std::any_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.deed != Deed::report; });
}

Rules Rules::parse(std::string_view text) {
  const auto value = json::parse(text);
  const auto& file = object_of(value, "rules");
  check_members(file, {"rules", "labels"}, "");
  Rules made;
  std::vector<Written> all;
  std::set<std::string> names{""};
  std::size_t words = 0, patterns = 0;
  if (file.contains("rules")) {
    for (const auto& item : json::array_at(file, "rules")) {
      const auto path = fmt::format("rules[{}].", all.size());
      all.push_back(read_rule(object_of(item, path), path));
      names.insert(all.back().tenant);
      words += all.back().words.size();
      patterns += all.back().patterns.size();
      if (all.size() > rules_max || words > words_max || patterns > patterns_max) {
        fail_field(Code::invalid, "rules", "rules: at most {} with {} words and {} patterns", rules_max, words_max,
                   patterns_max);
      }
    }
  }
  for (const auto& name : names) made.tenants_[name] = {matcher_of(all, name, false), matcher_of(all, name, true)};
  if (!file.contains("labels")) return made;
  for (const auto& item : json::array_at(file, "labels")) {
    const auto path = fmt::format("labels[{}].", made.labels_.size());
    const auto& object = object_of(item, path);
    check_members(object, {"tenant", "visible", "producer"}, path);
    const auto tenant = text_at(object, "tenant", path);
    if (!made.labels_.emplace(tenant, Label{text_at(object, "visible", path), text_at(object, "producer", path)})
             .second) {
      fail_field(Code::invalid, path + "tenant", "{}tenant: has a label already", path);
    }
  }
  return made;
}

std::shared_ptr<const Matcher> Rules::matcher(const std::string& tenant, Direction direction) const {
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) found = tenants_.find("");
  if (found == tenants_.end()) return nullptr;
  return direction == Direction::input ? found->second.input : found->second.output;
}

std::optional<Label> Rules::label(const std::string& tenant) const {
  auto found = labels_.find(tenant);
  if (found == labels_.end()) found = labels_.find("");
  if (found == labels_.end()) return std::nullopt;
  return found->second;
}

std::string aigc(const Label& label, std::string_view produce_id) {
  return json::dump(json::Object{{"Label", "1"}, {"ContentProducer", label.producer}, {"ProduceID", produce_id}},
                    {.ascii = true});
}

}  // namespace cofre::rules
