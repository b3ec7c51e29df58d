#include <fmt/format.h>

#include "app/command.h"
#include "app/conversation.h"
#include "app/input.h"
#include "app/model_options.h"
#include "base/error.h"
#include "os/terminal.h"

namespace cofre::app {
namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

}  // namespace

Action declare_run(Options& options) {
  struct Given {
    ModelOptions model;
    AnswerOptions answer;
    std::string prompt, system, file, kv_format = "f16";
    std::optional<std::int64_t> context, kv_memory;
    bool has_prompt = false, raw = false, stats = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.text("PROMPT", given->prompt, given->has_prompt,
               "the question, after -- where it begins with a dash; without it: from a pipe, or a chat");
  options.text("-f,--file", given->file, "a text to read; with PROMPT it stands below the question; - is the pipe");
  options.flag("--raw", given->raw, "continue the text: no chat template");
  options.text("--system", given->system, "what the model is told before the conversation");
  given->answer.declare(options);
  options.flag("--stats", given->stats, "print tokens per second and their share of this machine's limit");
  options.number("--context", given->context, 16, 16 << 20, "tokens that a conversation may have");
  options.number("--kv-memory", given->kv_memory, 1, 1 << 24, "MiB for keys and values of the context");
  options.text("--kv", given->kv_format, "keys and values in 16 or 8 bits: f16 or q8");
  return [given] {
    const bool one_shot = given->has_prompt || !given->file.empty() || !os::is_terminal(os::Stream::in);
    if (given->raw && !one_shot) throw UsageError{"--raw continues a text: give one"};
    if (given->raw && !given->system.empty()) throw UsageError{"--raw knows no --system"};
    if (given->kv_format != "f16" && given->kv_format != "q8") throw UsageError{"--kv takes f16 or q8"};
    std::string text = given->prompt;
    if (one_shot && (!given->has_prompt || !given->file.empty())) {
      const auto content = read_input_file(given->file.empty() ? "-" : given->file);
      text += (text.empty() ? "" : "\n\n") + content;
    }
    if (one_shot && is_blank(text)) fail(Code::invalid, "the prompt is empty");
    const auto resolved = given->model.find();
    Conversation conversation(given->model.load(resolved), resolved.row,
                              {.context = static_cast<std::size_t>(given->context.value_or(0)),
                               .kv_bytes = static_cast<std::uint64_t>(given->kv_memory.value_or(0)) << 20,
                               .kv_format = given->kv_format == "q8" ? kernels::KvFormat::q8 : kernels::KvFormat::f16,
                               .stats = given->stats});
    conversation.answer = given->answer;
    conversation.system = given->system;
    if (!one_shot) return chat(conversation, resolved.name);
    if (!(given->raw ? conversation.continue_text(text) : conversation.ask(text))) fail(Code::cancelled, "stopped");
  };
}

}  // namespace cofre::app
