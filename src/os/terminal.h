#pragma once

#include <string>
#include <string_view>

namespace cofre::os {

enum class Stream { in = 0, out = 1, error = 2 };

/// Whether a person sits at the other end (and TERM is not "dumb").
bool is_terminal(Stream stream);

/// Columns of the terminal at a stream; 80 where it does not tell.
unsigned terminal_columns(Stream stream);

/// A line that a person types at the terminal of standard input without its being shown, up to 1024 bytes; `prompt`
/// goes to standard error. Throws Error(cancelled) for Ctrl-C and Ctrl-D.
std::string read_hidden(std::string_view prompt);

}  // namespace cofre::os
