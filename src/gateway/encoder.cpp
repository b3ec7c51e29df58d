#include "gateway/encoder.h"

namespace cofre::gateway {

void add(protocol::Usage& to, const protocol::Usage& usage) {
  to.prompt_tokens += usage.prompt_tokens;
  to.cached_tokens += usage.cached_tokens;
  to.completion_tokens += usage.completion_tokens;
  to.reasoning_tokens += usage.reasoning_tokens;
}

}  // namespace cofre::gateway
