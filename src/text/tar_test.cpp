#include "text/tar.h"

#include <gtest/gtest.h>

namespace cofre::text {
namespace {

TEST(Tar, AHeaderHasNameSizeTimeAndChecksum) {
  const auto header = tar_header("files/notes.txt", 1234, 1'795'608'000);
  ASSERT_EQ(header.size(), 512u);
  EXPECT_STREQ(header.c_str(), "files/notes.txt");
  EXPECT_EQ(header.substr(124, 12), std::string("00000002322\0", 12));
  EXPECT_EQ(std::stoull(header.substr(136, 11), nullptr, 8), 1'795'608'000u);
  EXPECT_EQ(header.substr(257, 8), std::string("ustar\00000", 8));
  // The sum of all bytes, those of the checksum itself as spaces.
  std::uint64_t sum = 8 * ' ';
  for (std::size_t i = 0; i < header.size(); ++i)
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
  EXPECT_EQ(std::stoull(header.substr(148, 6), nullptr, 8), sum);
  EXPECT_EQ(header.substr(154, 2), std::string("\0 ", 2));
}
TEST(Tar, FilesAreFilledUpToABlock) {
  EXPECT_EQ(tar_filling(0).size(), 0u);
  EXPECT_EQ(tar_filling(1).size(), 511u);
  EXPECT_EQ(tar_filling(512).size(), 0u);
  EXPECT_EQ(tar_filling(513).size(), 511u);
  EXPECT_EQ(tar_end(), std::string(1024, '\0'));
}
TEST(Tar, TheLongestNameAndTheLargestFileFit) {
  const auto header = tar_header(std::string(tar_name_bytes_most, 'x'), tar_bytes_most, 0);
  EXPECT_EQ(header[tar_name_bytes_most], '\0');
  EXPECT_EQ(header.substr(124, 12), std::string("77777777777\0", 12));
}

}  // namespace
}  // namespace cofre::text
