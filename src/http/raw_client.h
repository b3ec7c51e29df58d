#pragma once

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/certificates.h"

/// For tests: a client that sends bytes as they are and waits for what it expects, plain or TLS.
namespace cofre::http {

class RawClient {
 public:
  /// Connects to 127.0.0.1. With an authority's certificate it speaks TLS, checks the server's and the name
  /// "localhost"; shows a certificate of its own, resumes a session of before.
  explicit RawClient(std::uint16_t port, const std::string& authority_pem = {}, int newest_tls = TLS1_3_VERSION,
                     const crypto::Identity& own = {}, SSL_SESSION* before = nullptr) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    const timeval patience{20, 0};  // a test that waits longer has failed
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect");
    if (!authority_pem.empty()) start_tls(authority_pem, newest_tls, own, before);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(); }

  /// As many bytes as the other side takes before it closes.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto done = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (done <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
  }
  /// Everything received so far, once `text` is in it; or once the connection ends.
  const std::string& wait_for(std::string_view text) {
    while (received_.find(text) == std::string::npos && receive()) continue;
    return received_;
  }
  /// Everything received so far, once it is that long; or once the connection ends.
  const std::string& wait_for_bytes(std::size_t count) {
    while (received_.size() < count && receive()) continue;
    return received_;
  }
  /// Everything until the connection ends.
  const std::string& wait_for_end() {
    while (receive()) continue;
    return received_;
  }
  void forget() { received_.clear(); }
  void close() {
    ssl_.reset();
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// Closes so that the other side sees a reset.
  void vanish() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  int descriptor() const { return socket_; }
  std::string tls_version() const { return ssl_ ? SSL_get_version(ssl_.get()) : ""; }
  /// Of TLS, to be resumed; to be asked last, when something was received.
  std::shared_ptr<SSL_SESSION> session() const {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);  // else OpenSSL gives it up with its connection
    return {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
  }
  bool has_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

 private:
  bool receive() {
    char bytes[16 << 10];
    int count = 0;
    do {
      errno = 0;
      count =
          ssl_ ? SSL_read(ssl_.get(), bytes, sizeof bytes) : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
    } while (count < 0 && errno == EINTR);  // a child of this process has ended
    if (count <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  void show(const crypto::Identity& own) {
    const auto reading = [](const std::string& pem) {
      return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       BIO_free);
    };
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(reading(own.certificate_pem).get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(reading(own.key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (SSL_CTX_use_certificate(tls_.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(tls_.get(), key.get()) != 1)
      throw std::runtime_error("the client's certificate");
  }
  void start_tls(const std::string& authority_pem, int newest, const crypto::Identity& own, SSL_SESSION* before) {
    tls_.reset(SSL_CTX_new(TLS_client_method()));
    if (!own.certificate_pem.empty()) show(own);
    SSL_CTX_set_max_proto_version(tls_.get(), newest);
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(authority_pem.data(), static_cast<int>(authority_pem.size())), BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> authority(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                                X509_free);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(tls_.get()), authority.get());
    SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_PEER, nullptr);
    ssl_.reset(SSL_new(tls_.get()));
    SSL_set1_host(ssl_.get(), "localhost");
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    SSL_set_fd(ssl_.get(), socket_);
    if (before != nullptr) SSL_set_session(ssl_.get(), before);
    if (SSL_connect(ssl_.get()) != 1) throw std::runtime_error("TLS handshake");
  }

  struct Free {
    void operator()(SSL_CTX* tls) const { SSL_CTX_free(tls); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int socket_ = -1;
  std::unique_ptr<SSL_CTX, Free> tls_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string received_;
};

}  // namespace cofre::http
