#include "app/master_key_actions.h"

#include "base/error.h"
#include "crypto/phrase.h"
#include "crypto/tpm.h"
#include "store/master_key.h"

namespace cofre::app {
namespace {

std::vector<unsigned> pcrs_of(const json::Object& request) {
  std::vector<unsigned> pcrs;
  for (const auto& one : json::array_at(request, "pcrs")) {
    if (!one.is_int64() || one.get_int64() < 0 || one.get_int64() > crypto::pcr_last) {
      fail_field(Code::invalid, "pcr", "pcr: must be a number from 0 to {}", crypto::pcr_last);
    }
    pcrs.push_back(static_cast<unsigned>(one.get_int64()));
  }
  return pcrs;
}

}  // namespace

bool is_master_key_action(const json::Object& request) {
  return json::string_at(request, "do").starts_with("master_key.");
}

json::Object master_key_action(const std::filesystem::path& data, const crypto::Secret& master,
                               const json::Object& request) {
  const auto what = json::string_at(request, "do");
  if (what == "master_key.phrase") return {{"phrase", crypto::phrase_of(master)}};
  if (what == "master_key.file") {
    store::keep_in_file(data, master);
  } else if (what == "master_key.passphrase") {
    store::keep_by_passphrase(data, master, json::string_at(request, "passphrase"));
  } else if (what == "master_key.tpm") {
    store::keep_in_tpm(data, master, std::string(json::string_at(request, "tcti")), pcrs_of(request));
  } else {
    fail_field(Code::invalid, "do", "do: there is no action \"{}\"", what);
  }
  return {{"kept", store::name_of(store::keeping_of(data).by)}};
}

std::string text_of(const store::Keeping& keeping) {
  if (keeping.by == store::Keeping::By::file) return "in a file that its user alone may read";
  if (keeping.by == store::Keeping::By::passphrase) return "by a passphrase";
  if (keeping.pcrs.empty()) return fmt::format("in the TPM at {}", keeping.tcti);
  return fmt::format("in the TPM at {}, while PCRs {} are as they were", keeping.tcti, fmt::join(keeping.pcrs, ", "));
}

}  // namespace cofre::app
