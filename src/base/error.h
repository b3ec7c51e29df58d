#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cofre {

/// What kind of failure an Error is; each boundary maps it to its own form (exit code, HTTP status, error event).
enum class Code {
  invalid,      ///< the caller's input is wrong: a bad field, a malformed file
  not_found,    ///< the thing named does not exist
  unsupported,  ///< understood, but this build or machine cannot do it
  exhausted,    ///< a limit was reached: memory, disk, context, queue
  unavailable,  ///< an outside thing failed: a file that cannot be read, a host that does not answer
  cancelled,    ///< the caller went away or asked to stop
  internal,     ///< a fault of ours
};

/// The one exception type. Thrown where the fault is found; caught only at the boundaries (architecture.md §4).
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message, std::string field = {})
      : std::runtime_error(message), code_(code), field_(std::move(field)) {}

  Code code() const noexcept { return code_; }
  /// The input field at fault ("general.architecture", "temperature"); empty where none is.
  const std::string& field() const noexcept { return field_; }

 private:
  Code code_;
  std::string field_;
};

/// Throws Error(code) with a formatted one-line message.
template <class... Args>
[[noreturn]] void fail(Code code, fmt::format_string<Args...> form, Args&&... args) {
  throw Error(code, fmt::format(form, std::forward<Args>(args)...));
}

/// As fail(), naming the field at fault.
template <class... Args>
[[noreturn]] void fail_field(Code code, std::string field, fmt::format_string<Args...> form, Args&&... args) {
  throw Error(code, fmt::format(form, std::forward<Args>(args)...), std::move(field));
}

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;
}

}  // namespace cofre

/// A programmer's error: prints the condition and aborts, in release builds too. Never for input.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::cofre::detail::check_failed(#condition, __FILE__, __LINE__))
