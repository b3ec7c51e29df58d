#pragma once

#include <exception>
#include <map>
#include <memory>
#include <string>

#include "accounts/accounts.h"
#include "gateway/multipart.h"
#include "http/message.h"
#include "records/files.h"

namespace cofre::gateway::openai {

/// The form of POST /v1/files as it comes: file, purpose, expires_after[anchor], expires_after[seconds]. The file goes
/// sealed to the disk.
class Upload : public http::BodySink, private Multipart::Taker {
 public:
  /// Throws Error(invalid) where the headers tell of no form, Failure 413 and 429 where they tell of more than fits.
  Upload(const http::Request& head, accounts::Accounts& accounts, const accounts::Caller& caller, records::Files& files,
         std::uint64_t bytes_max);

  void take(std::string_view piece) noexcept override;

  /// The body is whole: keeps the file. Throws what was wrong with it: Error(invalid, field), Failure 413, 429
  /// (a quota of storage), Error(exhausted, full_disk).
  records::File keep(std::uint64_t tenant);

 private:
  void begin(const Multipart::Part& part) override;
  void data(std::string_view bytes) override;
  void end() override;
  std::optional<std::int64_t> expires_after() const;

  void make_room(std::uint64_t bytes);

  accounts::Accounts& accounts_;
  records::Files& files_;
  const std::uint64_t bytes_max_;
  std::uint64_t bytes_expected_;
  Multipart parser_;
  std::exception_ptr failed_;
  std::map<std::string, std::string, std::less<>> fields_;
  std::string name_, *field_ = nullptr;  ///< the part being read: null is the file
  accounts::Room room_;                  ///< before draft_: what is given up on is gone before its room is another's
  std::unique_ptr<records::Files::Draft> draft_;
};

/// Seconds of expires_after and output_expires_after.
inline constexpr std::int64_t expiry_least_s = 3600, expiry_most_s = 2'592'000;

}  // namespace cofre::gateway::openai
