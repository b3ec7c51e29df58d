#include "crypto/tpm.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace cofre::crypto {
namespace {

constexpr ESYS_TR none = ESYS_TR_NONE;
constexpr TPMT_SYM_DEF aes{.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
constexpr TPMT_SYM_DEF no_cipher{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
// Of a response code that concerns a parameter, handle or session, the bits that do not say which (part 2, 6.6.3).
constexpr TSS2_RC error_bits = 0xbf;

void must(TSS2_RC result, std::string_view doing) {
  if (result == TSS2_RC_SUCCESS) return;
  const auto error = result & error_bits;
  const bool of_tpm = (result & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER;
  if (of_tpm && error == TPM2_RC_POLICY_FAIL)
    fail(Code::invalid, "the TPM refuses: this machine's state (PCRs) is not what it was when the secret was sealed");
  if (of_tpm && error == TPM2_RC_INTEGRITY)
    fail(Code::invalid, "the TPM refuses: the secret was sealed by another TPM, or before this one was cleared");
  fail(Code::unavailable, "the TPM does not {}: {}", doing, Tss2_RC_Decode(result));
}

/// What libtss2 allocates.
struct Free {
  void operator()(void* given) const { Esys_Free(given); }
};
template <class T>
using Given = std::unique_ptr<T, Free>;

/// A key, object or session inside the TPM, which has room for few.
class Handle {
 public:
  explicit Handle(ESYS_CONTEXT* context) : context_(context) {}
  ~Handle() {
    if (number != none) Esys_FlushContext(context_, number);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ESYS_TR number = none;

 private:
  ESYS_CONTEXT* context_;
};

TPML_PCR_SELECTION selection_of(std::span<const unsigned> pcrs) {
  TPML_PCR_SELECTION all{};
  if (pcrs.empty()) return all;
  all.count = 1;
  auto& bank = all.pcrSelections[0];
  bank.hash = TPM2_ALG_SHA256;
  bank.sizeofSelect = (pcr_last + 1) / 8;
  for (const auto pcr : pcrs) {
    if (pcr > pcr_last) fail_field(Code::invalid, "pcr", "pcr: must be from 0 to {}", pcr_last);
    bank.pcrSelect[pcr / 8] = static_cast<BYTE>(bank.pcrSelect[pcr / 8] | 1U << pcr % 8);
  }
  return all;
}

TPM2B_PUBLIC storage_key() {
  TPM2B_PUBLIC made{};
  auto& area = made.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  auto& ecc = area.parameters.eccDetail;
  ecc.symmetric = {.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return made;
}

template <class T, class Marshal>
std::vector<std::byte> marshalled(const T& part, Marshal marshal) {
  std::vector<std::byte> bytes(sizeof part);
  std::size_t size = 0;
  must(marshal(&part, reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size(), &size), "give a sealed secret");
  bytes.resize(size);
  return bytes;
}

template <class T, class Unmarshal>
T unmarshalled(std::span<const std::byte> bytes, Unmarshal unmarshal) {
  T part{};
  std::size_t at = 0;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (unmarshal(data, bytes.size(), &at, &part) != TSS2_RC_SUCCESS || at != bytes.size())
    fail(Code::invalid, "this is no secret that a TPM has sealed");
  return part;
}

}  // namespace

struct Tpm::State {
  TSS2_TCTI_CONTEXT* tcti = nullptr;
  ESYS_CONTEXT* esys = nullptr;
  ~State() {
    Esys_Finalize(&esys);
    Tss2_TctiLdr_Finalize(&tcti);
  }

  void make_storage_key(Handle& key) const {
    const auto wanted = storage_key();
    const TPM2B_SENSITIVE_CREATE nothing{};
    must(Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, none, none, &nothing, &wanted, &no_data, &no_pcrs,
                            &key.number, nullptr, nullptr, nullptr, nullptr),
         "make its storage key");
  }

  /// A session whose parameters are encrypted under a secret that only the TPM can read, by its storage key.
  void begin(Handle& session, TPM2_SE kind, const Handle& key) const {
    must(Esys_StartAuthSession(esys, key.number, none, none, none, none, nullptr, kind, &aes, TPM2_ALG_SHA256,
                               &session.number),
         "begin a session");
    constexpr TPMA_SESSION wanted = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;
    must(Esys_TRSess_SetAttributes(esys, session.number, wanted, 0xff), "encrypt a session");
  }

  /// The policy that these PCRs are as they are now.
  TPM2B_DIGEST policy_of(std::span<const unsigned> pcrs) const {
    if (pcrs.empty()) return {};
    Handle trial(esys);
    must(Esys_StartAuthSession(esys, none, none, none, none, none, nullptr, TPM2_SE_TRIAL, &no_cipher, TPM2_ALG_SHA256,
                               &trial.number),
         "begin a session");
    demand(trial, pcrs);
    TPM2B_DIGEST* digest = nullptr;
    must(Esys_PolicyGetDigest(esys, trial.number, none, none, none, &digest), "tell a policy");
    return *Given<TPM2B_DIGEST>(digest);
  }

  void demand(const Handle& session, std::span<const unsigned> pcrs) const {
    const auto selection = selection_of(pcrs);
    const TPM2B_DIGEST as_they_are{};
    must(Esys_PolicyPCR(esys, session.number, none, none, none, &as_they_are, &selection), "read its PCRs");
  }

  static constexpr TPM2B_DATA no_data{};
  static constexpr TPML_PCR_SELECTION no_pcrs{};
};

Tpm::Tpm(const std::string& where) : state_(std::make_unique<State>()) {
  // The name becomes that of a library that is loaded: these two, and no others.
  if (!where.starts_with("device:") && !where.starts_with("swtpm:"))
    fail_field(Code::invalid, "tcti", "tcti: must be device:PATH, like device:/dev/tpmrm0");
  if (Tss2_TctiLdr_Initialize(where.c_str(), &state_->tcti) != TSS2_RC_SUCCESS)
    fail(Code::unavailable, "no TPM answers at {}", where);
  must(Esys_Initialize(&state_->esys, state_->tcti, nullptr), "begin");
}
Tpm::~Tpm() = default;

TpmSealed Tpm::seal(const Secret& secret, std::span<const unsigned> pcrs) {
  Handle key(state_->esys), session(state_->esys);
  TPM2B_PUBLIC wanted{};
  wanted.publicArea.type = TPM2_ALG_KEYEDHASH;
  wanted.publicArea.nameAlg = TPM2_ALG_SHA256;
  wanted.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA |
                                       (pcrs.empty() ? TPMA_OBJECT_USERWITHAUTH : TPMA_OBJECT_ADMINWITHPOLICY);
  wanted.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  wanted.publicArea.authPolicy = state_->policy_of(pcrs);
  state_->make_storage_key(key);
  state_->begin(session, TPM2_SE_HMAC, key);
  TPM2B_SENSITIVE_CREATE content{};
  content.sensitive.data.size = secret_bytes;
  std::memcpy(content.sensitive.data.buffer, secret.bytes().data(), secret_bytes);
  TPM2B_PRIVATE* private_part = nullptr;
  TPM2B_PUBLIC* public_part = nullptr;
  const auto result =
      Esys_Create(state_->esys, key.number, session.number, none, none, &content, &wanted, &State::no_data,
                  &State::no_pcrs, &private_part, &public_part, nullptr, nullptr, nullptr);
  wipe(std::as_writable_bytes(std::span(&content, 1)));
  const Given<TPM2B_PRIVATE> private_given(private_part);
  const Given<TPM2B_PUBLIC> public_given(public_part);
  must(result, "seal");
  return {marshalled(*public_given, Tss2_MU_TPM2B_PUBLIC_Marshal),
          marshalled(*private_given, Tss2_MU_TPM2B_PRIVATE_Marshal),
          {pcrs.begin(), pcrs.end()}};
}

Secret Tpm::unseal(const TpmSealed& sealed) {
  const auto public_part = unmarshalled<TPM2B_PUBLIC>(sealed.public_part, Tss2_MU_TPM2B_PUBLIC_Unmarshal);
  const auto private_part = unmarshalled<TPM2B_PRIVATE>(sealed.private_part, Tss2_MU_TPM2B_PRIVATE_Unmarshal);
  Handle key(state_->esys), object(state_->esys), session(state_->esys);
  state_->make_storage_key(key);
  must(Esys_Load(state_->esys, key.number, ESYS_TR_PASSWORD, none, none, &private_part, &public_part, &object.number),
       "take the sealed secret");
  state_->begin(session, sealed.pcrs.empty() ? TPM2_SE_HMAC : TPM2_SE_POLICY, key);
  if (!sealed.pcrs.empty()) state_->demand(session, sealed.pcrs);
  TPM2B_SENSITIVE_DATA* content = nullptr;
  must(Esys_Unseal(state_->esys, object.number, session.number, none, none, &content), "unseal");
  const Given<TPM2B_SENSITIVE_DATA> given(content);
  const auto bytes = std::as_writable_bytes(std::span(content->buffer, content->size));
  auto secret = Secret::from(bytes);
  wipe(bytes);
  return secret;
}

}  // namespace cofre::crypto
