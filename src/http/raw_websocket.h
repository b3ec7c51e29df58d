#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/raw_client.h"

/// For tests: a client of WebSockets that sends frames as it is told, right or wrong.
namespace cofre::http {

class RawWebSocket {
 public:
  enum Opcode : std::uint8_t { more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
  struct Frame {
    std::uint8_t opcode = 0;
    std::string payload;
  };

  /// What a browser sends. The key is that of RFC 6455 §1.3.
  static std::string request(std::string_view path, std::string_view headers = {}) {
    std::string text("GET ");
    text += path;
    text +=
        " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    text += headers;
    return text + "\r\n";
  }
  /// A whole message, or a part of one.
  static std::string frame(Opcode opcode, std::string_view payload, bool is_last = true, bool is_masked = true) {
    std::string bytes(1, static_cast<char>((is_last ? 0x80 : 0) | opcode));
    const std::uint64_t size = payload.size();
    const int mask_bit = is_masked ? 0x80 : 0;
    const int digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
    bytes += static_cast<char>(mask_bit | (digits == 0 ? static_cast<int>(size) : digits == 2 ? 126 : 127));
    for (int i = digits - 1; i >= 0; --i) bytes += static_cast<char>(size >> (8 * i));
    const std::string_view mask("\x12\x34\x56\x78");
    if (!is_masked) return bytes.append(payload);
    bytes += mask;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(payload[i] ^ mask[i % mask.size()]);
    return bytes;
  }
  /// The payload of a closing frame.
  static std::string code(int number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }

  /// Connects and waits for the answer's head.
  RawWebSocket(std::uint16_t port, std::string_view path, std::string_view headers = {},
               const std::string& authority_pem = {})
      : client(port, authority_pem) {
    client.send(request(path, headers));
    const auto& received = client.wait_for("\r\n\r\n");
    head = received.substr(0, received.find("\r\n\r\n"));
    at_ = head.size() + std::string_view("\r\n\r\n").size();
  }
  void send(Opcode opcode, std::string_view payload, bool is_last = true, bool is_masked = true) {
    client.send(frame(opcode, payload, is_last, is_masked));
  }
  /// The next frame; nothing where the connection ends.
  std::optional<Frame> receive() {
    if (client.wait_for_bytes(at_ + 2).size() < at_ + 2) return std::nullopt;
    const auto byte = [&](std::size_t i) {
      return static_cast<std::uint8_t>(client.wait_for_bytes(at_ + i + 1)[at_ + i]);
    };
    const std::size_t digits = byte(1) < 126 ? 0 : byte(1) == 126 ? 2 : 8;
    std::uint64_t size = digits == 0 ? byte(1) : 0;
    for (std::size_t i = 0; i < digits; ++i) size = size << 8 | byte(2 + i);
    const auto begin = at_ + 2 + digits;
    const auto& received = client.wait_for_bytes(begin + size);
    if (received.size() < begin + size) return std::nullopt;
    Frame frame{static_cast<std::uint8_t>(byte(0) & 0x0f), received.substr(begin, size)};
    at_ = begin + size;
    return frame;
  }
  /// Of the closing frame, which is the next that is none of `passed`; 0: there is none.
  int close_code(Opcode passed = ping) {
    auto frame = receive();
    while (frame && frame->opcode == passed) frame = receive();
    if (!frame || frame->opcode != close || frame->payload.size() < 2) return 0;
    return static_cast<std::uint8_t>(frame->payload[0]) << 8 | static_cast<std::uint8_t>(frame->payload[1]);
  }

  RawClient client;
  std::string head;  ///< of the answer

 private:
  std::size_t at_ = 0;  ///< of the next frame in what was received
};

}  // namespace cofre::http
