#include "http/responder.h"

#include <utility>

#include "http/exchange.h"

namespace cofre::http {

/// The last copy of a Responder ends what was not ended.
struct Responder::Hold {
  explicit Hold(std::shared_ptr<Exchange> of) : exchange(std::move(of)) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { exchange->abandon(); }
  std::shared_ptr<Exchange> exchange;
};

Responder::Responder(std::shared_ptr<Exchange> exchange) : hold_(std::make_shared<Hold>(std::move(exchange))) {}

void Responder::answer(Response response) const { hold_->exchange->answer(std::move(response)); }
void Responder::begin(Response head, std::string idle_text, std::int64_t idle_ms) const {
  hold_->exchange->begin(std::move(head), std::move(idle_text), idle_ms);
}
bool Responder::write(std::string_view bytes) const { return hold_->exchange->write(bytes); }
void Responder::end() const { hold_->exchange->end(); }
WebSocket Responder::upgrade(const Request& request, Upgrade upgrade) const {
  return hold_->exchange->upgrade(request, std::move(upgrade));
}
bool Responder::closed() const { return hold_->exchange->closed(); }
std::size_t Responder::buffered() const { return hold_->exchange->buffered(); }
void Responder::on_close(std::function<void()> call) const { hold_->exchange->on_close(std::move(call)); }
void Responder::on_stop(std::function<void()> call) const { hold_->exchange->on_stop(std::move(call)); }
void Responder::on_drained(std::function<void()> call) const { hold_->exchange->on_drained(std::move(call)); }

}  // namespace cofre::http
