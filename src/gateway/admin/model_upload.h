#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"
#include "os/disk.h"

namespace cofre::gateway::admin {

/// A model file on its way to the disk as its bytes come, into a file of its own beside the store; removed unless it is
/// kept.
class ModelUpload : public http::BodySink {
 public:
  /// Throws Error(exhausted) where the disk has less free than the headers announce, and a reserve.
  ModelUpload(const http::Request& head, const std::filesystem::path& data);
  ~ModelUpload() override;

  void take(std::string_view piece) noexcept override;
  /// The body is whole: where it lies. Whoever calls removes it. Throws what was wrong with it.
  std::filesystem::path keep();

 private:
  std::filesystem::path path_;
  std::unique_ptr<os::AppendFile> file_;
  std::exception_ptr failed_;
};

}  // namespace cofre::gateway::admin
