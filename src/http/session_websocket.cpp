#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "http/session.h"

namespace cofre::http {
namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
namespace {

constexpr auto waiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 16 << 10;  // a TLS record's most: a frame's head and its payload go as one

/// What Beast's handshake looks at: websocket_refusal() has seen to the rest.
boost::beast::http::request<boost::beast::http::empty_body> handshake(const std::string& key) {
  using boost::beast::http::field;
  boost::beast::http::request<boost::beast::http::empty_body> request(boost::beast::http::verb::get, "/", 11);
  request.set(field::host, "box");
  request.set(field::connection, "upgrade");
  request.set(field::upgrade, "websocket");
  request.set(field::sec_websocket_version, "13");
  request.set(field::sec_websocket_key, key);
  return request;
}

/// Why the reading ended: as the client said, or as Beast has told it.
CloseCode code_of(const error_code& error, const websocket::close_reason& said) {
  if (error == websocket::error::closed)
    return said.code == websocket::close_code::none ? CloseCode::none : static_cast<CloseCode>(said.code);
  if (error == websocket::error::message_too_big) return CloseCode::too_large;
  if (error == websocket::error::bad_frame_payload) return CloseCode::bad_text;
  if (error == websocket::condition::protocol_violation) return CloseCode::protocol_error;
  return CloseCode::broken;
}

}  // namespace

/// Beast's way to the connection (an AsyncStream): reads what is read ahead, and writes under the deadline that cuts
/// slow readers.
class Session::Wire {
 public:
  using executor_type = Strand;
  explicit Wire(Session& session) : session_(session) {}
  executor_type get_executor() const noexcept { return session_.strand_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [session = session_.shared_from_this()](auto handler, const Buffers& into) {
          asio::mutable_buffer first;
          for (auto one = asio::buffer_sequence_begin(into);
               first.size() == 0 && one != asio::buffer_sequence_end(into); ++one)
            first = *one;
          asio::co_spawn(session->strand_, session->take_input(static_cast<char*>(first.data()), first.size()),
                         told(session, std::move(handler)));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [session = session_.shared_from_this()](auto handler, const Buffers& from) {
          std::string piece(std::min(asio::buffer_size(from), piece_bytes), '\0');
          asio::buffer_copy(asio::buffer(piece), from);
          asio::co_spawn(session->strand_, write(*session, std::move(piece)), told(session, std::move(handler)));
        },
        token, buffers);
  }

  void close() { session_.close(); }
  /// Beast has heard nothing for too long.
  friend void beast_close_socket(Wire& wire) { wire.close(); }

  /// The connection is closed where every other is: Session::run().
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, Wire& wire, Handler&& handler) {
    asio::post(wire.get_executor(),
               [handler = std::forward<Handler>(handler)]() mutable { std::move(handler)(error_code()); });
  }

 private:
  static asio::awaitable<std::size_t> write(Session& session, std::string piece) {
    const bool sent = co_await session.send(piece);
    co_return sent ? piece.size() : 0;
  }
  /// A coroutine's end as Beast's handlers take it. The session stays until then.
  template <class Handler>
  static auto told(std::shared_ptr<Session> session, Handler handler) {
    return [session = std::move(session), handler = std::move(handler)](const std::exception_ptr& thrown,
                                                                        std::size_t count) mutable {
      const bool ended = thrown || count == 0;
      std::move(handler)(ended ? error_code(asio::error::eof) : error_code(), ended ? 0 : count);
    };
  }

  Session& session_;  // that the frames belong to
};

/// The frames of a WebSocket; without compression.
struct Session::Frames : websocket::stream<Wire, false> {
  using websocket::stream<Wire, false>::stream;
};

asio::awaitable<std::size_t> Session::take_input(char* into, std::size_t bytes_max) {
  while (input_.empty()) {
    if (gone_) co_return 0;
    keep_reading();
    co_await wait_for_news();
  }
  const auto count = input_.copy(into, bytes_max);
  drop_input(count);
  record_.bytes_in += count;
  keep_reading();
  co_return count;
}

asio::awaitable<void> Session::converse(std::shared_ptr<Channel> channel) {
  channel_ = std::move(channel);
  const auto socket = std::make_shared<Frames>(Wire(*this));
  const auto& limits = rules_->limits;
  socket->set_option(websocket::stream_base::timeout{std::chrono::milliseconds(limits.handshake_ms),
                                                     std::chrono::milliseconds(limits.idle_ms), true});
  socket->set_option(websocket::stream_base::decorator([&](websocket::response_type& response) {
    const auto add = [&](std::string_view name, std::string_view value) {
      std::string clean;
      append_value(value, clean);
      response.insert(name, clean);
    };
    response.set(boost::beast::http::field::server, "cofre");  // else Beast names itself
    add("Date", date());
    for (const auto& field : channel_->headers()) add(field.name, field.value);
    if (!channel_->headers().find("x-request-id")) add("X-Request-Id", record_.id);
    if (!channel_->protocol().empty()) add("Sec-WebSocket-Protocol", channel_->protocol());
  }));
  socket->read_message_max(channel_->message_bytes_max());
  socket->auto_fragment(false);
  auto [error] = co_await socket->async_accept(handshake(channel_->key()), waiting);
  if (!error) {
    frames_ = socket;
    if (shared_->draining) channel_->close(CloseCode::leaving, "the box stops");
    keep_sending();
  }
  while (!error) {
    std::string bytes;
    auto buffer = asio::dynamic_buffer(bytes);
    std::tie(error, std::ignore) = co_await socket->async_read(buffer, waiting);
    if (!error) channel_->received({std::move(bytes), socket->got_text()});
  }
  if (error == asio::error::eof) close();  // who has left reads no more either
  while (sending_) co_await wait_for_news();
  const auto code = channel_->over(code_of(error, socket->reason()));
  frames_ = nullptr;
  channel_ = nullptr;
  end_record(101, code == CloseCode::broken);
}

/// A coroutine of its own sends while messages are queued; whoever queues one starts it again.
void Session::keep_sending() {
  if (sending_ || !frames_) return;
  sending_ = true;
  asio::co_spawn(strand_, send_messages(), [self = shared_from_this()](const std::exception_ptr& thrown) {
    if (!thrown) return;
    self->sending_ = false;
    self->close();
  });
}

asio::awaitable<void> Session::send_messages() {
  bool more = true;
  while (more) more = co_await send_message();
  sending_ = false;
  news();
}

asio::awaitable<bool> Session::send_message() {
  auto taken = channel_->take();
  if (taken.broken) {
    close();
    co_return false;
  }
  if (taken.message) {
    frames_->text(taken.message->is_text);
    const auto [error, count] = co_await frames_->async_write(asio::buffer(taken.message->bytes), waiting);
    if (!error) channel_->drained();
    co_return !error;
  }
  if (taken.close) {
    const websocket::close_reason why(static_cast<websocket::close_code>(taken.close->code), taken.close->reason);
    const auto [error] = co_await frames_->async_close(why, waiting);
    if (!error) channel_->over(taken.close->code);
  }
  co_return false;
}

}  // namespace cofre::http
