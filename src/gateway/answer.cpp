#include "gateway/answer.h"

#include <utility>

#include "gateway/auditor.h"
#include "gateway/metrics.h"

namespace cofre::gateway {
namespace {

const char* name_of(protocol::FinishReason reason) {
  switch (reason) {
    case protocol::FinishReason::stop: return "stop";
    case protocol::FinishReason::length: return "length";
    case protocol::FinishReason::tool_calls: return "tool_calls";
    case protocol::FinishReason::content_filter: return "content_filter";
  }
  return "stop";
}

}  // namespace

Answer::Answer(Services& services, Asker asker, Plan& plan, std::shared_ptr<Outlet> outlet)
    : services_(services),
      asker_(std::move(asker)),
      choices_(plan.requests.front().choices),
      cache_(plan.requests.front().cache_prompt),
      max_tokens_(plan.requests.front().max_tokens),
      encoder_(std::move(plan.encoder)),
      outlet_(std::move(outlet)),
      wanted_(plan.requests.size()) {
  const auto known = services_.models.find(plan.requests.front().model);
  model_ = known ? known->name : "unknown";  // a stranger's words are no label
  runs_.resize(wanted_);
}

void Answer::start(Services& services, Call&& call, Plan plan) {
  Asker asker{*call.caller, call.request.id, call.trace, call.priority};
  const auto client = call.responder;
  auto connection = std::make_shared<Connection>(std::move(call), plan.stream);
  start(services, std::move(asker), std::move(plan), std::move(connection), &client);
}

std::shared_ptr<Answer> Answer::start(Services& services, Asker asker, Plan plan, std::shared_ptr<Outlet> outlet,
                                      const http::Responder* client) {
  const auto key = asker.caller.key_id;
  for (auto& request : plan.requests) {
    request.id = asker.request_id;
    request.tenant = asker.caller.tenant;
    request.priority = asker.priority;
  }
  const auto answer = std::make_shared<Answer>(services, std::move(asker), plan, std::move(outlet));
  answer->screen(plan.requests);
  answer->keep_content(plan.requests);
  answer->meter_ = set_aside(services.accounts, answer->asker_.caller, answer->model_, plan.requests);
  answer->outlet_->add_headers(rate_limits(services.accounts, answer->asker_.caller, answer->model_));
  services.flights.enter(key, answer, services.settings.requests_per_key);
  answer->entered_ = true;
  if (client != nullptr) {
    const std::weak_ptr<Answer> weak = answer;
    client->on_close([weak] {
      if (const auto self = weak.lock()) self->leave();
    });
    client->on_stop([weak] {
      if (const auto self = weak.lock()) self->fail(stopping());
    });
  }
  answer->submit(std::move(plan.requests));
  return answer;
}

void Answer::submit(std::vector<protocol::Request> requests) {
  for (std::size_t run = 0; run < requests.size(); ++run) {
    std::unique_ptr<Running> running;
    try {
      running = services_.models.submit(
          std::move(requests[run]),
          [self = shared_from_this(), run](const protocol::Event& event) { self->take(run, event); });
    } catch (const Error& error) {
      fail(failure_of(error));
      return;
    }
    const std::scoped_lock lock(mutex_);
    if (!over_) std::swap(runs_[run], running);  // else it is dropped here
  }
}

void Answer::take(std::size_t run, const protocol::Event& event) {
  if (const auto* failed = std::get_if<protocol::Failed>(&event)) return fail(failure_of(*failed));
  std::vector<std::unique_ptr<Running>> dropped;
  const std::scoped_lock lock(mutex_);
  if (over_) return;
  if (const auto* done = std::get_if<protocol::Done>(&event)) {
    add(usage_, done->usage);
    if (++done_ < wanted_) return;
    dropped = std::move(runs_);
    end(200, finish_.empty() ? "done" : finish_);
    outlet_->finish(encoder_->finish(usage_));
    return;
  }
  meter_.take(event);
  note_progress(run, event);
  if (!screening_) return tell(run, event);
  for (const auto& screened : screening_->take(run, event)) tell(run, screened);
  if (!screening_->refused()) return;
  usage_ = seen_;
  dropped = std::move(runs_);
  end(200, "content_filter");
  outlet_->finish(encoder_->finish(usage_));
}

void Answer::tell(std::size_t run, const protocol::Event& event) {
  if (transcript_) transcript_->take(run, event);
  outlet_->write(encoder_->take(run, event));
}

void Answer::keep_content(const std::vector<protocol::Request>& requests) {
  if (!asker_.trace) return;
  const auto days = services_.accounts.retention.days(accounts::Kept::contents, asker_.caller.user);
  if (!days) return;
  content_days_ = *days;
  transcript_ = std::make_unique<Transcript>(requests);
}

/// The rules of the caller's tenant over what is asked, and over the answer to come.
void Answer::screen(std::vector<protocol::Request>& requests) {
  const auto all = services_.settings.content_rules ? services_.settings.content_rules() : nullptr;
  if (!all) return;
  const auto tenant = services_.accounts.directory.find_tenant(static_cast<std::int64_t>(asker_.caller.tenant));
  const auto name = tenant ? tenant->name : std::string();
  const auto output = all->matcher(name, rules::Direction::output);
  std::string label;
  for (auto& request : requests) {
    if (const auto input = all->matcher(name, rules::Direction::input)) {
      const auto matched = screen_request(*input, request);
      input_rules_.insert(input_rules_.end(), matched.begin(), matched.end());
    }
    if (output && output->alters() && (request.logprobs || request.prompt_logprobs)) {
      auto failure =
          failure_of(400, "logprobs: not under the content rules of this box: they would tell what is hidden");
      failure.param = "logprobs";
      throw failure;
    }
    const bool is_prose = std::holds_alternative<protocol::Chat>(request.task) &&
                          request.constraint.kind == protocol::Constraint::Kind::none;
    if (const auto given = all->label(name); given && is_prose) label = given->visible;
  }
  if (output || !label.empty())
    screening_ = std::make_unique<Screening>(output, label.empty() ? label : label + "\n\n");
}

void Answer::fail(const Failure& failure) {
  std::vector<std::unique_ptr<Running>> dropped;
  const std::scoped_lock lock(mutex_);
  if (over_) return;
  dropped = std::move(runs_);
  end(failure.status, failure.code.empty() ? failure.type : failure.code);
  outlet_->fail(failure, *encoder_);
}

bool Answer::leave() {
  std::vector<std::unique_ptr<Running>> dropped;
  const std::scoped_lock lock(mutex_);
  if (over_) return false;
  dropped = std::move(runs_);
  end(499, "left");
  return true;
}

void Answer::note_progress(std::size_t run, const protocol::Event& event) {
  if (const auto* started = std::get_if<protocol::Started>(&event)) {
    seen_.prompt_tokens += started->prompt_tokens;
    seen_.cached_tokens += started->cached_tokens;
  } else if (const auto* finished = std::get_if<protocol::Finished>(&event)) {
    finish_ = name_of(finished->reason);
    if (finished->work) services_.metrics.finished(model_, *finished->work);
  } else if (const auto* text = std::get_if<protocol::Text>(&event)) {
    note_piece(run, text->choice);
  } else if (const auto* thought = std::get_if<protocol::Reasoning>(&event)) {
    note_piece(run, thought->choice);
  } else if (const auto* call = std::get_if<protocol::ToolCall>(&event)) {
    note_piece(run, call->choice);
  }
}

void Answer::note_piece(std::size_t run, std::uint32_t choice) {
  ++seen_.completion_tokens;
  const auto now = Clock::now();
  const auto [last, first] = last_.try_emplace({run, choice}, now);
  if (first) {
    services_.metrics.first_token(model_, now - began_);
  } else {
    services_.metrics.next_token(model_, now - std::exchange(last->second, now));
  }
}

/// With the mutex held, once; before the caller hears of it: what was told to be used is settled, whatever comes then.
void Answer::end(int status, std::string_view outcome) {
  over_ = true;
  if (entered_) services_.flights.leave(asker_.caller.key_id, this);
  meter_.settle(done_ == wanted_ ? &usage_ : nullptr);
  const auto took = Clock::now() - began_;
  services_.metrics.answered(model_, {status, outcome, usage_, took, choices_, cache_, max_tokens_});
  if (asker_.trace) {
    asker_.trace->ended(model_, status, outcome, usage_);
    if (screening_) asker_.trace->matched(screening_->matched());
    asker_.trace->matched(input_rules_);
    if (transcript_) asker_.trace->held({transcript_->text(), content_days_});
  }
  if (!services_.settings.log) return;
  json::Object fields{{"id", asker_.request_id},
                      {"key", asker_.caller.key_name},
                      {"model", model_},
                      {"status", status},
                      {"outcome", outcome},
                      {"prompt_tokens", usage_.prompt_tokens},
                      {"cached_tokens", usage_.cached_tokens},
                      {"completion_tokens", usage_.completion_tokens},
                      {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}};
  services_.settings.log("answer", fields);
}

}  // namespace cofre::gateway
