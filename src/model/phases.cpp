#include "model/phases.h"

namespace cofre::model {

void Phases::multiply_parts(Member& member, std::span<const Part> parts) {
  auto& tickets_now = tickets(member);
  std::size_t part = 0;
  for (auto task = tickets_now.take(1); part < parts.size(); task = tickets_now.take(1)) {
    while (part + 1 < parts.size() && task >= parts[part + 1].first_task) ++part;
    const auto& [panels, rows, out, exact, chunk, first_task] = parts[part];
    const std::size_t first = (task - first_task) * chunk;
    if (first >= panels->panels()) break;  // behind the last task
    const auto matmul = exact ? kernels_.matmul_exact : kernels_.matmul_prompt;
    matmul(rows, *panels, out, first, std::min(first + chunk, panels->panels()), scratch_[member.index].data());
  }
  end_phase(member);
}

}  // namespace cofre::model
