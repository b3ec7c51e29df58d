#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "base/error.h"

namespace cofre::http {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Store = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;

constexpr int chain_most = 4;  // certificates between a client's and its authority

[[noreturn]] void fail_tls(const char* field, const char* what) {
  char why[160] = "there is none";
  if (const auto error = ERR_get_error(); error != 0) ERR_error_string_n(error, why, sizeof why);
  ERR_clear_error();
  fail_field(Code::invalid, field, "{}: {}", what, why);
}

Bio reading(const std::string& pem) { return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free}; }

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                    unsigned count, void*) {
  static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, ours, sizeof ours, offered, count) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void use_certificate(SSL_CTX* tls, const TlsSettings& settings) {
  constexpr const char* field = "certificate";
  const auto chain = reading(settings.certificate_pem);
  const Certificate leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr), X509_free);
  if (!leaf || SSL_CTX_use_certificate(tls, leaf.get()) != 1) fail_tls(field, "the certificate cannot be used");
  while (X509* above = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr))
    if (SSL_CTX_add0_chain_cert(tls, above) != 1) fail_tls(field, "the certificate's chain cannot be used");
  ERR_clear_error();  // the end of the chain is told as an error
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(reading(settings.key_pem).get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (!key || SSL_CTX_use_PrivateKey(tls, key.get()) != 1 || SSL_CTX_check_private_key(tls) != 1)
    fail_tls(field, "the certificate's key cannot be used");
}

void add_authorities(SSL_CTX* tls, X509_STORE* store, const std::string& pem) {
  const auto text = reading(pem);
  int count = 0;
  while (const Certificate one{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free}) {
    // The names go into the handshake: a browser offers what one of these authorities signed.
    if (X509_STORE_add_cert(store, one.get()) != 1 || SSL_CTX_add_client_CA(tls, one.get()) != 1) break;
    ++count;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end || count == 0) fail_tls("client_ca", "the authorities of clients' certificates cannot be read");
  ERR_clear_error();
}

void add_revoked(X509_STORE* store, const std::string& pem) {
  const auto text = reading(pem);
  int count = 0;
  while (const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> one{
      PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr), X509_CRL_free}) {
    if (X509_STORE_add_crl(store, one.get()) != 1) break;
    ++count;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end || count == 0) fail_tls("client_crl", "the list of revoked certificates cannot be read");
  ERR_clear_error();
}

void ask_for_certificates(SSL_CTX* tls, const ClientTrust& clients) {
  const Store store(X509_STORE_new(), X509_STORE_free);
  CHECK(store != nullptr);
  // An authority in the file is trusted as it is: the company's root need not be there, nor be trusted.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  add_authorities(tls, store.get(), clients.authorities_pem);
  if (!clients.revoked_pem.empty()) {
    add_revoked(store.get(), clients.revoked_pem);
    flags |= X509_V_FLAG_CRL_CHECK;
  }
  X509_STORE_set_flags(store.get(), flags);
  SSL_CTX_set1_verify_cert_store(tls, store.get());
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);  // without FAIL_IF_NO_PEER_CERT: who has none comes in
  SSL_CTX_set_verify_depth(tls, chain_most);
  // A session is resumed with its certificate, by who began it here alone.
  static constexpr unsigned char context[] = {'c', 'o', 'f', 'r', 'e'};
  CHECK(SSL_CTX_set_session_id_context(tls, context, sizeof context) == 1);
}

}  // namespace

std::shared_ptr<SSL_CTX> make_tls(const TlsSettings& settings) {
  std::shared_ptr<SSL_CTX> tls(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!tls) fail_tls("certificate", "TLS cannot be set up");
  SSL_CTX_set_min_proto_version(tls.get(), settings.least == TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(tls.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(tls.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(tls.get(), SSL_SESS_CACHE_OFF);  // tickets alone
  SSL_CTX_set_alpn_select_cb(tls.get(), choose_protocol, nullptr);
  use_certificate(tls.get(), settings);
  if (!settings.clients.authorities_pem.empty()) ask_for_certificates(tls.get(), settings.clients);
  return tls;
}

std::shared_ptr<const crypto::CertificateFacts> shown_certificate(SSL* connection) {
  const X509* shown = SSL_get0_peer_certificate(connection);
  if (shown == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return nullptr;
  return std::make_shared<const crypto::CertificateFacts>(crypto::facts_of(shown));
}

bool takes_certificate(SSL_CTX* settings, SSL* connection) {
  X509_STORE* store = nullptr;
  SSL_CTX_get0_verify_cert_store(settings, &store);
  if (store == nullptr) return false;
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free);
  const bool taken = check &&
                     X509_STORE_CTX_init(check.get(), store, SSL_get0_peer_certificate(connection),
                                         SSL_get_peer_cert_chain(connection)) == 1 &&
                     X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 && X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return taken;
}

}  // namespace cofre::http
