#include "http/stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/error.h"

namespace cofre::http {
namespace asio = boost::asio;
namespace {

constexpr auto waiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 16 << 10;  // a TLS record's most

/// Where a read lands before it is appended: none is kept by a connection that waits.
char* landing() {
  thread_local char bytes[piece_bytes];
  return bytes;
}

// OpenSSL's way to the socket (BIO_METHOD): Asio's own calls, which never wait and never raise SIGPIPE.

Socket& socket_of(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

bool would_wait(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

int bio_write(BIO* bio, const char* bytes, int count) {
  boost::system::error_code error;
  BIO_clear_retry_flags(bio);
  const auto done = socket_of(bio).write_some(asio::buffer(bytes, static_cast<std::size_t>(count)), error);
  if (would_wait(error)) BIO_set_retry_write(bio);
  return error ? -1 : static_cast<int>(done);
}

int bio_read(BIO* bio, char* bytes, int count) {
  boost::system::error_code error;
  BIO_clear_retry_flags(bio);
  const auto done = socket_of(bio).read_some(asio::buffer(bytes, static_cast<std::size_t>(count)), error);
  if (would_wait(error)) BIO_set_retry_read(bio);
  return error == asio::error::eof ? 0 : error ? -1 : static_cast<int>(done);
}

long bio_control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* new_bio(Socket& socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    CHECK(made != nullptr);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  CHECK(bio != nullptr);
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                    unsigned count, void*) {
  static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, ours, sizeof ours, offered, count) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

[[noreturn]] void fail_tls(const char* what) {
  char why[160];
  ERR_error_string_n(ERR_get_error(), why, sizeof why);
  ERR_clear_error();
  fail_field(Code::invalid, "certificate", "{}: {}", what, why);
}

}  // namespace

std::shared_ptr<SSL_CTX> make_tls(const std::string& certificate_pem, const std::string& key_pem, TlsVersion least) {
  std::shared_ptr<SSL_CTX> tls(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!tls) fail_tls("TLS cannot be set up");
  SSL_CTX_set_min_proto_version(tls.get(), least == TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(tls.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(tls.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(tls.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(tls.get(), choose_protocol, nullptr);

  const std::unique_ptr<BIO, decltype(&BIO_free)> chain(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  if (!leaf || SSL_CTX_use_certificate(tls.get(), leaf.get()) != 1) fail_tls("the certificate cannot be used");
  while (X509* above = PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr))
    if (SSL_CTX_add0_chain_cert(tls.get(), above) != 1) fail_tls("the certificate's chain cannot be used");
  ERR_clear_error();  // the end of the chain is told as an error
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())),
                                                      BIO_free);
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  if (!key || SSL_CTX_use_PrivateKey(tls.get(), key.get()) != 1 || SSL_CTX_check_private_key(tls.get()) != 1)
    fail_tls("the certificate's key cannot be used");
  return tls;
}

Stream::Stream(Socket socket, std::shared_ptr<SSL_CTX> tls) : socket_(std::move(socket)), tls_(std::move(tls)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  if (!tls_) return;
  ssl_.reset(SSL_new(tls_.get()));
  if (!ssl_) fail(Code::exhausted, "no memory for a TLS connection");
  BIO* bio = new_bio(socket_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

Stream::~Stream() = default;

asio::awaitable<bool> Stream::wait(Socket::wait_type what) {
  const auto [error] = co_await socket_.async_wait(what, waiting);
  co_return !error && socket_.is_open();
}

asio::awaitable<bool> Stream::wait_for_tls(int result) {
  const int why = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (!socket_.is_open()) co_return false;
  if (why == SSL_ERROR_WANT_READ) co_return co_await wait(Socket::wait_read);
  if (why == SSL_ERROR_WANT_WRITE) co_return co_await wait(Socket::wait_write);
  co_return false;
}

asio::awaitable<bool> Stream::handshake() {
  if (!ssl_) co_return true;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return true;
    if (!co_await wait_for_tls(result)) co_return false;
  }
}

asio::awaitable<bool> Stream::read(std::string& into) {
  for (;;) {
    if (!socket_.is_open()) co_return false;
    if (ssl_) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), landing(), piece_bytes, &count);
      if (result == 1) {
        into.append(landing(), count);
        co_return true;
      }
      if (!co_await wait_for_tls(result)) co_return false;
      continue;
    }
    boost::system::error_code error;
    const auto count = socket_.read_some(asio::buffer(landing(), piece_bytes), error);
    if (!error) {
      into.append(landing(), count);
      co_return true;
    }
    if (!would_wait(error) || !co_await wait(Socket::wait_read)) co_return false;
  }
}

asio::awaitable<bool> Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!socket_.is_open()) co_return false;
    std::size_t count = 0;
    if (ssl_) {
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
      if (result != 1 && !co_await wait_for_tls(result)) co_return false;
      if (result != 1) continue;
    } else {
      boost::system::error_code error;
      count = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
      if (error && (!would_wait(error) || !co_await wait(Socket::wait_write))) co_return false;
      if (error) continue;
    }
    written_ += count;
    bytes.remove_prefix(count);
  }
  co_return true;
}

void Stream::shutdown_write() {
  if (!socket_.is_open()) return;
  if (ssl_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace cofre::http
