#include "http/websocket.h"

#include <algorithm>
#include <utility>

#include "http/channel.h"

namespace cofre::http {
namespace {

constexpr std::size_t key_letters = 24;  // base64 of 16 bytes

/// Whether a header that is a list has this token, without case.
bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  const auto tokens = list_of(headers, name);
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](std::string_view one) { return equal_without_case(one, token); });
}

bool is_key(std::string_view key) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == key_letters && key.ends_with("==") &&
         key.find_first_not_of(letters) == key_letters - std::string_view("==").size();
}

}  // namespace

bool WebSocket::send(WebSocketMessage message) const { return channel_->send(std::move(message)); }
void WebSocket::close(CloseCode code, std::string reason) const { channel_->close(code, std::move(reason)); }
bool WebSocket::closed() const { return channel_->closed(); }
std::size_t WebSocket::buffered() const { return channel_->buffered(); }
void WebSocket::on_drained(std::function<void()> call) const { channel_->on_drained(std::move(call)); }
const std::string& WebSocket::protocol() const { return channel_->protocol(); }

bool wants_websocket(const Request& request) { return has_token(request.headers, "upgrade", "websocket"); }

std::optional<Response> websocket_refusal(const Request& request) {
  const auto& headers = request.headers;
  if (request.method != "GET" || !wants_websocket(request) || !has_token(headers, "connection", "upgrade"))
    return Response{426, {{"Upgrade", "websocket"}}, "this path speaks WebSocket alone"};
  if (headers.find("sec-websocket-version") != "13")
    return Response{426, {{"Sec-WebSocket-Version", "13"}}, "this version of WebSocket is not spoken here"};
  if (headers.count("sec-websocket-key") != 1 || !is_key(*headers.find("sec-websocket-key")))
    return Response{400, {}, "Sec-WebSocket-Key must be 16 bytes in base64"};
  return std::nullopt;
}

}  // namespace cofre::http
