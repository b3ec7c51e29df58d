#include "os/memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <fstream>

#include "base/error.h"

namespace cofre::os {

std::string huge_page_policy(const std::filesystem::path& root) {
  std::ifstream file(root / "sys/kernel/mm/transparent_hugepage/enabled");
  for (std::string word; file >> word;)  // the one in force stands in brackets
    if (word.size() > 2 && word.front() == '[' && word.back() == ']') return word.substr(1, word.size() - 2);
  return {};
}

Buffer::Buffer(std::size_t bytes) {
  if (bytes == 0) return;
  const std::size_t rounded = (bytes + huge_page - 1) / huge_page * huge_page;
  // One huge page more than needed, so that the start can be aligned; what is over at both ends goes back.
  void* raw =
      ::mmap(nullptr, rounded + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) fail(Code::exhausted, "the system refuses {} MiB of memory", bytes >> 20);
  auto* begin = static_cast<std::byte*>(raw);
  const auto misplaced = reinterpret_cast<std::uintptr_t>(begin) % huge_page;
  const std::size_t head = misplaced == 0 ? 0 : huge_page - misplaced;
  if (head > 0) ::munmap(begin, head);
  if (huge_page - head > 0) ::munmap(begin + head + rounded, huge_page - head);
  data_ = begin + head;
  bytes_ = rounded;
  // Small buffers stay in small pages: a huge page would make them up to 2 MiB resident.
  if (bytes >= huge_page) ::madvise(data_, bytes_, MADV_HUGEPAGE);
}

Buffer::~Buffer() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

}  // namespace cofre::os
