#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/errors.h"
#include "protocol/event.h"

namespace cofre::gateway {

/// Turns the events of an answer into a dialect's bytes: of a stream as they come, else all at the end. A request may
/// run as several (a completion with many prompts): `run` counts them. One call at a time.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// The bytes that an event becomes in a stream; empty where it is kept for the end. Never Done or Failed.
  virtual std::string take(std::size_t run, const protocol::Event& event) = 0;
  /// All runs are done: what ends the stream, or the whole body. `usage` is of all of them.
  virtual std::string finish(const protocol::Usage& usage) = 0;
  /// What tells a failure in a stream that has begun.
  virtual std::string fail(const Failure& failure) = 0;
};

/// Sums of several runs.
void add(protocol::Usage& to, const protocol::Usage& usage);

}  // namespace cofre::gateway
