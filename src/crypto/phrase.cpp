#include "crypto/phrase.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/error.h"
#include "crypto/phrase_words.h"
#include "crypto/sha256.h"

namespace cofre::crypto {
namespace {

constexpr unsigned word_bits = 11;
constexpr std::size_t words_in_list = 1 << word_bits;

std::vector<std::string_view> split(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  std::vector<std::string_view> words;
  for (auto at = text.find_first_not_of(spaces); at != text.npos; at = text.find_first_not_of(spaces, at)) {
    const auto end = std::min(text.find_first_of(spaces, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

const std::vector<std::string_view>& word_list() {
  static const auto list = split(phrase_words);
  CHECK(list.size() == words_in_list);
  return list;
}

std::byte check_byte(std::span<const std::byte> bytes) {
  const auto sum = sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return static_cast<std::byte>(std::stoul(sum.substr(0, 2), nullptr, 16));
}

/// The place of a word in the list, which is sorted.
std::size_t number_of(std::string_view word, std::size_t place) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto& list = word_list();
  const auto found = std::lower_bound(list.begin(), list.end(), lower);
  if (found == list.end() || *found != lower) {
    fail_field(Code::invalid, "phrase", "phrase: word {} is none of the list (BIP-39, English)", place);
  }
  return static_cast<std::size_t>(found - list.begin());
}

}  // namespace

std::string phrase_of(const Secret& secret) {
  std::string phrase;
  std::uint32_t bits = 0;
  unsigned count = 0;
  const auto take = [&](std::byte byte) {
    bits = bits << 8 | static_cast<std::uint32_t>(byte);
    count += 8;
    if (count < word_bits) return;
    count -= word_bits;
    if (!phrase.empty()) phrase += ' ';
    phrase += word_list()[bits >> count & (words_in_list - 1)];
  };
  phrase.reserve(phrase_length * 9);  // the longest word has 8 letters: no copy is left behind
  for (const auto byte : secret.bytes()) take(byte);
  take(check_byte(secret.bytes()));
  return phrase;
}

Secret secret_of_phrase(std::string_view phrase) {
  const auto words = split(phrase);
  if (words.size() != phrase_length) {
    fail_field(Code::invalid, "phrase", "phrase: has {} words, not {}", words.size(), phrase_length);
  }
  std::array<std::byte, secret_bytes + 1> bytes{};
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0, place = 0;
  for (const auto word : words) {
    bits = bits << word_bits | static_cast<std::uint32_t>(number_of(word, ++place));
    for (count += word_bits; count >= 8; count -= 8) bytes[at++] = static_cast<std::byte>(bits >> (count - 8) & 0xff);
  }
  auto secret = Secret::from(std::span(bytes).first(secret_bytes));
  const auto check = bytes[secret_bytes];
  wipe(bytes);
  if (check != check_byte(secret.bytes())) {
    fail_field(Code::invalid, "phrase", "phrase: a word is wrong or in another place: the last one does not fit");
  }
  return secret;
}

}  // namespace cofre::crypto
