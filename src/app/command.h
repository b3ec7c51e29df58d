#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::app {

/// How a command says what it takes on the command line. Names: "--json", "-n,--max-tokens", or "MODEL" for what
/// stands without a dash. The variables must live until the command has run. options.cpp alone knows the library
/// behind it.
class Options {
 public:
  virtual ~Options() = default;
  virtual void flag(std::string_view name, bool& into, std::string_view help) = 0;
  virtual void text(std::string_view name, std::string& into, std::string_view help) = 0;
  /// Also tells whether it was given: an empty text is something else than none.
  virtual void text(std::string_view name, std::string& into, bool& given, std::string_view help) = 0;
  virtual void texts(std::string_view name, std::vector<std::string>& into, std::string_view help) = 0;
  virtual void number(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most,
                      std::string_view help) = 0;
  /// Nothing where it was not given.
  virtual void number(std::string_view name, std::optional<std::int64_t>& into, std::int64_t least, std::int64_t most,
                      std::string_view help) = 0;
  virtual void real(std::string_view name, std::optional<double>& into, double least, double most,
                    std::string_view help) = 0;
  /// The last declared one must be given.
  virtual void required() = 0;
};

/// What a command does once its options are read. Throws cofre::Error: `main` prints it and exits with 1.
using Action = std::function<void()>;

/// A row of the table of commands.
struct Command {
  std::string_view name;
  std::string_view summary;  ///< empty: help does not show the command
  Action (*declare)(Options&);
};

/// The table, in the order in which help shows it (commands.cpp).
std::span<const Command> commands();

/// Thrown by an action for options that contradict each other: printed with a pointer to --help, exit 2.
struct UsageError {
  std::string message;
};

/// Reads the command line and runs the command that it names. Returns the exit code: 0 done, 1 failed, 2 wrong usage.
int run_command_line(int argc, char** argv);

// One file each; a command is its file, its line here and its row in commands.cpp.
Action declare_run(Options& options);
Action declare_pull(Options& options);
Action declare_import(Options& options);
Action declare_convert(Options& options);
Action declare_list(Options& options);
Action declare_rm(Options& options);
Action declare_verify(Options& options);
Action declare_inspect(Options& options);
Action declare_tokenize(Options& options);
Action declare_render(Options& options);
Action declare_embed(Options& options);
Action declare_bench(Options& options);
Action declare_perplexity(Options& options);
Action declare_score(Options& options);
Action declare_serve(Options& options);
Action declare_status(Options& options);
Action declare_reload(Options& options);
Action declare_stop(Options& options);
Action declare_tenant(Options& options);
Action declare_department(Options& options);
Action declare_user(Options& options);
Action declare_role(Options& options);
Action declare_key(Options& options);
Action declare_certificate(Options& options);
Action declare_quota(Options& options);
Action declare_retention(Options& options);
Action declare_usage(Options& options);
Action declare_price(Options& options);
Action declare_session(Options& options);
Action declare_admin(Options& options);
Action declare_master_key(Options& options);
Action declare_audit(Options& options);
Action declare_person(Options& options);
Action declare_config(Options& options);
Action declare_log(Options& options);
Action declare_doctor(Options& options);
Action declare_trust(Options& options);
Action declare_service(Options& options);
Action declare_unpack(Options& options);
Action declare_worker(Options& options);

}  // namespace cofre::app
