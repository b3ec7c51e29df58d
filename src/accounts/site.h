#pragma once

#include <string>
#include <vector>

namespace cofre::accounts {

/// The pages of this box as a browser knows them: what passkeys are bound to.
struct Site {
  std::string rp_id;                 ///< the domain: "box.example"
  std::vector<std::string> origins;  ///< "https://box.example:8443"
};

}  // namespace cofre::accounts
