#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "crypto/certificates.h"
#include "http/server.h"

namespace cofre::http {

/// For tests: an authority, and a certificate of localhost that it signed.
struct TestTls {
  std::chrono::sys_seconds now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  crypto::Identity authority = crypto::make_authority("Box", now, std::chrono::days(2));
  crypto::Identity identity =
      crypto::make_server_certificate(authority, std::vector<std::string>{"localhost"}, now, std::chrono::days(1));

  Options options() const {
    Options options;
    options.tls.certificate_pem = identity.certificate_pem;
    options.tls.key_pem = identity.key_pem;
    return options;
  }
};

}  // namespace cofre::http
