#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "http/channel.h"
#include "http/exchange.h"
#include "http/message.h"
#include "http/parser.h"
#include "http/service.h"
#include "http/stream.h"

namespace cofre::http {

/// What all connections of a server share; the last of them frees the loop they run on.
struct Shared {
  boost::asio::io_context loop;
  Service* service = nullptr;
  std::atomic<bool> draining{false};  ///< every answer is its connection's last
};

/// What a connection may do; those that come later may have others.
struct Rules {
  Limits limits;
  std::vector<std::string> hosts;
};

struct Peer {
  std::string address;
  std::optional<std::uint32_t> user;
};

/// One connection: a request is read, answered, and the next one read. A second coroutine reads ahead all the while, so
/// that a client that leaves is noticed under an answer that runs. A WebSocket is the last answer of its connection.
/// Everything happens on the connection's strand.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Ended = std::function<void()>;
  Session(Socket socket, std::shared_ptr<SSL_CTX> tls, std::shared_ptr<Shared> shared,
          std::shared_ptr<const Rules> rules, Peer peer);

  /// `ended` is called once, when the connection is closed.
  void start(Ended ended);
  // From any thread.
  void drain();      ///< closes now where no request is under way, else after it; a WebSocket says why
  void tell_stop();  ///< to the stream that runs
  void cut();        ///< closes now
  /// The server has other settings: closes where these would not take the certificate that the client showed.
  void review(std::shared_ptr<SSL_CTX> tls);

 private:
  using Clock = std::chrono::steady_clock;
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Strand>;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  Awaitable<void> run();
  Awaitable<void> read_ahead();
  void keep_reading();
  /// One request and its answer. False: the connection's last.
  Awaitable<bool> serve_one();
  /// False: there will be no request.
  Awaitable<bool> read_head(RequestParser& parser);
  /// Into the sink, where there is one.
  Awaitable<bool> read_body(RequestParser& parser, BodySink* sink);
  /// Gives the parser what is there.
  void feed(RequestParser& parser);
  void give_body(RequestParser& parser, BodySink& sink);
  Awaitable<bool> answer(bool keep, bool body_wanted, bool chunked);
  Awaitable<bool> stream_answer(bool body_wanted, bool chunked);
  /// The WebSocket that the answer is, to its end.
  Awaitable<void> converse(std::shared_ptr<Channel> channel);
  void keep_sending();
  Awaitable<void> send_messages();
  /// False: nothing is queued, or nothing can be sent.
  Awaitable<bool> send_message();
  /// What was read ahead, into that many bytes. 0: nothing more comes.
  Awaitable<std::size_t> take_input(char* into, std::size_t bytes_max);
  void drop_input(std::size_t bytes);
  Awaitable<bool> send_response(const Response& response, bool keep, bool body_wanted);
  Awaitable<void> refuse(int status, std::string message);
  Awaitable<bool> send(std::string_view bytes);
  /// Reads away what still comes, so that the answer arrives before the connection breaks.
  Awaitable<void> linger();
  /// Returns when something happened: bytes came, the client left, the handler wrote, the deadline passed.
  Awaitable<void> wait_for_news();
  void news();
  void leave();
  void close();
  bool is_still_taken() const;

  void set_deadline(Clock::time_point when);
  void set_deadline_ms(std::int64_t after) { set_deadline(Clock::now() + std::chrono::milliseconds(after)); }
  void no_deadline() { set_deadline(Clock::time_point::max()); }
  void watch();
  void deadline_passed();

  bool host_is_ours(const Request& head) const;
  /// IMF-fixdate (RFC 9110 §5.6.7), made once a second.
  static std::string_view date();
  /// A header's value can bring no second header along.
  static void append_value(std::string_view value, std::string& out);
  std::string head_text(const Response& response, bool keep, std::string_view framing) const;
  void begin_record(const Request& head);
  void end_record(int status, bool cut);

  class Wire;
  struct Frames;

  std::shared_ptr<Shared> shared_;  // first: it holds the loop that the members below work on
  std::shared_ptr<const Rules> rules_;
  Strand strand_;
  Stream stream_;
  Peer peer_;
  Ended ended_;
  bool secure_;
  std::shared_ptr<SSL_CTX> newer_tls_;                           // settings that came after this connection
  std::shared_ptr<const crypto::CertificateFacts> certificate_;  // that the client showed
  Timer news_, timer_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::uint64_t written_seen_ = 0;
  bool has_news_ = false;  // since the last wait
  bool watching_ = false;
  bool late_ = false;       // the deadline has passed
  bool late_cuts_ = false;  // a passed deadline without progress closes the connection
  bool reading_ = false;
  bool gone_ = false;        // nothing more can be read
  bool discarding_ = false;  // what comes is not wanted any more
  bool busy_ = false;        // between a request's first byte and its answer's end
  std::string input_;
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<Channel> channel_;  // of the WebSocket that is spoken
  std::shared_ptr<Frames> frames_;    // of it, once the handshake is done
  bool sending_ = false;              // a coroutine works on the channel's queue
  Record record_;
  Clock::time_point began_{};
  std::uint64_t written_before_ = 0;
};

}  // namespace cofre::http
