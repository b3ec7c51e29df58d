#pragma once

#include <string>

#include "gateway/encoder.h"
#include "gateway/services.h"

namespace cofre::gateway {

/// Where the bytes of an answer go. One call at a time; finish() or fail() is the last.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Headers of the answer that become known on its way; before the first write().
  virtual void add_headers(const http::Headers&) {}
  /// What an event became; empty where it is kept for the end. The first one tells that the model has begun.
  virtual void write(const std::string& bytes) = 0;
  /// What ends the answer.
  virtual void finish(std::string bytes) = 0;
  /// `encoder` writes the failure where the answer has begun.
  virtual void fail(const Failure& failure, Encoder& encoder) = 0;
};

/// The caller's connection: a stream, whose head goes before its first piece, or one body at the end.
class Connection : public Outlet {
 public:
  Connection(Call&& call, bool stream) : call_(std::move(call)), stream_(stream) {}
  void add_headers(const http::Headers& headers) override;
  void write(const std::string& bytes) override;
  void finish(std::string bytes) override;
  void fail(const Failure& failure, Encoder& encoder) override;

 private:
  Call call_;
  bool stream_, begun_ = false;
};

/// Answers with an event stream, which begins with `first`; a comment is sent where it has nothing to say for a while.
void begin_event_stream(const Call& call, std::string first = {});

}  // namespace cofre::gateway
