#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "fleet/local_model.h"
#include "fleet/resolve.h"

namespace cofre::fleet {

/// The local models that a box serves: those of preload, then those of the store, each with its names and settings. The
/// name "default" and the configuration's own aliases are among the names.
/// Throws Error(not_found or invalid) where a model of preload, or one that an alias stands for, cannot be found.
std::vector<LocalSettings> roster(const Models& models, const config::Config& config);

}  // namespace cofre::fleet
