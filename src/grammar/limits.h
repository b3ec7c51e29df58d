#pragma once

#include <cstddef>

/// What a grammar may cost. Beyond it a grammar is refused, never cut short.
namespace cofre::grammar {

inline constexpr std::size_t source_bytes_max = 1 << 20;  ///< of a regular expression or GBNF text
inline constexpr std::size_t nesting_max = 200;           ///< of groups and sub-schemas
inline constexpr std::size_t expressions_max = 2'000'000;
inline constexpr std::size_t rules_max = 100'000;
inline constexpr std::size_t nfa_states_max = 1'000'000;     ///< all rules together
inline constexpr std::size_t states_max = 100'000;           ///< of all rules together, and of one automaton
inline constexpr std::size_t subset_places_max = 4'000'000;  ///< places of all sets that one determinization keeps
inline constexpr std::size_t pattern_states_max = 400'000;   ///< states of all patterns and number ranges of a schema
inline constexpr std::size_t key_patterns_max = 32;          ///< patternProperties of one object
inline constexpr std::size_t comparisons_max = 10'000'000;   ///< of two lists of values
inline constexpr std::size_t threads_max = 4'096;            ///< readings of one text that are open at a time
inline constexpr std::size_t schema_values_max = 4'000'000;  ///< values of a schema copied while it is unfolded
inline constexpr std::size_t branches_max = 256;             ///< of an anyOf after merging
inline constexpr std::size_t cached_bytes_max = 64 << 20;    ///< token sets kept for one grammar

}  // namespace cofre::grammar
