#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/command.h"
#include "fleet/resolve.h"
#include "serving/text_model.h"

namespace cofre::app {

/// One line on standard error that tells how far a piece of work is; nothing where no person looks on.
class WorkLine {
 public:
  WorkLine();
  ~WorkLine() { clear(); }
  void show(std::string_view what, double share);
  void say(std::string_view what);
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  int last_ = -1;
};

/// MODEL and what every command that computes with one takes.
struct ModelOptions {
  std::string model;
  std::int64_t threads = 0;

  /// Declares MODEL (required) and --threads.
  void declare(Options& options);
  fleet::Resolved find() const;
  /// Opens and packs the model, with a line of progress.
  std::unique_ptr<serving::Loaded> load() const;
  std::unique_ptr<serving::Loaded> load(const fleet::Resolved& resolved) const;
};

}  // namespace cofre::app
