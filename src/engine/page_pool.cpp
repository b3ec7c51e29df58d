#include "engine/page_pool.h"

#include "base/error.h"

namespace cofre::engine {

Page::Page(const Page& other) : pool_(other.pool_), index_(other.index_) {
  if (pool_ != nullptr) ++pool_->shares_[index_];
}

Page::~Page() {
  if (pool_ == nullptr) return;
  if (--pool_->shares_[index_] == 0) pool_->free_.push_back(index_);
}

bool Page::sole() const { return pool_ != nullptr && pool_->shares_[index_] == 1; }

PagePool::PagePool(std::uint32_t pages) : shares_(pages) {
  for (std::uint32_t i = pages; i > 0; --i) free_.push_back(i - 1);
}

PagePool::~PagePool() { CHECK(free_.size() == shares_.size()); }

std::optional<Page> PagePool::allocate() {
  if (free_.empty()) return std::nullopt;
  const auto index = free_.back();
  free_.pop_back();
  shares_[index] = 1;
  return Page(this, index);
}

}  // namespace cofre::engine
