#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "json/json.h"
#include "os/local_socket.h"

namespace cofre::app {

/// DIR/admin.sock, by which commands speak to the running box. One exchange a connection, each side one frame: u32
/// little endian, the bytes of a JSON object, the object. A request is {"do":"key.create",…}; the answer is
/// {"ok":{…}} or {"error":{"code","message","field"}}.

std::filesystem::path admin_socket_in(const std::filesystem::path& data);

/// Answers one request of a user of this machine. Throws Error for what it refuses.
using AdminHandler = std::function<json::Object(const json::Object& request, std::uint32_t user)>;

/// Listens while it lives; requests are answered one after the other on a thread of its own. Only root and the user
/// that the box runs as are heard, as the kernel names them.
class AdminServer {
 public:
  AdminServer(const std::filesystem::path& data, AdminHandler handler);
  ~AdminServer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The running box's answer; nothing where none runs. Throws the Error that it answers with, Error(unavailable) where
/// it does not answer.
std::optional<json::Object> ask_box(const std::filesystem::path& data, const json::Object& request);

}  // namespace cofre::app
