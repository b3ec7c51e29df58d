#include "fleet/container.h"

#include <array>
#include <fstream>

#include "base/error.h"
#include "fleet/nano_e5.h"
#include "os/disk.h"
#include "os/mapped_file.h"

namespace cofre::fleet {

bool is_container(const std::filesystem::path& path) {
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return is_nano_e5(std::as_bytes(std::span(magic)));
}

void unpack_container(const std::filesystem::path& from, const std::filesystem::path& to,
                      const std::function<void()>& ready) {
  std::filesystem::remove(to);
  os::AppendFile out(to);
  if (ready) ready();
  const os::MappedFile file(from);
  try {
    out.append(gguf_of_nano_e5(file.bytes()));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", from.string(), error.what()), error.field());
  }
}

}  // namespace cofre::fleet
