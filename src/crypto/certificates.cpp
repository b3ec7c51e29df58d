#include "crypto/certificates.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/error.h"

namespace cofre::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using CertificateRequest = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

/// Throws with OpenSSL's own reason unless `done`.
void require(bool done, const char* what, Code code = Code::internal) {
  if (done) return;
  char reason[160] = "no reason given";
  if (const auto error = ERR_get_error(); error != 0) ERR_error_string_n(error, reason, sizeof reason);
  ERR_clear_error();
  fail(code, "{}: {}", what, reason);
}

template <class Write>
std::string to_pem(const char* what, Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(bio && write(bio.get()) == 1, what);
  char* text = nullptr;
  const auto bytes = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(bytes)};
}

Bio reading(std::string_view text) {
  if (text.size() > 1 << 20) fail(Code::invalid, "a PEM text of {} bytes is too long", text.size());
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key file with a passphrase is refused, not asked about.
int no_passphrase(char*, int, int, void*) { return -1; }

Key read_key(std::string_view pem) {
  Key key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, nullptr));
  require(key != nullptr, "the private key cannot be read", Code::invalid);
  return key;
}

Certificate parse(std::string_view pem) {
  Certificate certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, no_passphrase, nullptr));
  require(certificate != nullptr, "the certificate cannot be read", Code::invalid);
  return certificate;
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "a key cannot be made");
  return key;
}

std::string key_pem(EVP_PKEY* key) {
  return to_pem("the key cannot be written", [&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string certificate_pem(X509* certificate) {
  return to_pem("the certificate cannot be written", [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void set_common_name(X509_NAME* name, const std::string& text) {
  const auto cut = text.substr(0, 64);  // ub-common-name, RFC 5280 appendix A
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(cut.data()),
                                     static_cast<int>(cut.size()), -1, 0) == 1,
          "the name cannot be set");
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension cannot be set");
}

/// Version 3, a random serial number of 127 bits, its time and key.
Certificate new_certificate(EVP_PKEY* key, std::chrono::sys_seconds now, std::chrono::days valid) {
  Certificate certificate(X509_new());
  require(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1, "a certificate cannot be made");
  unsigned char serial[16];
  require(RAND_bytes(serial, sizeof serial) == 1, "no random numbers");
  serial[0] = (serial[0] & 0x7f) | 0x40;
  ASN1_INTEGER* number = X509_get_serialNumber(certificate.get());
  require(ASN1_STRING_set(number, serial, sizeof serial) == 1, "the serial number cannot be set");
  // An hour back: clocks of clients differ.
  const auto from = now - std::chrono::hours(1);
  require(
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), std::chrono::system_clock::to_time_t(from)) != nullptr &&
          ASN1_TIME_set(X509_getm_notAfter(certificate.get()), std::chrono::system_clock::to_time_t(now + valid)) !=
              nullptr &&
          X509_set_pubkey(certificate.get(), key) == 1,
      "the certificate's time or key cannot be set");
  return certificate;
}

bool is_dns_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '.') {
      if (label == 0 || label > 63 || name[i - 1] == '-') return false;
      label = 0;
    } else {
      const auto c = static_cast<unsigned char>(name[i]);
      if (!(std::isalnum(c) || c == '_' || (c == '-' && label > 0)) || c >= 0x80) return false;
      ++label;
    }
  }
  return true;
}

/// The value of subjectAltName; every name was checked, so none can bring a second entry along.
std::string alternative_names(std::span<const std::string> names) {
  if (names.empty()) fail_field(Code::invalid, "name", "a server certificate needs a name");
  std::string value;
  for (const auto& name : names) {
    const bool address = is_ip_address(name);
    if (!address && !is_dns_name(name))
      fail_field(Code::invalid, "name", "\"{}\" is neither a DNS name nor an IP address", name);
    if (!value.empty()) value += ',';
    value += (address ? "IP:" : "DNS:") + name;
  }
  return value;
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int bytes = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (bytes < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(bytes));
  OPENSSL_free(text);
  return out;
}

std::chrono::sys_seconds seconds(const ASN1_TIME* time) {
  tm parts{};
  require(ASN1_TIME_to_tm(time, &parts) == 1, "the certificate's time cannot be read", Code::invalid);
  using namespace std::chrono;
  const year_month_day day(year(parts.tm_year + 1900), month(static_cast<unsigned>(parts.tm_mon + 1)),
                           std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return sys_days(day) + hours(parts.tm_hour) + minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string address_text(const unsigned char* bytes, int count) {
  if (count == 4) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  std::string out;
  for (int i = 0; i + 1 < count; i += 2) out += fmt::format("{}{:x}", i > 0 ? ":" : "", bytes[i] << 8 | bytes[i + 1]);
  return out;
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// DNS names and addresses of machines.
void add_name(const GENERAL_NAME* name, std::vector<std::string>& out) {
  if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
  if (name->type == GEN_IPADD)
    out.push_back(address_text(ASN1_STRING_get0_data(name->d.iPAddress), ASN1_STRING_length(name->d.iPAddress)));
}

void add_email(const GENERAL_NAME* name, std::vector<std::string>& out) {
  if (name->type == GEN_EMAIL) out.push_back(text_of(name->d.rfc822Name));
}

/// Takes the list over.
template <class Add>
std::vector<std::string> names_of(GENERAL_NAMES* list, Add add) {
  std::vector<std::string> names;
  for (int i = 0; list != nullptr && i < sk_GENERAL_NAME_num(list); ++i) add(sk_GENERAL_NAME_value(list, i), names);
  GENERAL_NAMES_free(list);
  std::sort(names.begin(), names.end());
  return names;
}

template <class Add>
std::vector<std::string> names_of(const X509* certificate, Add add) {
  return names_of(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
                  add);
}

}  // namespace

bool is_ip_address(const std::string& text) {
  const OctetString address(a2i_IPADDRESS(text.c_str()));
  ERR_clear_error();
  return address != nullptr;
}

Identity make_authority(const std::string& name, std::chrono::sys_seconds now, std::chrono::days valid) {
  const auto key = new_key();
  const auto certificate = new_certificate(key.get(), now, valid);
  set_common_name(X509_get_subject_name(certificate.get()), name);
  require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1,
          "the issuer cannot be set");
  extend(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "the certificate cannot be signed");
  return {certificate_pem(certificate.get()), key_pem(key.get())};
}

Identity make_server_certificate(const Identity& authority, std::span<const std::string> names,
                                 std::chrono::sys_seconds now, std::chrono::days valid) {
  const auto alternatives = alternative_names(names);
  const auto issuer = parse(authority.certificate_pem);
  const auto issuer_key = read_key(authority.key_pem);
  const auto key = new_key();
  const auto certificate = new_certificate(key.get(), now, valid);
  set_common_name(X509_get_subject_name(certificate.get()), names[0]);
  require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) == 1,
          "the issuer cannot be set");
  extend(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  extend(certificate.get(), issuer.get(), NID_ext_key_usage, "serverAuth");
  extend(certificate.get(), issuer.get(), NID_subject_key_identifier, "hash");
  extend(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  extend(certificate.get(), issuer.get(), NID_subject_alt_name, alternatives);
  require(X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) > 0, "the certificate cannot be signed");
  return {certificate_pem(certificate.get()), key_pem(key.get())};
}

Identity make_certificate_request(std::span<const std::string> names) {
  const auto alternatives = alternative_names(names);
  const auto key = new_key();
  const CertificateRequest request(X509_REQ_new());
  require(request && X509_REQ_set_pubkey(request.get(), key.get()) == 1, "a request cannot be made");
  set_common_name(X509_REQ_get_subject_name(request.get()), names[0]);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str()));
  auto* extensions = sk_X509_EXTENSION_new_null();
  const bool extended = extension && extensions != nullptr && sk_X509_EXTENSION_push(extensions, extension.get()) > 0 &&
                        X509_REQ_add_extensions(request.get(), extensions) == 1;
  sk_X509_EXTENSION_free(extensions);
  require(extended && X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0, "the request cannot be signed");
  return {to_pem("the request cannot be written", [&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, request.get()); }),
          key_pem(key.get())};
}

CertificateFacts read_certificate(std::string_view pem) { return facts_of(parse(pem).get()); }

CertificateFacts facts_of(const X509* certificate) {
  CertificateFacts facts;
  facts.subject = common_name(X509_get_subject_name(certificate));
  facts.issuer = common_name(X509_get_issuer_name(certificate));
  facts.names = names_of(certificate, add_name);
  facts.emails = names_of(certificate, add_email);
  facts.not_before = seconds(X509_get0_notBefore(certificate));
  facts.not_after = seconds(X509_get0_notAfter(certificate));
  facts.authority = X509_check_ca(const_cast<X509*>(certificate)) == 1;  // caches what it finds; nothing else changes
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  require(X509_digest(certificate, EVP_sha256(), digest, &bytes) == 1, "the certificate cannot be summed");
  for (unsigned i = 0; i < bytes; ++i) facts.fingerprint += fmt::format("{:02x}", digest[i]);
  return facts;
}

std::vector<RevocationFacts> read_revocation_lists(std::string_view pem) {
  const auto text = reading(pem);
  std::vector<RevocationFacts> lists;
  while (const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> one{
      PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr), X509_CRL_free}) {
    const auto* due = X509_CRL_get0_nextUpdate(one.get());
    lists.push_back(
        {common_name(X509_CRL_get_issuer(one.get())), due != nullptr ? seconds(due) : std::chrono::sys_seconds::max()});
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || lists.empty()) fail(Code::invalid, "the list of revoked certificates cannot be read");
  return lists;
}

bool is_signed_by(std::string_view certificate_pem_text, std::string_view authority_pem) {
  const auto certificate = parse(certificate_pem_text);
  const auto authority = parse(authority_pem);
  const Key key(X509_get_pubkey(authority.get()));
  const bool is = key && X509_verify(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return is;
}

bool is_key_of(std::string_view certificate_pem_text, std::string_view key_pem_text) {
  const auto certificate = parse(certificate_pem_text);
  const auto key = read_key(key_pem_text);
  const bool is = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return is;
}

std::vector<std::string> requested_names(std::string_view request_pem) {
  const CertificateRequest request(PEM_read_bio_X509_REQ(reading(request_pem).get(), nullptr, no_passphrase, nullptr));
  require(request != nullptr, "the request cannot be read", Code::invalid);
  auto* extensions = X509_REQ_get_extensions(request.get());
  auto* list = static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return names_of(list, add_name);
}

std::vector<std::string> split_chain(std::string_view pem) {
  const auto text = reading(pem);
  std::vector<std::string> chain;
  while (const Certificate one{PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)})
    chain.push_back(certificate_pem(one.get()));
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  require(at_end && !chain.empty(), "the certificates cannot be read", Code::invalid);
  ERR_clear_error();
  return chain;
}

}  // namespace cofre::crypto
