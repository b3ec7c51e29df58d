#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace cofre::huggingface {

/// config.json of a model: where it has a text_config (models that also see), that one's members come first. null is
/// the same as absent. Numbers are checked against their range; errors name the member.
class Config {
 public:
  /// Throws Error(invalid) where it is no object.
  explicit Config(json::Value root);
  Config(Config&&) = default;  // text_ points into what root_ owns
  Config& operator=(Config&&) = delete;

  /// The model's class: the first of `architectures`. Throws Error(invalid) where there is none.
  std::string model_class() const;

  const json::Value* find(std::string_view key) const;
  std::size_t number(std::string_view key, std::size_t low, std::size_t high) const;
  std::size_t number(std::string_view key, std::size_t low, std::size_t high, std::size_t otherwise) const;
  double positive(std::string_view key) const;
  double positive(std::string_view key, double otherwise) const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;

  /// How positions turn heads. Members lie in rope_parameters, in rope_scaling, or beside them (older files).
  /// `layers`: "full_attention" or "sliding_attention", where the kinds of layers differ.
  class Rope {
   public:
    std::string kind;  ///< "default", "linear", "dynamic", "llama3", "yarn", "longrope"
    std::optional<double> base;
    double positive(std::string_view key) const;
    double positive(std::string_view key, double otherwise) const;
    bool boolean(std::string_view key, bool otherwise) const;
    bool has(std::string_view key) const;
    /// `count` positive numbers.
    std::vector<float> factors(std::string_view key, std::size_t count) const;

   private:
    friend class Config;
    const json::Object* members_ = nullptr;
  };
  Rope rope(std::string_view layers = "full_attention") const;

 private:
  json::Value root_;
  const json::Object* text_ = nullptr;
};

}  // namespace cofre::huggingface
