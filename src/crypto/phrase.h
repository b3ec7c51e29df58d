#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace cofre::crypto {

inline constexpr std::size_t phrase_length = 24;  ///< words

/// A secret as words that a person writes down (BIP-39, English): its 256 bits and the first 8 of their SHA-256 are
/// 24 numbers of 11 bits, each a word. The caller wipes it.
std::string phrase_of(const Secret& secret);

/// And back, however the words are spaced and whatever their case. Throws Error(invalid, phrase) where there are not
/// 24, for a word that is not in the list (told by its place), and where the last bits do not fit the others.
Secret secret_of_phrase(std::string_view phrase);

}  // namespace cofre::crypto
