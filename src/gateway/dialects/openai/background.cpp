#include "gateway/dialects/openai/background.h"

#include <utility>

#include "gateway/desk.h"

namespace cofre::gateway::openai {

Failure too_large(const Settings& settings) {
  auto failure = failure_of(400, fmt::format("the response grew beyond {} bytes, the most that is stored; store: false "
                                             "has no such bound",
                                             settings.response_bytes_max));
  failure.param = "store";
  failure.code = "response_too_large";
  return failure;
}

records::Response record_of(const Services& services, const Call& call, const AnswerHead& head, ResponsesCall& parsed) {
  records::Response record;
  record.id = response_id(call.request.id);
  record.tenant = call.caller->holder();
  record.key_id = call.caller->key_id;
  record.created = head.created;
  record.previous = parsed.previous;
  record.background = parsed.background;
  name_items(parsed.input, record.id);
  record.input = json::dump(parsed.input);
  if (parsed.store && record.input.size() > services.settings.response_bytes_max)
    fail_field(Code::invalid, "input",
               "input: has more than {} bytes, the most that is stored; store: false has no such bound",
               services.settings.response_bytes_max);
  return record;
}

Background::Background(Services& services, records::Response record, std::shared_ptr<ResponseWriter> writer,
                       Ended ended)
    : services_(services), record_(std::move(record)), writer_(std::move(writer)), ended_(std::move(ended)) {
  log_->append(writer_->queue());
  object_ = writer_->object();
}

std::shared_ptr<Background> Background::start(Services& services, Answer::Asker asker, Answer::Plan plan,
                                              records::Response record, std::shared_ptr<ResponseWriter> writer,
                                              Ended ended) {
  const auto made = std::make_shared<Background>(services, record, std::move(writer), std::move(ended));
  services.backgrounds.enter(made, services.settings.background_per_key);
  record.status = "queued";
  record.object = json::dump(made->object_);
  try {
    services.records.responses.add(record);
    const auto answer = Answer::start(services, std::move(asker), std::move(plan), made);
    const std::scoped_lock lock(made->mutex_);
    made->answer_ = answer;
  } catch (...) {  // an Error, or the Failure of a quota
    services.backgrounds.leave(record.id);
    services.records.responses.remove(record.tenant, record.id);
    throw;
  }
  return made;
}

json::Object Background::object() const {
  const std::scoped_lock lock(mutex_);
  return object_;
}

void Background::read(const http::Responder& client, std::uint64_t from) {
  std::weak_ptr<Answer> answer;
  {
    const std::scoped_lock lock(mutex_);
    answer = answer_;
  }
  log_->read(client, from, [answer] {
    if (const auto running = answer.lock()) running->fail(stopping());
  });
}

void Background::write(const std::string& bytes) {
  log_->append(bytes);
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(begun_, true)) object_ = writer_->object();
  if (record_.input.size() + log_->bytes() <= services_.settings.response_bytes_max) return;
  services_.desk.put([answer = answer_, &settings = services_.settings] {  // whose lock is held here
    if (const auto running = answer.lock()) running->fail(too_large(settings));
  });
}

void Background::cancel() {
  std::shared_ptr<Answer> answer;
  {
    const std::scoped_lock lock(mutex_);
    answer = answer_.lock();
  }
  if (answer && answer->leave()) end(writer_->cancel());
}

/// Nothing else writes any more.
void Background::end(std::string last_events) {
  services_.desk.put([self = shared_from_this(), last = std::move(last_events)] { self->keep(last); });
}

void Background::keep(const std::string& last_events) {
  auto object = writer_->object();
  bool unkept = false;
  try {
    services_.records.responses.finish(record_.id, {std::string_view(object.at("status").as_string()),
                                                    json::dump(object), log_->text() + last_events});
    if (ended_) ended_();
  } catch (const Error& error) {
    unkept = true;
    if (services_.settings.log) services_.settings.log("record", {{"id", record_.id}, {"error", error.what()}});
  }
  {
    const std::scoped_lock lock(mutex_);
    object_ = std::move(object);
    unkept_ = unkept;
  }
  log_->append(last_events);
  log_->end();
  if (!unkept) services_.backgrounds.leave(record_.id);
}

void Background::keep_again() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(unkept_, false)) services_.desk.put([self = shared_from_this()] { self->keep({}); });
}

void Backgrounds::enter(const std::shared_ptr<Background>& background, std::uint64_t most) {
  const std::scoped_lock lock(mutex_);
  auto& of_key = of_key_[background->key_id()];
  if (of_key >= most)
    cofre::fail(Code::exhausted, "{} responses of this key run in the background already; that is the most", most);
  ++of_key;
  all_.emplace(background->id(), background);
}

void Backgrounds::leave(std::string_view id) {
  std::shared_ptr<Background> gone;  // freed outside the lock
  const std::scoped_lock lock(mutex_);
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  gone = std::move(found->second);
  all_.erase(found);
  const auto of_key = of_key_.find(gone->key_id());
  if (--of_key->second == 0) of_key_.erase(of_key);
}

std::shared_ptr<Background> Backgrounds::find(std::uint64_t tenant, std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = all_.find(id);
  return found == all_.end() || found->second->tenant() != tenant ? nullptr : found->second;
}

void Backgrounds::keep_again() {
  std::vector<std::shared_ptr<Background>> all;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, background] : all_) all.push_back(background);
  }
  for (const auto& background : all) background->keep_again();
}

}  // namespace cofre::gateway::openai
