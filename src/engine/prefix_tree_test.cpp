#include "engine/prefix_tree.h"

#include <numeric>

#include <gtest/gtest.h>

namespace cofre::engine {
namespace {

std::vector<std::int32_t> ids(std::int32_t first, std::size_t count) {
  std::vector<std::int32_t> out(count);
  std::iota(out.begin(), out.end(), first);
  return out;
}

std::vector<Page> take(PagePool& pool, std::size_t count) {
  std::vector<Page> pages;
  for (std::size_t i = 0; i < count; ++i) pages.push_back(*pool.allocate());
  return pages;
}

TEST(PagePool, APageComesBackWithItsLastShare) {
  PagePool pool(2);
  auto page = pool.allocate();
  {
    const Page copy = *page;
    EXPECT_FALSE(page->sole());
  }
  EXPECT_TRUE(page->sole());
  EXPECT_EQ(pool.free_pages(), 1u);
  page.reset();
  EXPECT_EQ(pool.free_pages(), 2u);
}

TEST(PagePool, AnEmptyPoolGivesNothing) {
  PagePool pool(1);
  const auto page = pool.allocate();
  EXPECT_FALSE(pool.allocate());
}

// Two conversations keep one copy of the system prompt they share.
TEST(PrefixTree, ASharedPromptIsStoredOnce) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 128), take(pool, 2));
  tree.insert(1, ids(0, 128), take(pool, 2));
  EXPECT_EQ(tree.pages(), 2u);
  EXPECT_EQ(pool.free_pages(), 6u);
}

TEST(PrefixTree, OnlyWholePagesMatch) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 150), take(pool, 3));
  EXPECT_EQ(tree.match(1, ids(0, 150)).size(), 2u);
  EXPECT_EQ(tree.match(1, ids(0, 127)).size(), 1u);
  EXPECT_EQ(tree.match(1, ids(0, 63)).size(), 0u);
}

TEST(PrefixTree, APromptThatPartsWaysMatchesUpToThere) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 192), take(pool, 3));
  auto other = ids(0, 192);
  other[100] = -5;
  EXPECT_EQ(tree.match(1, other).size(), 1u);
}

TEST(PrefixTree, TenantsShareNothing) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 128), take(pool, 2));
  EXPECT_TRUE(tree.match(2, ids(0, 128)).empty());
}

TEST(PrefixTree, LeastRecentlyUsedLeavesGoFirst) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 128), take(pool, 2));
  tree.insert(1, ids(1000, 64), take(pool, 1));
  tree.match(1, ids(0, 128));
  EXPECT_EQ(tree.evict(1), 1u);
  EXPECT_TRUE(tree.match(1, ids(1000, 64)).empty());
  EXPECT_EQ(tree.match(1, ids(0, 128)).size(), 2u);
}

TEST(PrefixTree, PagesInUseStay) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 128), take(pool, 2));
  const auto held = tree.match(1, ids(0, 128));
  EXPECT_EQ(tree.evict(5), 0u);
}

TEST(PrefixTree, WholeChainsCanGo) {
  PagePool pool(8);
  PrefixTree tree;
  tree.insert(1, ids(0, 256), take(pool, 4));
  EXPECT_EQ(tree.evict(10), 4u);
  EXPECT_EQ(pool.free_pages(), 8u);
}

}  // namespace
}  // namespace cofre::engine
