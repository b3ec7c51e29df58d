#include "fleet/hubs.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "crypto/sha256.h"
#include "json/json.h"
#include "os/paths.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t listing_bytes_max = 16 << 20;
constexpr std::string_view default_quantization = "Q4_K_M";

std::string address(const char* variable, const char* otherwise) {
  std::string url = os::environment(variable).value_or(otherwise);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string upper_case(std::string_view text) {
  std::string large(text);
  for (char& c : large) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return large;
}

/// Characters that stay as they are in names and in URLs (RFC 3986 §2.3, without ~).
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_word(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.size() <= 96 && std::all_of(text.begin(), text.end(), is_plain);
}

/// A path as part of a URL.
std::string escape(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c == '/' || is_plain(c)) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

/// Where the token may go: never over the wire in the clear.
bool keeps_secrets(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost") ||
         url.starts_with("http://[::1]");
}

struct HubFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;  ///< empty where the hub does not tell
};

/// The files of a repository, from `tree/main` ("path", "lfs": {"oid", "size"}) or the model's own record
/// ("siblings" of "rfilename", "lfs": {"sha256", "size"}).
std::vector<HubFile> read_listing(const json::Array& entries) {
  std::vector<HubFile> files;
  for (const auto& entry : entries) {
    if (!entry.is_object()) continue;
    const auto& object = entry.get_object();
    const json::Value* path = object.contains("path") ? object.if_contains("path") : object.if_contains("rfilename");
    const json::Value* lfs = object.if_contains("lfs");
    if (path == nullptr || !path->is_string()) continue;
    HubFile file{std::string(path->get_string()), 0, ""};
    if (lfs != nullptr && lfs->is_object()) {
      const auto& record = lfs->get_object();
      file.bytes = json::unsigned_at(record, "size", INT64_MAX, "lfs.");
      file.sha256 = json::string_at(record, record.contains("oid") ? "oid" : "sha256", "lfs.");
      if (file.sha256.starts_with("sha256:")) file.sha256.erase(0, 7);
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<HubFile> list_files(const std::string& repository, const Hubs& hubs, Listener& listener) {
  const std::string base = hubs.huggingface + "/api/models/" + repository;
  const std::string token = keeps_secrets(hubs.huggingface) ? hubs.huggingface_token : "";
  try {
    const auto value =
        json::parse(fetch_text({base + "/tree/main?recursive=true", token}, listing_bytes_max, listener));
    if (!value.is_array()) fail(Code::unavailable, "{} does not list files", base);
    return read_listing(value.get_array());
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
  }
  // Mirrors that know no tree list the files in the model's own record.
  const auto value = json::parse(fetch_text({base + "?blobs=true", token}, listing_bytes_max, listener));
  if (!value.is_object()) fail(Code::unavailable, "{} does not list files", base);
  return read_listing(json::array_at(value.get_object(), "siblings"));
}

/// Whether a word in capital letters begins as the names of formats do: Q4_K_M, IQ4_XS, BF16.
bool is_format(std::string_view word) {
  for (const std::string_view prefix : {"Q", "IQ", "TQ", "F", "BF", "FP", "MXFP"}) {
    const bool follows = word.size() > prefix.size() && word[prefix.size()] >= '0' && word[prefix.size()] <= '9';
    if (follows && word.starts_with(prefix)) return true;
  }
  return false;
}

/// What stands for the quantization in a file's name: the last part between - or . that is a format.
std::string quantization_of(std::string_view path) {
  std::string stem = upper_case(path.substr(path.rfind('/') + 1));
  stem.resize(stem.size() - 5);  // .GGUF
  const auto split = stem.rfind("-OF-");
  if (split != std::string::npos && split >= 6) stem.resize(split - 6);  // -00001
  for (auto end = stem.size(); end > 0;) {
    const auto at = stem.find_last_of("-.", end - 1);
    const auto begin = at == std::string::npos ? 0 : at + 1;
    const std::string word = stem.substr(begin, end - begin);
    if (at != std::string::npos && is_format(word)) {
      // Unsloth's dynamic files are called UD-Q4_K_XL: the prefix belongs to the name.
      return begin >= 4 && stem.compare(begin - 4, 4, "-UD-") == 0 ? "UD-" + word : word;
    }
    if (at == std::string::npos) break;
    end = at;
  }
  return "";
}

bool is_model_file(const HubFile& file) {
  const std::string small = lower_case(file.path);
  return small.size() > 5 && small.ends_with(".gguf") && small.find("mmproj") == std::string::npos;
}

/// The one file of a quantization among those listed.
HubFile choose(const std::vector<HubFile>& files, const HubReference& reference) {
  std::map<std::string, std::vector<HubFile>> by_quantization;
  for (const auto& file : files) {
    if (is_model_file(file)) by_quantization[quantization_of(file.path)].push_back(file);
  }
  by_quantization.erase("");
  const auto found = by_quantization.find(reference.quantization);
  if (found == by_quantization.end()) {
    std::string there;
    for (const auto& [name, ignored] : by_quantization) there += (there.empty() ? "" : ", ") + name;
    fail(Code::not_found, "{} has no GGUF file of {}; there are: {}", reference.repository, reference.quantization,
         there.empty() ? "none" : there);
  }
  if (found->second.size() > 1) {
    fail(Code::unsupported, "{} keeps {} in {} files ({}, …): fetch them by hand and give their path",
         reference.repository, reference.quantization, found->second.size(), found->second[0].path);
  }
  return found->second[0];
}

Model model_of(const HubReference& reference, const HubFile& file) {
  if (!crypto::is_sha256(file.sha256) || file.bytes == 0) {
    fail(Code::unavailable, "the hub tells no SHA-256 of {}/{}", reference.repository, file.path);
  }
  Model model;
  model.name = reference.model_name();
  if (!is_model_name(model.name)) fail(Code::invalid, "\"{}\" makes no model name", reference.repository);
  model.title = fmt::format("{}:{}", reference.repository, reference.quantization);
  model.home = reference.repository;
  model.bytes = file.bytes;
  model.sha256 = file.sha256;
  model.sources.push_back(HttpsSource{Hub::huggingface, reference.repository, file.path, ""});
  return model;
}

}  // namespace

Hubs Hubs::from_environment() {
  return {address("HF_ENDPOINT", "https://huggingface.co"), os::environment("HF_TOKEN").value_or(""),
          address("MODELSCOPE_ENDPOINT", "https://modelscope.cn")};
}

WebRequest request_for(const HttpsSource& source, const Hubs& hubs) {
  switch (source.hub) {
    case Hub::huggingface:
      return {fmt::format("{}/{}/resolve/main/{}", hubs.huggingface, source.repository, escape(source.file)),
              keeps_secrets(hubs.huggingface) ? hubs.huggingface_token : ""};
    case Hub::modelscope:
      return {fmt::format("{}/models/{}/resolve/master/{}", hubs.modelscope, source.repository, escape(source.file)),
              ""};
    case Hub::none: break;
  }
  return {source.url, ""};
}

std::optional<HubReference> HubReference::parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto repository = text.substr(0, colon);
  const auto quantization = colon == std::string_view::npos ? default_quantization : text.substr(colon + 1);
  const auto slash = repository.find('/');
  if (slash == std::string_view::npos || !is_word(repository.substr(0, slash)) ||
      !is_word(repository.substr(slash + 1)) || !is_word(quantization)) {
    return std::nullopt;
  }
  return HubReference{std::string(repository), upper_case(quantization)};
}

std::string HubReference::model_name() const {
  const auto slash = repository.find('/');
  return lower_case(fmt::format("{}--{}--{}", repository.substr(0, slash), repository.substr(slash + 1), quantization));
}

Model find_on_hub(const HubReference& reference, const Hubs& hubs, Listener& listener) {
  return model_of(reference, choose(list_files(reference.repository, hubs, listener), reference));
}

Model find_in_cache(const HubReference& reference, const std::vector<CachedFile>& cached) {
  std::vector<HubFile> files;
  for (const auto& file : cached) files.push_back({file.path, file.bytes, file.sha256});
  return model_of(reference, choose(files, reference));
}

}  // namespace cofre::fleet
