#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/answer.h"
#include "gateway/dialects/openai/responses.h"
#include "gateway/event_log.h"

namespace cofre::gateway::openai {

/// A response that has become too much to be stored.
Failure too_large(const Settings& settings);

/// What is stored of a response before it is written. Throws Error(invalid, input) where what was asked is too much.
records::Response record_of(const Services& services, const Call& call, const AnswerHead& head, ResponsesCall& parsed);

/// A response that is written whether or not anybody listens. Its events are there for who comes, or comes back; its
/// end is stored before it is told.
class Background : public Outlet, public std::enable_shared_from_this<Background> {
 public:
  /// Stores more than the response when it has ended, at the desk, once; what it throws lets both be tried again.
  using Ended = std::function<void()>;
  /// Stores it as queued and begins. Throws Error(exhausted) where the key has too many. At the desk.
  static std::shared_ptr<Background> start(Services& services, Answer::Asker asker, Answer::Plan plan,
                                           records::Response record, std::shared_ptr<ResponseWriter> writer,
                                           Ended ended = nullptr);

  Background(Services& services, records::Response record, std::shared_ptr<ResponseWriter> writer, Ended ended);
  const std::string& id() const { return record_.id; }
  std::uint64_t tenant() const { return record_.tenant; }
  std::int64_t key_id() const { return record_.key_id; }

  /// The response object as of now.
  json::Object object() const;
  /// Streams events number `from` and on to a client that has got the head of the stream.
  void read(const http::Responder& client, std::uint64_t from);
  /// Ends it where it is not over; a job of the desk stores that. At the desk.
  void cancel();
  /// Stores an end that could not be stored.
  void keep_again();

  void write(const std::string& bytes) override;
  void finish(std::string bytes) override { end(std::move(bytes)); }
  void fail(const Failure& failure, Encoder& encoder) override { end(encoder.fail(failure)); }

 private:
  void end(std::string last_events);
  void keep(const std::string& last_events);

  Services& services_;
  const records::Response record_;
  const std::shared_ptr<ResponseWriter> writer_;
  const Ended ended_;
  const std::shared_ptr<EventLog> log_ = std::make_shared<EventLog>();
  mutable std::mutex mutex_;  ///< of what follows
  std::weak_ptr<Answer> answer_;
  json::Object object_;
  bool begun_ = false, unkept_ = false;
};

/// Those that run or wait, by their ids. Any thread.
class Backgrounds {
 public:
  /// Throws Error(exhausted) where the key has `most` already.
  void enter(const std::shared_ptr<Background>& background, std::uint64_t most);
  void leave(std::string_view id);
  /// Null where there is none, or it is another tenant's.
  std::shared_ptr<Background> find(std::uint64_t tenant, std::string_view id) const;
  /// Those whose end could not be stored try it again.
  void keep_again();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Background>, std::less<>> all_;
  std::map<std::int64_t, std::uint64_t> of_key_;
};

}  // namespace cofre::gateway::openai
