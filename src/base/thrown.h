#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace cofre {

/// For tests: the error that `action` throws; nothing where it throws none.
std::optional<Error> thrown_by(auto&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Its code; Code::internal where there is no error.
Code code_of(auto&& action) {
  const auto error = thrown_by(action);
  return error ? error->code() : Code::internal;
}

/// The field that it names; "no error" where there is none.
std::string field_of(auto&& action) {
  const auto error = thrown_by(action);
  return error ? error->field() : "no error";
}

}  // namespace cofre
