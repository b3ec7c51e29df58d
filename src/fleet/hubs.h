#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fleet/caches.h"
#include "fleet/catalogue.h"
#include "fleet/web.h"

namespace cofre::fleet {

/// Where the public hubs are and what is shown to them.
struct Hubs {
  std::string huggingface;  ///< address without a slash at its end
  std::string huggingface_token;
  std::string modelscope;

  /// HF_ENDPOINT and HF_TOKEN, MODELSCOPE_ENDPOINT; the hubs' public addresses where they are unset.
  static Hubs from_environment();
};

/// The web address of a source; the token goes only to the hub it belongs to.
WebRequest request_for(const HttpsSource& source, const Hubs& hubs);

/// "owner/name:Q4_K_M": a quantization of a repository on Hugging Face. Without ":…" Q4_K_M is meant.
struct HubReference {
  std::string repository;    ///< "owner/name"
  std::string quantization;  ///< in capital letters

  /// Nothing where the text is of another form.
  static std::optional<HubReference> parse(std::string_view text);
  /// The name in the store: "owner--name--q4_k_m".
  std::string model_name() const;
};

/// Asks the hub which file of the repository is meant, how large it is and what its SHA-256 is.
/// Throws Error(not_found) naming the quantizations there are, Error(unavailable) where the hub cannot be reached,
/// Error(unsupported) where the model is split over several files.
Model find_on_hub(const HubReference& reference, const Hubs& hubs, Listener& listener);

/// The same among the files that Hugging Face's cache has of the repository.
Model find_in_cache(const HubReference& reference, const std::vector<CachedFile>& cached);

}  // namespace cofre::fleet
