#pragma once

#include <filesystem>

#include "crypto/secret.h"
#include "json/json.h"
#include "store/master_key.h"

namespace cofre::app {

/// What is done with the master key by whoever holds the box: {"do":"master_key.phrase"} tells it as words,
/// "master_key.passphrase" (with "passphrase"), "master_key.tpm" (with "tcti", "pcrs") and "master_key.file" change
/// how it is kept.
bool is_master_key_action(const json::Object& request);
json::Object master_key_action(const std::filesystem::path& data, const crypto::Secret& master,
                               const json::Object& request);

/// "by a passphrase": how it is kept, for people.
std::string text_of(const store::Keeping& keeping);

}  // namespace cofre::app
