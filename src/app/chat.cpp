#include <editline/readline.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <locale.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>

#include "app/conversation.h"
#include "base/error.h"
#include "os/disk.h"
#include "os/interrupt.h"

namespace cofre::app {
namespace {

constexpr std::string_view fence = "\"\"\"";

constexpr std::string_view help = R"(/help             this list
/set              show what is set
/set NAME VALUE   temperature, top-k, top-p, min-p, typical-p, repetition-penalty, presence-penalty,
                  frequency-penalty, seed, max-tokens, or system; without VALUE back to the default
/save FILE        write the conversation as JSON
/clear            forget the conversation
/bye              leave (or Ctrl-D)
Lines between """ and """ are one question; a line that ends with \ goes on. Ctrl-C stops the answer, or drops
what was typed.
)";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Ctrl-C while a question is typed: what was typed so far is dropped.
struct Dropped {};

/// One line with its editing keys; nothing at the end of input. Throws Dropped.
std::optional<std::string> read_line(const char* prompt) {
  const os::InterruptGuard guard;
  const std::unique_ptr<char, void (*)(void*)> line(::readline(prompt), std::free);
  if (line) return std::string(line.get());
  if (os::InterruptGuard::requested() && !os::InterruptGuard::terminated()) throw Dropped{};
  return std::nullopt;
}

/// The line editor reads characters by the locale; ours are UTF-8 whatever the environment says.
void read_utf8() {
  ::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") ::setlocale(LC_CTYPE, "C.UTF-8");
}

/// One question, over several lines where it is fenced or continued.
std::optional<std::string> read_question() {
  auto line = read_line(">>> ");
  if (!line) return std::nullopt;
  if (const auto start = trimmed(*line); start.starts_with(fence)) {
    std::string text(start.substr(fence.size()));
    for (;;) {
      if (const auto end = text.find(fence); end != text.npos) return text.substr(0, end);
      const auto more = read_line("... ");
      if (!more) return std::nullopt;
      text += (text.empty() ? "" : "\n") + *more;
    }
  }
  while (line->ends_with('\\')) {
    line->back() = '\n';
    const auto more = read_line("... ");
    if (!more) return std::nullopt;
    *line += *more;
  }
  return line;
}

class Commands {
 public:
  explicit Commands(Conversation& conversation) : conversation_(conversation) {}

  /// False leaves the chat.
  bool run(std::string_view line) {
    const auto space = line.find(' ');
    const auto name = line.substr(0, space);
    const auto rest = space == line.npos ? std::string_view{} : trimmed(line.substr(space));
    if (name == "/bye" || name == "/exit" || name == "/quit") return false;
    if (name == "/help" || name == "/?") {
      fmt::print("{}", help);
    } else if (name == "/clear") {
      conversation_.clear();
    } else if (name == "/save") {
      save(rest);
    } else if (name == "/set") {
      set(rest);
    } else {
      fail(Code::invalid, "there is no {} (see /help)", name);
    }
    return true;
  }

 private:
  void save(std::string_view file) {
    if (file.empty()) fail(Code::invalid, "/save needs a file");
    os::write_whole(std::string(file), conversation_.as_json());
    fmt::print("{} messages written to {}\n", conversation_.turns(), file);
  }

  void set(std::string_view words) {
    if (words.empty()) return show();
    const auto space = words.find(' ');
    const auto name = words.substr(0, space);
    const auto value = space == words.npos ? std::string_view{} : trimmed(words.substr(space));
    if (name == "system") {
      conversation_.system = value;
      return;
    }
    const auto real = reals().find(name);
    const auto whole = wholes().find(name);
    if (real != reals().end()) {
      auto next = conversation_.answer;
      next.*real->second = number<double>(name, value);
      protocol::Request request;
      request.task = protocol::Detokenize{};
      next.apply(request);
      protocol::validate(request);
      conversation_.answer = next;
    } else if (whole != wholes().end()) {
      const auto given = number<std::int64_t>(name, value);
      if (given && (*given < 0 || (name != "seed" && *given > 1'000'000)))
        fail(Code::invalid, "{} must be from 0 to 1000000", name);
      conversation_.answer.*whole->second = given;
    } else {
      fail(Code::invalid, "there is nothing named {} to set (see /help)", name);
    }
  }

  void show() const {
    const auto say = [](std::string_view name, const auto& value) {
      fmt::print("{:20} {}\n", name, value ? fmt::format("{}", *value) : "(default)");
    };
    for (const auto& [name, member] : reals()) say(name, conversation_.answer.*member);
    for (const auto& [name, member] : wholes()) say(name, conversation_.answer.*member);
    fmt::print("{:20} {}\n", "system", conversation_.system.empty() ? "(none)" : conversation_.system);
  }

  template <class T>
  static std::optional<T> number(std::string_view name, std::string_view text) {
    if (text.empty()) return std::nullopt;
    T value{};
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
      fail(Code::invalid, "{}: \"{}\" is no number", name, text);
    return value;
  }

  static const std::map<std::string_view, std::optional<double> AnswerOptions::*>& reals() {
    static const std::map<std::string_view, std::optional<double> AnswerOptions::*> all = {
        {"temperature", &AnswerOptions::temperature},
        {"top-p", &AnswerOptions::top_p},
        {"min-p", &AnswerOptions::min_p},
        {"typical-p", &AnswerOptions::typical_p},
        {"repetition-penalty", &AnswerOptions::repetition_penalty},
        {"presence-penalty", &AnswerOptions::presence_penalty},
        {"frequency-penalty", &AnswerOptions::frequency_penalty}};
    return all;
  }
  static const std::map<std::string_view, std::optional<std::int64_t> AnswerOptions::*>& wholes() {
    static const std::map<std::string_view, std::optional<std::int64_t> AnswerOptions::*> all = {
        {"top-k", &AnswerOptions::top_k}, {"seed", &AnswerOptions::seed}, {"max-tokens", &AnswerOptions::max_tokens}};
    return all;
  }

  Conversation& conversation_;
};

}  // namespace

void chat(Conversation& conversation, std::string_view name) {
  conversation.require_template();
  read_utf8();
  fmt::print("{}: ask, or /help. Ctrl-D leaves.\n", name);
  std::fflush(stdout);
  ::rl_initialize();
  Commands commands(conversation);
  // The lines are kept for the arrow keys only while the chat lasts: conversations are confidential.
  for (;;) {
    try {
      const auto question = read_question();
      if (!question) break;
      const auto text = trimmed(*question);
      if (text.empty()) continue;
      ::add_history(std::string(text).c_str());
      if (!text.starts_with('/')) {
        conversation.ask(text);
      } else if (!commands.run(text)) {
        return;
      }
    } catch (const Dropped&) {
      fmt::print("\n");
    } catch (const Error& error) {
      fmt::print(stderr, "cofre: {}\n", error.what());
    }
    std::fflush(stdout);
  }
  fmt::print("\n");
}

}  // namespace cofre::app
