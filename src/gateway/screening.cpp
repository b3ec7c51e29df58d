#include "gateway/screening.h"

#include <algorithm>
#include <iterator>

#include "gateway/errors.h"

namespace cofre::gateway {
namespace {

Failure refusal(std::string_view what) {
  auto failure = failure_of(400, fmt::format("a content rule of this box refuses {}", what));
  failure.code = "content_filter";
  return failure;
}

class RequestScreen {
 public:
  explicit RequestScreen(const rules::Matcher& matcher) : matcher_(matcher) {}

  void text(std::string& text, rules::Writing writing = rules::Writing::plain) {
    // Not owned: the matcher outlives this.
    rules::Screen screen({std::shared_ptr<void>(), &matcher_}, writing);
    auto screened = screen.take(text);
    screened += screen.flush();
    if (screen.refused()) throw refusal("this request");
    for (const auto rule : screen.matched()) matched_.insert(matcher_.rules[rule].name);
    text = std::move(screened);
  }
  void value(json::Value& value) {
    if (value.is_string()) {
      std::string content(value.get_string());
      text(content);
      value = content;
    } else if (value.is_array()) {
      for (auto& item : value.get_array()) this->value(item);
    } else if (value.is_object()) {
      for (auto& member : value.get_object()) {
        constexpr std::string_view words[] = {"role", "type", "id", "tool_call_id"};
        const bool is_word =
            std::find(std::begin(words), std::end(words), std::string_view(member.key())) != std::end(words);
        if (!is_word) this->value(member.value());
      }
    }
  }
  void ids() const {
    if (matcher_.alters()) throw refusal("token ids, which it cannot read: send a text");
  }
  std::vector<std::string> matched() const { return {matched_.begin(), matched_.end()}; }

 private:
  const rules::Matcher& matcher_;
  std::set<std::string> matched_;
};

}  // namespace

std::vector<std::string> screen_request(const rules::Matcher& matcher, protocol::Request& request) {
  RequestScreen screen(matcher);
  const auto either = [&](auto& text_or_ids) {
    if (auto* text = std::get_if<std::string>(&text_or_ids)) {
      screen.text(*text);
    } else {
      screen.ids();
    }
  };
  if (auto* chat = std::get_if<protocol::Chat>(&request.task)) {
    for (auto& message : chat->messages) screen.value(message);
    for (auto& tool : chat->tools) {
      json::Value copy = tool;  // a tool's names must stay what they are: it may be refused, not masked
      screen.value(copy);
    }
  } else if (auto* completion = std::get_if<protocol::Completion>(&request.task)) {
    either(completion->prompt);
    if (completion->suffix) screen.text(*completion->suffix);
  } else if (auto* embedding = std::get_if<protocol::Embedding>(&request.task)) {
    for (auto& input : embedding->inputs) either(input);
  } else if (auto* rerank = std::get_if<protocol::Rerank>(&request.task)) {
    screen.text(rerank->query);
    for (auto& document : rerank->documents) screen.text(document);
  }
  return screen.matched();
}

rules::Screen& Screening::flow(const Key& key) {
  const auto writing = std::get<Kind>(key) == Kind::arguments ? rules::Writing::json : rules::Writing::plain;
  return flows_.try_emplace(key, matcher_, writing).first->second;
}

void Screening::add_text(const Key& key, const protocol::Event& like, std::string text,
                         std::vector<protocol::Event>& events) {
  const auto choice = std::get<1>(std::get<Place>(key));
  switch (std::get<Kind>(key)) {
    case Kind::text: {
      if (!label_.empty() && labelled_.insert(std::get<Place>(key)).second) text = label_ + text;
      protocol::Text made{choice, std::move(text)};
      if (const auto* given = std::get_if<protocol::Text>(&like)) made.logprobs = given->logprobs;
      if (!made.text.empty() || !made.logprobs.empty()) events.emplace_back(std::move(made));
      return;
    }
    case Kind::reasoning:
      if (!text.empty()) events.emplace_back(protocol::Reasoning{choice, std::move(text)});
      return;
    case Kind::arguments: {
      protocol::ToolCall made{choice, std::get<2>(key), {}, {}, std::move(text)};
      if (const auto* given = std::get_if<protocol::ToolCall>(&like)) {
        made.id = given->id;
        made.name = given->name;
      }
      if (!made.id.empty() || !made.arguments.empty()) events.emplace_back(std::move(made));
      return;
    }
  }
}

void Screening::screened(const Key& key, const protocol::Event& like, const std::string& text,
                         std::vector<protocol::Event>& events) {
  turn_to(key, events);
  if (refused_) return;
  if (matcher_ == nullptr) return add_text(key, like, text, events);
  auto& screen = flow(key);
  auto passed = screen.take(text);
  if (screen.refused()) return refuse(std::get<1>(std::get<Place>(key)), events);
  add_text(key, like, std::move(passed), events);
}

/// What one kind of text holds back goes before another kind begins: the order stays.
void Screening::turn_to(const Key& key, std::vector<protocol::Event>& events) {
  const auto [current, fresh] = current_.try_emplace(std::get<Place>(key), key);
  if (fresh || current->second == key) return;
  flush(current->second, events);
  current->second = key;
}

void Screening::flush(const Key& key, std::vector<protocol::Event>& events) {
  const auto found = flows_.find(key);
  if (found == flows_.end() || refused_) return;
  auto rest = found->second.flush();
  if (found->second.refused()) return refuse(std::get<1>(std::get<Place>(key)), events);
  if (!rest.empty()) add_text(key, protocol::Started{}, std::move(rest), events);
}

void Screening::refuse(std::uint32_t choice, std::vector<protocol::Event>& events) {
  refused_ = true;
  protocol::Finished finished;
  finished.choice = choice;
  finished.reason = protocol::FinishReason::content_filter;
  events.emplace_back(std::move(finished));
}

std::vector<protocol::Event> Screening::take(std::size_t run, const protocol::Event& event) {
  std::vector<protocol::Event> events;
  if (const auto* text = std::get_if<protocol::Text>(&event)) {
    screened({{run, text->choice}, Kind::text, 0}, event, text->text, events);
  } else if (const auto* thought = std::get_if<protocol::Reasoning>(&event)) {
    screened({{run, thought->choice}, Kind::reasoning, 0}, event, thought->text, events);
  } else if (const auto* call = std::get_if<protocol::ToolCall>(&event)) {
    screened({{run, call->choice}, Kind::arguments, call->index}, event, call->arguments, events);
  } else if (const auto* finished = std::get_if<protocol::Finished>(&event)) {
    const auto current = current_.find({run, finished->choice});
    if (current != current_.end()) flush(current->second, events);
    if (!refused_) events.push_back(event);
  } else {
    events.push_back(event);
  }
  return events;
}

std::vector<std::string> Screening::matched() const {
  std::set<std::string> names;
  for (const auto& [key, screen] : flows_) {
    for (const auto rule : screen.matched()) names.insert(matcher_->rules[rule].name);
  }
  return {names.begin(), names.end()};
}

}  // namespace cofre::gateway
