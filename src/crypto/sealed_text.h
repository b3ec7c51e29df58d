#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace cofre::crypto {

/// Encrypts and authenticates a text (XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03) under a random nonce. The result
/// is base64url of nonce and ciphertext, 40 bytes longer than the text. It opens only beside the same
/// `context`, which is not kept in it.
std::string seal_text(const Secret& key, std::string_view text, std::string_view context);

/// Nothing where it was sealed under another key or context, or changed.
std::optional<std::string> unseal_text(const Secret& key, std::string_view sealed, std::string_view context);

}  // namespace cofre::crypto
