#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/desk.h"
#include "gateway/services.h"

namespace cofre::gateway::admin {

/// The next piece of a download, at most a few hundred KiB, far less than a slow reader may leave waiting; nothing: all
/// was told. Throws Error where it cannot go on.
using NextPiece = std::function<std::optional<std::string>()>;

/// Answers with pieces as fast as they are read, one at a time at the desk, so that others have their turn between
/// them. It breaks off, and is not whole, where the caller ends or a piece throws; that goes to the log as an event
/// `what`.
void download(Services& services, Desk& desk, Call&& call, std::string_view what, http::Headers headers,
              NextPiece next);

}  // namespace cofre::gateway::admin
