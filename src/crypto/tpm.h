#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "crypto/secret.h"

namespace cofre::crypto {

/// A secret that only one TPM can open: the two parts of its object as the TPM gave them (TPM 2.0 Library, part 2,
/// TPM2B_PUBLIC and TPM2B_PRIVATE), and the PCRs of the SHA-256 bank that must be as they were.
struct TpmSealed {
  std::vector<std::byte> public_part, private_part;
  std::vector<unsigned> pcrs;
};

inline constexpr unsigned pcr_last = 23;

/// This machine's TPM 2.0, by libtss2. Secrets are sealed below a key that the TPM derives from its owner's seed (ECC
/// P-256, the template of TCG's storage root key): a TPM that is cleared, or another one, opens none of them. On the
/// way between TPM and processor they are encrypted.
class Tpm {
 public:
  /// `where` names how it is reached: "device:/dev/tpmrm0", or "swtpm:host=127.0.0.1,port=2321" for tests.
  /// Throws Error(invalid, tcti) for anything else, Error(unavailable) where no TPM answers there.
  explicit Tpm(const std::string& where);
  ~Tpm();
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;

  /// Throws Error(invalid, pcr) for a number beyond pcr_last, Error(unavailable) where the TPM refuses.
  TpmSealed seal(const Secret& secret, std::span<const unsigned> pcrs);
  /// Throws Error(invalid) where these PCRs are not what they were, where it was sealed by another TPM, or changed.
  Secret unseal(const TpmSealed& sealed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::crypto
