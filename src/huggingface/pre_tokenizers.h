#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "huggingface/steps.h"

namespace cofre::huggingface {

/// The regular expressions by which a byte-level pre_tokenizer splits a text, each what the one before left whole.
/// Throws Error(unsupported) naming the step that is no splitting at matches.
std::vector<std::string> splits_of(const std::vector<Step>& pre_tokenizer);

/// The name under which tokenizer.ggml.pre knows these expressions: they are compared as they are written.
/// `whole_words_first`: BPE's ignore_merges, a part of what the name means. Throws Error(unsupported) telling the
/// expressions where no name does.
std::string_view name_of_splits(const std::vector<std::string>& splits, bool whole_words_first);

}  // namespace cofre::huggingface
