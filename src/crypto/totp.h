#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cofre::crypto {

inline constexpr std::int64_t totp_step_s = 30;

/// Six digits for a step of time (RFC 6238 with HMAC-SHA-1, as every authenticator app takes it); step = seconds / 30.
std::string totp_code(std::span<const std::byte> secret, std::int64_t step);

/// RFC 4648 §6 without padding: how people and apps write secrets.
std::string base32(std::span<const std::byte> bytes);

}  // namespace cofre::crypto
