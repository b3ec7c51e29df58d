#pragma once

namespace cofre::os {

enum class Stream { in = 0, out = 1, error = 2 };

/// Whether a person sits at the other end (and TERM is not "dumb").
bool is_terminal(Stream stream);

/// Columns of the terminal at a stream; 80 where it does not tell.
unsigned terminal_columns(Stream stream);

}  // namespace cofre::os
