#include "app/admin.h"

#include <unistd.h>

#include <array>
#include <thread>

#include "base/error.h"
#include "protocol/frames.h"

namespace cofre::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds client_patience{60'000};
constexpr milliseconds server_patience{5'000};
constexpr std::size_t request_bytes_max = 1 << 20;
constexpr std::size_t answer_bytes_max = 16 << 20;

constexpr std::array<std::pair<Code, std::string_view>, 7> code_names{{
    {Code::invalid, "invalid"},
    {Code::not_found, "not_found"},
    {Code::unsupported, "unsupported"},
    {Code::exhausted, "exhausted"},
    {Code::unavailable, "unavailable"},
    {Code::cancelled, "cancelled"},
    {Code::internal, "internal"},
}};

std::string_view name_of(Code code) {
  for (const auto& [known, name] : code_names) {
    if (known == code) return name;
  }
  return "internal";
}

Code code_named(std::string_view name) {
  for (const auto& [code, known] : code_names) {
    if (known == name) return code;
  }
  return Code::internal;
}

void send(os::LocalSocket& socket, const json::Object& object, milliseconds patience) {
  const std::string text = json::dump(object);
  std::string frame;
  for (unsigned i = 0; i < 4; ++i) frame += static_cast<char>(text.size() >> 8 * i & 0xff);
  socket.send(frame + text, patience);
}

/// Throws Error where the other end leaves without a whole frame.
json::Object receive(os::LocalSocket& socket, std::size_t bytes_max, milliseconds patience) {
  protocol::Decoder decoder(bytes_max);
  while (true) {
    if (auto object = decoder.next()) return std::move(*object);
    const std::string bytes = socket.receive(patience);
    if (bytes.empty()) fail(Code::unavailable, "the other end left without an answer");
    decoder.feed(std::as_bytes(std::span(bytes)));
  }
}

json::Object error_object(Code code, std::string_view message, std::string_view field) {
  return {{"error", json::Object{{"code", name_of(code)}, {"message", message}, {"field", field}}}};
}

}  // namespace

std::filesystem::path admin_socket_in(const std::filesystem::path& data) { return data / "admin.sock"; }

struct AdminServer::State {
  State(const std::filesystem::path& data, AdminHandler handle)
      : listener(admin_socket_in(data)), handler(std::move(handle)), thread([this] { run(); }) {}
  ~State() {
    listener.stop();
    thread.join();
  }

  void run() {
    while (auto socket = listener.accept()) {
      try {
        serve(*socket);
      } catch (const std::exception&) {
        // The client left, or sent what is no request: its loss alone.
      }
    }
  }

  void serve(os::LocalSocket& socket) const {
    const auto user = socket.peer_user();
    if (user != 0 && user != ::geteuid()) return;
    const auto request = receive(socket, request_bytes_max, server_patience);
    json::Object answer;
    try {
      answer = {{"ok", handler(request, user)}};
    } catch (const Error& error) {
      answer = error_object(error.code(), error.what(), error.field());
    } catch (const std::exception& error) {
      answer = error_object(Code::internal, error.what(), "");
    }
    send(socket, answer, server_patience);
  }

  os::LocalListener listener;
  AdminHandler handler;
  std::thread thread;
};

AdminServer::AdminServer(const std::filesystem::path& data, AdminHandler handler)
    : state_(std::make_unique<State>(data, std::move(handler))) {}
AdminServer::~AdminServer() = default;

std::optional<json::Object> ask_box(const std::filesystem::path& data, const json::Object& request) {
  std::optional<os::LocalSocket> socket;
  try {
    socket = os::LocalSocket::connect(admin_socket_in(data));
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return std::nullopt;
    throw;
  }
  const auto user = socket->peer_user();
  if (user != 0 && user != ::geteuid() && ::geteuid() != 0) {
    fail(Code::invalid, "{} belongs to another user's process", admin_socket_in(data).string());
  }
  send(*socket, request, client_patience);
  auto answer = receive(*socket, answer_bytes_max, client_patience);
  if (const auto* error = answer.if_contains("error")) {
    const auto& object = error->as_object();
    throw Error(code_named(json::string_at(object, "code")), std::string(json::string_at(object, "message")),
                std::string(json::string_at(object, "field")));
  }
  const auto& ok = json::at(answer, "ok");
  if (!ok.is_object()) fail(Code::internal, "the box answers what is no object");
  return ok.get_object();
}

}  // namespace cofre::app
