#include "text/unicode.h"

#include <algorithm>

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>

#include "base/error.h"

namespace cofre::text {
namespace {

std::uint8_t look_up(char32_t code) noexcept {
  const auto c = static_cast<UChar32>(code);
  const auto mask = U_MASK(u_charType(c));
  std::uint8_t found = 0;
  if (mask & U_GC_L_MASK) found |= letter;
  if (mask & U_GC_N_MASK) found |= number;
  if (mask & U_GC_M_MASK) found |= mark;
  if (mask & U_GC_P_MASK) found |= punctuation;
  if (mask & U_GC_S_MASK) found |= symbol;
  if (u_isUWhiteSpace(c)) found |= space;
  if (mask & U_GC_LL_MASK) found |= lower;
  if (mask & (U_GC_LU_MASK | U_GC_LT_MASK)) found |= upper;
  return found;
}

constexpr char32_t tabled = 0x3000;  // Latin to CJK punctuation: read from memory

}  // namespace

std::uint8_t properties(char32_t code) noexcept {
  static const auto table = [] {
    std::array<std::uint8_t, tabled> all{};
    for (char32_t c = 0; c < tabled; ++c) all[c] = look_up(c);
    return all;
  }();
  if (code < tabled) return table[code];
  if (code >= 0x4e00 && code <= 0x9fa5) return letter;  // CJK ideographs: most of Chinese text
  return look_up(code);
}

bool is_control(char32_t code) noexcept { return (U_GET_GC_MASK(static_cast<UChar32>(code)) & U_GC_C_MASK) != 0; }

bool is_word(char32_t code) noexcept {
  const auto c = static_cast<UChar32>(code);
  constexpr std::uint32_t categories = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return u_isUAlphabetic(c) || (U_GET_GC_MASK(c) & categories) != 0 || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL);
}

bool is_nonspacing_mark(char32_t code) noexcept { return u_charType(static_cast<UChar32>(code)) == U_NON_SPACING_MARK; }

char32_t to_lower(char32_t code) noexcept { return static_cast<char32_t>(u_tolower(static_cast<UChar32>(code))); }

namespace {

std::string normalized(const icu::Normalizer2* form, UErrorCode status, std::string_view text) {
  CHECK(U_SUCCESS(status));
  std::string out;
  form->normalize(icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), status)
      .toUTF8String(out);
  CHECK(U_SUCCESS(status));
  return out;
}

}  // namespace

std::string decompose(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFDInstance(status);
  return normalized(form, status, text);
}

std::string compose(std::string_view text) {
  const auto plain_byte = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), plain_byte)) return std::string(text);
  UErrorCode status = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFCInstance(status);
  return normalized(form, status, text);
}

char32_t plain(char32_t code) noexcept {
  if (code >= 'A' && code <= 'Z') return code + ('a' - 'A');
  if (code < 0x80) return code >= '\t' && code <= '\r' ? U' ' : code;
  if (code >= 0x4e00 && code <= 0x9fa5) return code;
  if (code >= 0xff01 && code <= 0xff5e) return plain(code - 0xfee0);
  const auto c = static_cast<UChar32>(code);
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return 0;
  if (u_isUWhiteSpace(c)) return U' ';
  return static_cast<char32_t>(u_foldCase(c, U_FOLD_CASE_DEFAULT));
}

std::string to_upper(std::string_view text) {
  std::string out;
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())})
      .toUpper(icu::Locale::getRoot())
      .toUTF8String(out);
}

std::string to_lower(std::string_view text) {
  std::string out;
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())})
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
}

}  // namespace cofre::text
