#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "app/command.h"

namespace cofre::app {

/// A command that asks actions (accounts/actions) of the box: `cofre NOUN VERB [NAME] --option…`. The box itself checks
/// what is asked; these rows only say how it is written and shown.
struct Verb {
  std::string_view word;    ///< "create"
  std::string_view action;  ///< "user.create"
  std::string_view field;   ///< which NAME becomes; empty: it takes none
  bool needs_name = true;
  bool is_file = false;  ///< NAME is that of a file, whose text the field becomes
};
struct Switch {
  enum class Kind : std::uint8_t {
    text,
    list,
    number,
    flag,
    days,
    hours,
    mib
  };  ///< days: to a time from now; hours: to s; mib: to bytes
  std::string_view option, field, help;
  Kind kind = Kind::text;
};
struct Column {
  std::string_view title, field;
  int width;
};
struct Noun {
  std::string_view name_help;
  std::span<const Verb> verbs;
  std::span<const Switch> switches;
  std::string_view list;  ///< the member of an answer that is a list, shown as a table
  std::span<const Column> columns;
};

/// `noun` stays where it is.
Action declare_noun(Options& options, const Noun& noun);

}  // namespace cofre::app
