#pragma once

#include <string>

#include "base/error.h"

namespace cofre::grammar {

/// The code, and the field, of the error that `make` throws; Code::internal where it throws none.
template <class Make>
Code code_of(Make&& make, std::string* field = nullptr) {
  try {
    make();
  } catch (const Error& error) {
    if (field) *field = error.field();
    return error.code();
  }
  return Code::internal;
}

}  // namespace cofre::grammar
