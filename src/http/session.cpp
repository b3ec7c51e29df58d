#include "http/session.h"

#include <algorithm>

#include <openssl/rand.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace cofre::http {
namespace asio = boost::asio;
namespace {

constexpr std::size_t ahead_bytes = 64 << 10;  // read while the request before is being answered
constexpr std::int64_t linger_ms = 2'000;
constexpr std::uint64_t body_bytes_a_second = 64 << 10;  // of a body's sender, at least, in the long run

std::string new_request_id() {
  unsigned char bytes[12];
  CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
  std::string id = "req_";
  for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(id), "{:02x}", byte);
  return id;
}

}  // namespace

Session::Session(Socket socket, std::shared_ptr<SSL_CTX> tls, std::shared_ptr<Shared> shared,
                 std::shared_ptr<const Rules> rules, Peer peer)
    : shared_(std::move(shared)),
      rules_(std::move(rules)),
      strand_(socket.get_executor()),
      stream_(std::move(socket), tls),
      peer_(std::move(peer)),
      secure_(tls != nullptr),
      news_(strand_, Clock::time_point::max()),
      timer_(strand_) {}

void Session::start(Ended ended) {
  ended_ = std::move(ended);
  asio::co_spawn(strand_, run(), [self = shared_from_this()](const std::exception_ptr&) {
    // What was thrown (no memory, say) has ended this connection alone.
    self->close();
    if (self->channel_) self->channel_->over(CloseCode::broken);
    std::exchange(self->ended_, nullptr)();
  });
}

void Session::drain() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->channel_) {
      self->channel_->close(CloseCode::leaving, "the box stops");
    } else if (!self->busy_) {
      self->stream_.close();
    }
  });
}

void Session::tell_stop() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->exchange_) self->exchange_->stop();
  });
}

void Session::cut() {
  asio::post(strand_, [self = shared_from_this()] { self->close(); });
}

void Session::review(std::shared_ptr<SSL_CTX> tls) {
  asio::post(strand_, [self = shared_from_this(), tls = std::move(tls)]() mutable {
    self->newer_tls_ = std::move(tls);
    if (!self->is_still_taken()) self->close();
  });
}

/// A certificate may have been shown before the settings changed, or to the old ones while they did.
bool Session::is_still_taken() const { return !certificate_ || !newer_tls_ || stream_.is_taken_by(newer_tls_.get()); }

void Session::leave() {
  gone_ = true;
  if (exchange_) exchange_->close();
  news();
}

void Session::close() {
  leave();
  stream_.close();
}

// Deadlines. One timer that is moved seldom: when it fires too early it waits for the rest.

void Session::set_deadline(Clock::time_point when) {
  deadline_ = when;
  late_ = false;
  if (when == Clock::time_point::max()) return;
  if (!watching_) {
    watch();
  } else if (when < timer_.expiry()) {
    timer_.cancel();
  }
}

void Session::watch() {
  watching_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code&) {
    const auto self = weak.lock();
    if (!self) return;
    self->watching_ = false;
    if (self->deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < self->deadline_) {
      self->watch();
    } else {
      self->deadline_passed();
    }
  });
}

void Session::deadline_passed() {
  if (!late_cuts_) {
    late_ = true;
    deadline_ = Clock::time_point::max();
    news();
  } else if (stream_.written() != written_seen_) {
    written_seen_ = stream_.written();
    set_deadline_ms(rules_->limits.write_ms);
  } else {
    close();
  }
}

asio::awaitable<void> Session::wait_for_news() {
  if (!has_news_) co_await news_.async_wait(asio::as_tuple(asio::use_awaitable));
  has_news_ = false;
}

void Session::news() {
  has_news_ = true;
  news_.cancel();
}

// Reading.

asio::awaitable<void> Session::read_ahead() {
  const auto self = shared_from_this();
  while (input_.size() < ahead_bytes + rules_->limits.header_bytes) {
    const bool more = co_await stream_.read(input_);
    if (!more) {
      leave();
      break;
    }
    if (discarding_) input_.clear();
    news();
  }
  reading_ = false;
}

/// The second coroutine stops where enough is read ahead; whoever takes from the input starts it again.
void Session::keep_reading() {
  if (reading_ || gone_) return;
  reading_ = true;
  asio::co_spawn(strand_, read_ahead(), [self = shared_from_this()](const std::exception_ptr& thrown) {
    if (!thrown) return;
    self->reading_ = false;
    self->leave();
  });
}

void Session::feed(RequestParser& parser) { drop_input(parser.feed(input_)); }

void Session::drop_input(std::size_t bytes) {
  input_.erase(0, bytes);
  if (input_.empty() && input_.capacity() > 1024) input_ = {};
}

asio::awaitable<bool> Session::read_head(RequestParser& parser) {
  set_deadline_ms(rules_->limits.idle_ms);
  for (;;) {
    while (input_.starts_with("\r\n"))
      input_.erase(0, 2);  // RFC 9112 §2.2: some clients end a body with a line of their own
    if (!input_.empty()) break;
    if (gone_ || late_ || shared_->draining) co_return false;
    co_await wait_for_news();
  }
  busy_ = true;
  began_ = Clock::now();
  written_before_ = stream_.written();
  set_deadline_ms(rules_->limits.header_ms);
  for (;;) {
    const auto before = input_.size();
    feed(parser);
    if (parser.head_done()) co_return true;
    if (before >= ahead_bytes + rules_->limits.header_bytes) throw Refusal{431, "the headers are too long"};
    keep_reading();
    if (gone_) co_return false;
    if (late_) throw Refusal{408, "the headers did not come in time"};
    co_await wait_for_news();
  }
}

asio::awaitable<bool> Session::read_body(RequestParser& parser, BodySink* sink) {
  if (parser.expects_continue() && input_.empty()) {
    const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  const auto start = Clock::now();
  const auto body_ms = std::chrono::milliseconds(rules_->limits.body_ms);
  set_deadline(start + body_ms);
  std::uint64_t received = 0;
  while (!parser.done()) {
    const auto before = input_.size();
    if (before > 0) feed(parser);
    if (sink != nullptr) give_body(parser, *sink);
    if (parser.done()) break;
    if (input_.size() != before) {
      received += before - input_.size();
      set_deadline(start + body_ms + std::chrono::seconds(received / body_bytes_a_second));
      continue;
    }
    // A chunk's header or trailer that never ends.
    if (before >= ahead_bytes + rules_->limits.header_bytes) throw Refusal{400, "a chunk's header is too long"};
    keep_reading();
    if (gone_) co_return false;
    if (late_) throw Refusal{408, "the body did not come in time"};
    co_await wait_for_news();
  }
  co_return true;
}

void Session::give_body(RequestParser& parser, BodySink& sink) {
  const auto piece = parser.take_body();
  record_.bytes_in += piece.size();
  if (!piece.empty()) sink.take(piece);
}

bool Session::host_is_ours(const Request& head) const {
  const auto header = head.headers.find("host");
  if (rules_->hosts.empty() || !header) return true;
  std::string_view host = *header;
  if (host.starts_with('[')) return host.find(']') != std::string_view::npos;  // an IPv6 address
  host = host.substr(0, host.find(':'));
  if (equal_without_case(host, "localhost")) return true;
  if (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos) return true;
  return std::any_of(rules_->hosts.begin(), rules_->hosts.end(),
                     [&](const std::string& name) { return equal_without_case(name, host); });
}

void Session::begin_record(const Request& head) {
  record_ = {};
  record_.id = head.id;
  record_.method = head.method;
  record_.path = head.path;
  record_.peer = peer_.address;
}

void Session::end_record(int status, bool was_cut) {
  record_.status = status;
  record_.cut = was_cut;
  record_.bytes_out = stream_.written() - written_before_;
  record_.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
  shared_->service->finished(record_);
}

// One request.

asio::awaitable<bool> Session::serve_one() {
  Refusal refusal{0, {}};
  bool keep = false;
  record_ = {};
  record_.peer = peer_.address;
  record_.id = new_request_id();
  try {
    RequestParser parser(rules_->limits.header_bytes);
    const bool any = co_await read_head(parser);
    if (!any) co_return false;
    auto request = parser.head();
    request.id = record_.id;
    request.peer = peer_.address;
    request.peer_user = peer_.user;
    request.secure = secure_;
    request.certificate = certificate_;
    begin_record(request);
    if (!host_is_ours(request)) throw Refusal{421, "this is not the host that the request names"};
    const auto admission = shared_->service->admit(request);
    keep = parser.keep_alive() && !shared_->draining;
    const bool body_wanted = request.method != "HEAD";
    if (admission.refusal) {
      keep = keep && parser.done();
      const bool sent = co_await send_response(*admission.refusal, keep, body_wanted);
      end_record(admission.refusal->status, !sent);
      co_return sent&& keep;
    }
    parser.limit_body(admission.body_bytes_max);
    request.sink = admission.sink;
    const bool whole = co_await read_body(parser, request.sink.get());
    if (!whole) {
      end_record(499, true);
      co_return false;
    }
    if (request.sink) {
      give_body(parser, *request.sink);  // what came with the headers
    } else {
      request.body = parser.take_body();
      record_.bytes_in = request.body.size();
    }
    no_deadline();
    exchange_ = std::make_shared<Exchange>(rules_->limits.stream_bytes, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      asio::post(self->strand_, [self] {
        self->news();
        self->keep_sending();
      });
    });
    const bool chunked = !parser.http_1_0();
    shared_->service->handle(std::move(request), Responder(exchange_));
    keep = co_await answer(keep && chunked, body_wanted, chunked);
    if (gone_ || !keep) exchange_->close();
    exchange_->finish();
    exchange_ = nullptr;
    co_return keep;
  } catch (const Refusal& thrown) {
    refusal = thrown;
  }
  co_await refuse(refusal.status, std::move(refusal.message));
  co_return false;
}

asio::awaitable<void> Session::refuse(int status, std::string message) {
  const auto response = shared_->service->refuse(status, message);
  const bool sent = co_await send_response(response, false, true);
  end_record(response.status, !sent);
}

asio::awaitable<void> Session::linger() {
  stream_.shutdown_write();
  discarding_ = true;
  input_ = {};
  keep_reading();
  set_deadline_ms(linger_ms);
  while (!gone_ && !late_) co_await wait_for_news();
}

asio::awaitable<void> Session::run() {
  const auto self = shared_from_this();
  late_cuts_ = true;
  set_deadline_ms(rules_->limits.handshake_ms);
  const bool shaken = co_await stream_.handshake();
  late_cuts_ = false;
  if (!shaken) co_return;
  certificate_ = stream_.certificate();
  if (!is_still_taken()) co_return;
  for (;;) {
    keep_reading();
    const bool more = co_await serve_one();
    if (!more) break;
    busy_ = false;
  }
  if (!gone_) co_await linger();
}

}  // namespace cofre::http
