#pragma once

#include <cstdint>
#include <vector>

#include "grammar/program.h"
#include "grammar/vocabulary.h"

namespace cofre::grammar {

/// For each state of a program: so many tokens of the vocabulary finish its rule, at most. Following the tokens
/// counted, the bound falls by one each, so a generation kept under it always ends in time. cost_max where the
/// vocabulary cannot write any ending.
std::vector<std::uint32_t> finishing_costs(const Program& program, const Vocabulary& vocabulary);

}  // namespace cofre::grammar
