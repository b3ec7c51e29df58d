// Any bytes are the lines of a segment or are not: reading them ends, and what follows a record chains on.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "accounts/audit/segment.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre::accounts::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Lines lines(bytes);
  Link last;
  while (const auto line = lines.next()) {
    if (const auto previous = previous_hash(*line)) last.hash = *previous;
    const auto parts = read_line(*line);
    if (!parts) continue;
    CHECK(parts->n > 0 && parts->content.size() < line->size());
    auto before = last;
    if (follows(last, *parts)) CHECK(last.n == before.n + 1);
    last.n = parts->n;
    auto next = last;
    const auto made = next_line(next, R"("t":"2026-11-25T03:10:00.123Z","do":"request")");
    const auto read = read_line(std::string_view(made).substr(0, made.size() - 1));
    if (last.n < UINT64_MAX) CHECK(read && follows(last, *read));
  }
  CHECK(lines.at() <= size);
  return 0;
}
