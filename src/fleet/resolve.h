#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "fleet/catalogue.h"
#include "fleet/store.h"

namespace cofre::fleet {

/// The catalogue and the store of one data directory.
struct Models {
  std::filesystem::path data_directory;
  Catalogue catalogue;
  Store store;

  static Models open(const std::filesystem::path& data_directory);
  /// Of os::data_directory().
  static Models open();
};

/// A model file ready to be opened.
struct Resolved {
  std::string name;  ///< of the catalogue or the store; the path where it has none
  std::filesystem::path file;
  std::optional<Model> row;  ///< of the catalogue, with its sampling defaults
};

/// What MODEL on a command line means, in this order: a name or alias of the catalogue, a name in the store,
/// owner/name:QUANTIZATION that was pulled, a file. An empty text: the row of choose_default().
/// A model of the store must be unchanged since it was checked (size, time, inode).
/// Throws Error(not_found) saying how to get it, Error(invalid) where the file was changed.
Resolved resolve(const Models& models, std::string_view model);

/// The name in the store of what a person calls MODEL there: a catalogue row's name, an alias, owner/name:QUANTIZATION,
/// or the name itself. Throws Error(invalid) where the text can be none of these.
std::string stored_name(const Models& models, std::string_view model);

/// The largest default row that fits into the memory that is free now. Throws Error(exhausted) with the numbers.
const Model& choose_default(const Catalogue& catalogue);
const Model& choose_default(const Catalogue& catalogue, std::uint64_t memory_bytes);

}  // namespace cofre::fleet
