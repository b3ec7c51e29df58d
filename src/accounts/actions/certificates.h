#pragma once

#include <memory>
#include <optional>
#include <string>

#include "accounts/accounts.h"
#include "crypto/certificates.h"

namespace cofre::accounts {

/// Who shows this certificate, which TLS has verified; nothing where it is nobody's, revoked, over, shown from where it
/// may not be, or its owner or maker is suspended or deleted. One that nobody registered is registered here, the first
/// time, for whom Policy::certificate_name says: that alone waits for the disk. Throws Error where it refuses.
std::optional<Caller> caller_of(Accounts& accounts, const std::shared_ptr<const crypto::CertificateFacts>& certificate,
                                const std::string& from);

}  // namespace cofre::accounts
