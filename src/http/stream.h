#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "crypto/certificates.h"

namespace cofre::http {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Strand>;

/// A connection, plain or TLS. OpenSSL works on the socket itself and lets its buffers go between records, so that a
/// waiting connection costs some 14 KiB (ssl::stream of Asio: 80 KiB). One strand only; a read and a write may wait at
/// once.
class Stream {
 public:
  /// A null `tls` makes a plain one.
  Stream(Socket socket, std::shared_ptr<SSL_CTX> tls);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  boost::asio::awaitable<bool> handshake();
  /// That the other side showed in the handshake, and that was found good; null: none.
  std::shared_ptr<const crypto::CertificateFacts> certificate() const;
  /// Whether other settings would take the certificate that was shown.
  bool is_taken_by(SSL_CTX* tls) const;
  /// Waits for bytes and appends them. False: the other side has ended or the connection broke.
  boost::asio::awaitable<bool> read(std::string& into);
  /// False: the connection broke before all was taken.
  boost::asio::awaitable<bool> write(std::string_view bytes);
  /// Tells the other side that nothing follows; reading goes on.
  void shutdown_write();
  /// Ends every waiting call with false.
  void close();

  /// Goes up with every piece that the other side's system took: who watches a slow reader looks here.
  std::uint64_t written() const noexcept { return written_; }

 private:
  /// Waits as OpenSSL asks after a call that returned `result`; false where there is nothing to wait for.
  boost::asio::awaitable<bool> wait_for_tls(int result);
  boost::asio::awaitable<bool> wait(Socket::wait_type what);

  Socket socket_;
  std::shared_ptr<SSL_CTX> tls_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
  std::uint64_t written_ = 0;
};

}  // namespace cofre::http
