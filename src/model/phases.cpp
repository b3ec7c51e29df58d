#include "model/phases.h"

namespace cofre::model {

void Phases::multiply_parts(Member& member, std::span<const Part> parts) {
  Walk walk(shares_, tickets(member), member.index);
  while (walk.next(parts)) {
    const auto& part = parts[walk.part()];
    const auto matmul = part.exact ? kernels_.matmul_exact : kernels_.matmul_prompt;
    matmul(part.rows, part.linear->views[walk.group()], part.out, walk.first(), walk.last(),
           scratch_[member.index].data());
  }
  end_phase(member);
}

}  // namespace cofre::model
