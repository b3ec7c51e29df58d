#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "engine/sequence.h"
#include "grammar/builder.h"
#include "grammar/masks.h"
#include "protocol/request.h"
#include "serving/idiom.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving {

/// Turns what a request demands of its answer (a constraint, calls by their schemas) into guides for the engine.
/// Grammars are compiled once for a tenant and kept. Any thread.
class Guides {
 public:
  /// Both must outlive it.
  Guides(const TextModel& model, const Idiom& idiom) : model_(model), idiom_(idiom) {}

  /// What makes guides for the choices of a request; nothing where its answer is free. `thinking`: the prompt ends
  /// inside a thought. Throws Error(invalid or unsupported or exhausted, field) for a constraint that cannot be held.
  std::shared_ptr<const grammar::Masks> masks(const protocol::Request& request, const tool_calls::Tools& tools,
                                              bool thinking);
  /// A guide of one generation.
  static std::shared_ptr<engine::Guide> guide(std::shared_ptr<const grammar::Masks> masks);

 private:
  std::shared_ptr<const grammar::Masks> compile(const protocol::Request& request, const tool_calls::Tools& tools,
                                                bool thinking);
  std::shared_ptr<const grammar::Vocabulary> vocabulary();

  const TextModel& model_;
  const Idiom& idiom_;
  std::mutex mutex_;
  std::shared_ptr<const grammar::Vocabulary> vocabulary_;
  struct Kept {
    std::shared_ptr<const grammar::Masks> masks;
    std::list<std::string>::iterator used;
  };
  std::unordered_map<std::string, Kept> kept_;
  std::list<std::string> order_;  ///< least recently used first
};

}  // namespace cofre::serving
