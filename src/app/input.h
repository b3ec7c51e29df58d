#pragma once

#include <filesystem>
#include <string>

namespace cofre::app {

/// The text that a command works on: `text` where it was given, else the file's, else what comes from a pipe.
/// Throws UsageError where several or none of them are there, Error where a file cannot be read.
std::string input_text(const std::string& text, bool given, const std::string& file);

/// A whole file of at most 64 MiB; "-" is standard input.
std::string read_input_file(const std::string& path);

}  // namespace cofre::app
