#include "rules/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "base/error.h"

namespace cofre::rules {
namespace {

constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::size_t workspace_ints = 8192;
constexpr std::uint32_t steps_max = 200'000;

}  // namespace

struct Pattern::Compiled {
  pcre2_code* code = nullptr;
  ~Compiled() { pcre2_code_free(code); }
};

Pattern::Pattern(const std::string& text, std::string_view field) : compiled_(std::make_unique<Compiled>()) {
  const std::string place(field);
  if (text.size() > pattern_bytes_max) {
    fail_field(Code::invalid, place, "{}: longer than {} bytes", field, pattern_bytes_max);
  }
  int error = 0;
  PCRE2_SIZE at = 0;
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(text.data());
  // What rules compare is folded already; the pattern itself may have been written in capitals.
  const auto options = PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;
  compiled_->code = pcre2_compile(bytes, text.size(), options, &error, &at, nullptr);
  if (compiled_->code == nullptr) {
    std::array<PCRE2_UCHAR, 256> why{};
    pcre2_get_error_message(error, why.data(), why.size());
    fail_field(Code::invalid, place, "{}: \"{}\" is wrong at {}: {}", field, text, at,
               reinterpret_cast<const char*>(why.data()));
  }
  std::uint32_t references = 0, empty = 0;
  pcre2_pattern_info(compiled_->code, PCRE2_INFO_BACKREFMAX, &references);
  pcre2_pattern_info(compiled_->code, PCRE2_INFO_MATCHEMPTY, &empty);
  if (references > 0) fail_field(Code::invalid, place, "{}: \"{}\" refers back", field, text);
  if (empty != 0) fail_field(Code::invalid, place, "{}: \"{}\" matches the empty text", field, text);
}

Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Pattern::Found Pattern::find(std::string_view subject, std::size_t from, bool at_end) const {
  struct Scratch {
    pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
    pcre2_match_context* limits = pcre2_match_context_create(nullptr);
    std::vector<int> workspace = std::vector<int>(workspace_ints);
    Scratch() { pcre2_set_match_limit(limits, steps_max); }
    ~Scratch() {
      pcre2_match_data_free(data);
      pcre2_match_context_free(limits);
    }
  };
  thread_local Scratch scratch;
  Found found{{}, subject.size()};
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data());
  while (from < subject.size()) {
    const auto options = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | (at_end ? 0 : PCRE2_PARTIAL_HARD);
    const int result = pcre2_dfa_match(compiled_->code, bytes, subject.size(), from, options, scratch.data,
                                       scratch.limits, scratch.workspace.data(), scratch.workspace.size());
    if (result == PCRE2_ERROR_NOMATCH) return found;
    const auto* range = pcre2_get_ovector_pointer(scratch.data);
    if (result == PCRE2_ERROR_PARTIAL) {
      found.open = range[0];
      return found;
    }
    if (result < 0) {
      found.matches.push_back({from, subject.size()});
      return found;
    }
    // 0: there were shorter matches too; the longest comes first.
    found.matches.push_back({range[0], range[1]});
    from = range[1];
  }
  return found;
}

}  // namespace cofre::rules
