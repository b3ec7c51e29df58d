#include "gateway/event_log.h"

#include <algorithm>
#include <utility>

namespace cofre::gateway {
namespace {

constexpr std::size_t piece_bytes = 128 << 10;  // a connection is given so much ahead

}  // namespace

std::shared_ptr<EventLog> EventLog::of(std::string text) {
  auto log = std::make_shared<EventLog>();
  log->text_ = std::move(text);
  log->ended_ = true;
  return log;
}

std::size_t EventLog::bytes() const {
  const std::scoped_lock lock(mutex_);
  return text_.size();
}

std::string EventLog::text() const {
  const std::scoped_lock lock(mutex_);
  return text_;
}

void EventLog::read(const http::Responder& client, std::uint64_t from, std::function<void()> stopped) {
  const auto reader = std::make_shared<Reader>();
  reader->client = client;
  reader->skipped = from;
  go_on(reader);
  if (stopped) client.on_stop(std::move(stopped));
}

void EventLog::go_on(const ReaderPtr& reader) {
  {
    const std::scoped_lock lock(mutex_);
    const auto next = advance(*reader);
    if (next == Next::more_events) waiting_.push_back(reader);
    if (next != Next::connection) return;
  }
  wait_for_connection(reader);
}

/// Not with the mutex held: a connection that has taken everything calls at once.
void EventLog::wait_for_connection(const ReaderPtr& reader) {
  reader->client.on_drained([self = shared_from_this(), reader] { self->go_on(reader); });
}

void EventLog::change(std::string_view events, bool end) {
  std::vector<ReaderPtr> busy;
  {
    const std::scoped_lock lock(mutex_);
    text_ += events;
    ended_ = ended_ || end;
    std::erase_if(waiting_, [&](const ReaderPtr& reader) {
      const auto next = advance(*reader);
      if (next == Next::connection) busy.push_back(reader);
      return next != Next::more_events;
    });
  }
  for (const auto& reader : busy) wait_for_connection(reader);
}

EventLog::Next EventLog::advance(Reader& reader) {
  if (reader.client.closed()) return Next::nothing;
  while (reader.skipped > 0) {
    const auto end = text_.find("\n\n", reader.at);
    if (end == std::string::npos) break;
    reader.at = end + 2;
    --reader.skipped;
  }
  if (reader.skipped == 0 && reader.at < text_.size()) {
    const auto piece = std::string_view(text_).substr(reader.at, piece_bytes);
    if (!reader.client.write(piece)) return Next::nothing;
    reader.at += piece.size();
    // Few bytes go on at once; the server cuts a reader who lets too many lie.
    if (piece.size() == piece_bytes) return Next::connection;
  }
  if (!ended_) return Next::more_events;
  reader.client.end();
  return Next::nothing;
}

}  // namespace cofre::gateway
