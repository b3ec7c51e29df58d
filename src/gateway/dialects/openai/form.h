#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace cofre::gateway::openai {

/// Reads one JSON object of a request strictly: each field is asked for by name, type and range, and finish() refuses
/// what nobody asked for. null stands for an absent field, as clients send it. Everything wrong is Error(invalid) whose
/// field is the path to it: "messages[0].content".
class Form {
 public:
  /// `path` leads to the object and ends with a dot, or is empty. `value` outlives the form.
  explicit Form(const json::Value& value, std::string path = {});

  /// The field's value; null where it is absent.
  const json::Value* take(std::string_view key);
  std::optional<std::string> text(std::string_view key, std::size_t bytes_max = 1 << 20);
  std::optional<bool> flag(std::string_view key);
  std::optional<double> real(std::string_view key, double least, double most);
  std::optional<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most);
  /// One of these words.
  std::optional<std::string> word(std::string_view key, std::initializer_list<std::string_view> words);
  std::optional<Form> object(std::string_view key);
  const json::Array* list(std::string_view key, std::size_t most);
  std::string required_text(std::string_view key, std::size_t bytes_max = 1 << 20);

  /// Known, but nothing here can honour it: refused where it is there.
  void unsupported(std::string_view key, std::string_view why = "is not supported here");
  /// Known, and of no effect on the answer.
  void ignore(std::string_view key) { take(key); }

  /// Refuses every field that was not asked for.
  void finish() const;

  std::string name(std::string_view key) const { return path_ + std::string(key); }
  [[noreturn]] void refuse(std::string_view key, std::string_view what) const;
  const json::Object& json() const { return *object_; }

 private:
  const json::Object* object_;
  std::string path_;
  std::vector<std::string> known_;
};

}  // namespace cofre::gateway::openai
