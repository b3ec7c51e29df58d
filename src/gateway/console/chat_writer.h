#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gateway/dialects/openai/responses.h"
#include "records/chats.h"

namespace cofre::gateway::console {

/// Writes a response as another does, and keeps of it what a chat keeps of an answer.
class ChatWriter : public openai::ResponseWriter {
 public:
  using Clock = std::chrono::steady_clock;
  /// `asked`: when its request came.
  ChatWriter(std::unique_ptr<openai::ResponseWriter> response, Clock::time_point asked)
      : response_(std::move(response)), asked_(asked) {}

  std::string take(std::size_t run, const protocol::Event& event) override;
  std::string finish(const protocol::Usage& usage) override;
  std::string fail(const Failure& failure) override;
  std::string queue() override { return response_->queue(); }
  std::string cancel() override;
  json::Object object() const override { return response_->object(); }

  /// The answer, once it has ended.
  records::ChatMessage message() const;

 private:
  struct Call {
    std::string id, name, arguments;
  };
  void note_piece();
  void note_call(const protocol::ToolCall& piece);

  const std::unique_ptr<openai::ResponseWriter> response_;
  const Clock::time_point asked_;
  records::ChatMessage message_;         ///< all but its calls and its speed
  std::map<std::uint32_t, Call> calls_;  ///< by their index
  std::optional<protocol::FinishReason> reason_;
  std::optional<protocol::Work> work_;
  std::optional<Clock::time_point> first_, last_;  ///< pieces
  std::uint64_t pieces_ = 0;
};

}  // namespace cofre::gateway::console
