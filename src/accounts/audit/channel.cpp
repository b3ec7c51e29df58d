#include "accounts/audit/channel.h"

#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "crypto/certificates.h"

namespace cofre::accounts::audit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds stop_pause{100};  // between two looks whether to go on
constexpr int silence_s = 30;                         // after which a collector that acknowledges nothing is gone

std::string reason(int error) { return std::generic_category().message(error); }

std::string tls_reason() {
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "the connection ended" : text;
}

/// Whether the socket became ready within `patience`. Throws Error(cancelled) soon after `stop`.
bool wait(int socket, short events, std::chrono::milliseconds patience, const std::stop_token& stop) {
  const auto end = Clock::now() + patience;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    pollfd one{socket, events, 0};
    if (::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, stop_pause.count()))) > 0) {
      return true;
    }
    if (left.count() <= 0) return false;
  }
  fail(Code::cancelled, "the connection is not needed any more");
}

void set(int socket, int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); }

}  // namespace

Channel::Channel(const Options& options, const std::stop_token& stop) : patience_(options.patience) {
  start_tls(options);
  connect(options, stop);
  SSL_set_fd(ssl_.get(), socket_.get());
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result == 1) return;
    if (const auto wrong = SSL_get_verify_result(ssl_.get()); wrong != X509_V_OK) {
      fail(Code::unavailable, "{}: its certificate is not trusted: {}", options.host,
           X509_verify_cert_error_string(wrong));
    }
    wait_for_tls(result, stop);
  }
}

Channel::~Channel() {
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void Channel::connect(const Options& options, const std::stop_token& stop) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(options.host.c_str(), options.port.c_str(), &hints, &found); error != 0) {
    fail(Code::unavailable, "{}: {}", options.host, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int why = 0;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    socket_ = os::Descriptor(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) fail(Code::unavailable, "no socket: {}", reason(errno));
    why = ::connect(socket_.get(), one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (why == EINPROGRESS) {
      why = ETIMEDOUT;
      socklen_t bytes = sizeof why;
      if (wait(socket_.get(), POLLOUT, patience_, stop)) {
        ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &why, &bytes);
      }
    }
    if (why == 0) break;
  }
  if (why != 0) fail(Code::unavailable, "{}:{}: {}", options.host, options.port, reason(why));
  set(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket_.get(), IPPROTO_TCP, TCP_KEEPIDLE, silence_s);
  set(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, silence_s * 1000);
}

void Channel::start_tls(const Options& options) {
  tls_.reset(SSL_CTX_new(TLS_client_method()));
  if (!tls_) fail(Code::exhausted, "no memory for a TLS connection");
  SSL_CTX_set_min_proto_version(tls_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const auto& ca = options.ca_file;
  if ((ca.empty() ? SSL_CTX_set_default_verify_paths(tls_.get()) : SSL_CTX_load_verify_file(tls_.get(), ca.c_str())) !=
      1) {
    fail(Code::invalid, "{}: no authority can be read: {}", ca, tls_reason());
  }
  if (!options.certificate_file.empty() &&
      (SSL_CTX_use_certificate_chain_file(tls_.get(), options.certificate_file.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(tls_.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)) {
    fail(Code::invalid, "{}: the certificate or its key cannot be used: {}", options.certificate_file, tls_reason());
  }
  ssl_.reset(SSL_new(tls_.get()));
  if (!ssl_) fail(Code::exhausted, "no memory for a TLS connection");
  if (crypto::is_ip_address(options.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), options.host.c_str());
  } else {
    SSL_set1_host(ssl_.get(), options.host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), options.host.c_str());
  }
}

void Channel::wait_for_tls(int result, const std::stop_token& stop) {
  const int wanted = SSL_get_error(ssl_.get(), result);
  if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
    fail(Code::unavailable, "the collector: {}", tls_reason());
  }
  if (!wait(socket_.get(), wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, patience_, stop)) {
    fail(Code::unavailable, "the collector takes nothing");
  }
}

void Channel::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    if (result != 1) wait_for_tls(result, {});
    bytes.remove_prefix(count);
  }
}

void Channel::check() {
  while (true) {
    char unasked[256];  // a collector has nothing to say (RFC 5425), but TLS has
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), unasked, sizeof unasked);
    if (result > 0) continue;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return;
    fail(Code::unavailable, "the collector: {}", tls_reason());
  }
}

std::uint64_t Channel::written() const { return BIO_number_written(SSL_get_wbio(ssl_.get())); }

std::uint64_t Channel::acknowledged() const {
  int waiting = 0;
  return ::ioctl(socket_.get(), SIOCOUTQ, &waiting) == 0 ? written() - static_cast<std::uint64_t>(waiting) : 0;
}

}  // namespace cofre::accounts::audit
