#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "accounts/audit/checkpoint.h"
#include "accounts/audit/segment.h"
#include "accounts/audit/trail.h"
#include "json/json.h"

namespace cofre::accounts::audit {

/// What is known of a trail from elsewhere. The more of it, the more is proven: files alone prove only that what is
/// there is one unbroken chain.
struct Expected {
  std::optional<Link> head;             ///< of the database: nothing is missing at the end
  std::optional<Link> base;             ///< of the database: what retention has removed
  std::vector<Checkpoint> checkpoints;  ///< kept elsewhere: no older directory was put in the place of this one
  std::string public_key;               ///< the box's own; empty: that of the first checkpoint in the trail
};

struct Verdict {
  struct Bad {
    std::uint64_t n = 0;  ///< the first record that is not as it was
    std::string segment;  ///< the file where it is, or should be
    std::string what;     ///< "changed", "removed", "reordered", …, for the reader
  };
  std::optional<Bad> bad;                                    ///< nothing: all is as it was
  std::uint64_t records = 0, segments = 0, checkpoints = 0;  ///< that were found true
  Link first, last;                                          ///< of them
  std::string public_key;                                    ///< whose signatures were checked
  std::uint64_t torn_bytes = 0;  ///< behind the last record: one that is being written, or was when the machine stopped
};

/// Reads every record. Throws Error where a file cannot be read, and Error(cancelled) soon after it is told to stop.
Verdict verify(const std::filesystem::path& folder, const Expected& expected, std::stop_token stop = {});

/// What the box of a trail knows of it, with everything so far on the disk.
Expected expected_of(Trail& trail);

/// {"ok","records","segments","checkpoints","first","last","hash","key"}, and where something is not as it was
/// "first_bad": {"record","file","what"}.
json::Object to_json(const Verdict& verdict);

}  // namespace cofre::accounts::audit
