#include "http/stream.h"

#include <openssl/err.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/error.h"
#include "http/tls.h"

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

}  // namespace

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

std::shared_ptr<const crypto::CertificateFacts> Stream::certificate() const {
  return ssl_ ? shown_certificate(ssl_.get()) : nullptr;
}

bool Stream::is_taken_by(SSL_CTX* tls) const { return takes_certificate(tls, ssl_.get()); }

void Stream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace cofre::http
