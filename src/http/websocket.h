#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cofre::http {

class Channel;

/// Why a WebSocket ended (RFC 6455 §7.4.1). Either side may say others: 3000 to 4999 are an application's own.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  leaving = 1001,         ///< the box stops, or the client's page was left
  protocol_error = 1002,  ///< what came was no WebSocket frame, or not at its place
  none = 1005,            ///< never sent: the client gave no reason
  broken = 1006,          ///< never sent: the connection ended without a word, or its reader was too slow
  bad_text = 1007,        ///< a text message was not UTF-8
  not_allowed = 1008,     ///< the caller may do this no longer
  too_large = 1009,       ///< a message was longer than Upgrade::message_bytes_max
  failed = 1011,          ///< an error inside the box
};

struct WebSocketMessage {
  std::string bytes;    ///< of all its frames
  bool is_text = true;  ///< UTF-8, checked where it was received
};

/// One WebSocket (RFC 6455), open until either side closes it. A handle: copies speak of the same, from any thread.
class WebSocket {
 public:
  explicit WebSocket(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}

  /// Queues a message. False where nobody reads any more: it was closed, the client left, or it let more than
  /// Limits::stream_bytes pile up and is cut.
  bool send(WebSocketMessage message) const;
  bool send_text(std::string text) const { return send({std::move(text), true}); }
  bool send_binary(std::string bytes) const { return send({std::move(bytes), false}); }
  /// Says why and ends it, behind what is queued. `reason`: UTF-8, at most 123 bytes. The first close stands.
  void close(CloseCode code, std::string reason) const;

  bool closed() const;
  /// Bytes queued that the connection has not yet taken: who can wait does so while this is much.
  std::size_t buffered() const;
  /// Called once, when everything queued so far has been taken by the connection. Dropped uncalled when it is over.
  void on_drained(std::function<void()> call) const;
  /// The sub-protocol that was agreed upon; empty: none.
  const std::string& protocol() const;

 private:
  std::shared_ptr<Channel> channel_;
};

/// How a request becomes a WebSocket: Responder::upgrade().
struct Upgrade {
  Headers headers{};                     ///< more of the answer
  std::vector<std::string> protocols{};  ///< sub-protocols that are spoken, the best first; the client offers its own
  std::size_t message_bytes_max = 64 << 10;  ///< of what the client sends; more closes with too_large
  /// A message has come whole. On the connection's thread: be brief; the next is read when this has returned.
  std::function<void(const WebSocket&, WebSocketMessage)> on_message{};
  /// Called once, when it is over, whoever ended it. On the connection's thread: be brief.
  std::function<void(CloseCode)> on_close{};
};

/// Whether a request asks for a WebSocket, rightly or not.
bool wants_websocket(const Request& request);

/// The answer to a request that cannot become a WebSocket: 426 where it asks for none or for another version (RFC 6455
/// §4.4), 400 where its key is wrong (§4.2.1). Its body is the reason in words. Nothing where it can.
std::optional<Response> websocket_refusal(const Request& request);

}  // namespace cofre::http
