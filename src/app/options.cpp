#include <CLI/CLI.hpp>

#include <cstdio>

#include "app/command.h"
#include "base/error.h"

#ifndef COFRE_VERSION
#error "the build tells the version"
#endif

namespace cofre::app {
namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

class CommandOptions : public Options {
 public:
  explicit CommandOptions(CLI::App& app) : app_(app) {}

  void flag(std::string_view name, bool& into, std::string_view help) override {
    last_ = app_.add_flag(std::string(name), into, std::string(help));
  }
  void text(std::string_view name, std::string& into, std::string_view help) override { add(name, into, help); }
  void text(std::string_view name, std::string& into, bool& given, std::string_view help) override {
    last_ = app_.add_option_function<std::string>(
        std::string(name),
        [&into, &given](const std::string& value) {
          into = value;
          given = true;
        },
        std::string(help));
    show_type(name, "TEXT");
  }
  void texts(std::string_view name, std::vector<std::string>& into, std::string_view help) override {
    add(name, into, help);
    last_->expected(0, 1000);
  }
  void number(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most,
              std::string_view help) override {
    add(name, into, help);
    last_->check(CLI::Range(least, most))->capture_default_str();
  }
  void number(std::string_view name, std::optional<std::int64_t>& into, std::int64_t least, std::int64_t most,
              std::string_view help) override {
    add(name, into, help);
    last_->check(CLI::Range(least, most));
  }
  void real(std::string_view name, std::optional<double>& into, double least, double most,
            std::string_view help) override {
    add(name, into, help);
    last_->check(CLI::Range(least, most));
  }
  void required() override {
    CHECK(last_ != nullptr);
    last_->required();
  }

 private:
  template <class T>
  void add(std::string_view name, T& into, std::string_view help) {
    last_ = app_.add_option(std::string(name), into, std::string(help));
    show_type(name, std::is_same_v<T, std::string> ? "TEXT" : "N");
  }
  void show_type(std::string_view name, const char* type) { last_->type_name(name.starts_with('-') ? type : ""); }

  CLI::App& app_;
  CLI::Option* last_ = nullptr;
};

void say_error(std::string_view message) {
  // One line, whatever a message carries along.
  std::string line(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  fmt::print(stderr, "cofre: {}\n", line);
}

int refuse(std::string_view message, const CLI::App& app) {
  std::string name = "cofre";
  for (const CLI::App* sub : app.get_subcommands()) name += " " + sub->get_name();
  say_error(fmt::format("{} (see {} --help)", message, name));
  return wrong_usage;
}

/// CLI11 would say that a subcommand is required; this names what was typed.
bool names_no_command(std::string_view word) {
  const auto known = [&](const Command& command) { return command.name == word; };
  return !word.starts_with('-') && std::none_of(commands().begin(), commands().end(), known);
}

int run_action(const Action& action, const CLI::App& app) {
  try {
    action();
    if (std::fflush(stdout) != 0) fail(Code::unavailable, "cannot write the output: {}", std::strerror(errno));
    return 0;
  } catch (const UsageError& error) {
    return refuse(error.message, app);
  } catch (const Error& error) {
    say_error(error.what());
  } catch (const std::exception& error) {
    say_error(error.what());  // std::bad_alloc, a file system's refusal
  }
  return failed;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Cofre: AI in a box.", "cofre");
  app.set_version_flag("--version", "cofre " COFRE_VERSION);
  app.require_subcommand(1);
  std::vector<std::unique_ptr<CommandOptions>> options;
  Action chosen;
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    if (command.summary.empty()) sub->group("");
    options.push_back(std::make_unique<CommandOptions>(*sub));
    sub->callback([&chosen, action = command.declare(*options.back())] { chosen = action; });
  }
  if (argc > 1 && names_no_command(argv[1])) return refuse(fmt::format("there is no command \"{}\"", argv[1]), app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return refuse(error.what(), app);
  }
  return run_action(chosen, app);
}

}  // namespace cofre::app
