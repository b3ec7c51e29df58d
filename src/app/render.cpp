#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "app/command.h"
#include "app/input.h"
#include "base/error.h"
#include "json/json.h"
#include "os/clock.h"
#include "template/template.h"

namespace cofre::app {
namespace {

/// "2026-11-23T10:30:00", read as it stands, without a time zone.
std::chrono::sys_seconds parse_time(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr || *end != '\0')
    fail_field(Code::invalid, "now", "now: \"{}\" is no time of the form 2026-11-23T10:30:00", text);
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

}  // namespace

Action declare_render(Options& options) {
  struct Given {
    std::string source, messages;
  };
  auto given = std::make_shared<Given>();
  options.text("--template", given->source, "the chat template, a file of Jinja");
  options.required();
  options.text("--messages", given->messages,
               "a JSON file: messages, and where wanted tools, add_generation_prompt, enable_thinking, bos_token, "
               "eos_token, now");
  options.required();
  return [given] {
    const auto value = json::parse(read_input_file(given->messages));
    if (!value.is_object()) fail(Code::invalid, "{} must hold an object with messages", given->messages);
    auto context = value.get_object();
    json::array_at(context, "messages");
    auto now = os::local_now();
    if (context.contains("now")) now = parse_time(std::string(json::string_at(context, "now")));
    context.erase("now");
    // Templates that name them would print nothing or fail; a conversation in a file rarely says them.
    if (!context.contains("bos_token")) context["bos_token"] = "<s>";
    if (!context.contains("eos_token")) context["eos_token"] = "</s>";
    const auto parsed = chat_template::Template::parse(read_input_file(given->source));
    fmt::print("{}", parsed.render(context, now));
  };
}

}  // namespace cofre::app
