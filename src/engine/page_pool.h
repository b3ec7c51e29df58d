#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cofre::engine {

inline constexpr std::size_t page_tokens = 64;

class PagePool;

/// A share in one KV page. Copies share it; the last share to go gives the page back.
class Page {
 public:
  Page() = default;
  Page(const Page& other);
  Page(Page&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), index_(other.index_) {}
  Page& operator=(Page other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(index_, other.index_);
    return *this;
  }
  ~Page();

  std::uint32_t index() const { return index_; }
  /// Whether nobody else holds the page.
  bool sole() const;
  explicit operator bool() const { return pool_ != nullptr; }

 private:
  friend class PagePool;
  Page(PagePool* pool, std::uint32_t index) : pool_(pool), index_(index) {}
  PagePool* pool_ = nullptr;
  std::uint32_t index_ = 0;
};

/// Counts the shares of KV pages. Knows indices only; the bytes are the model's. The engine's thread alone uses it, and
/// it outlives every Page.
class PagePool {
 public:
  explicit PagePool(std::uint32_t pages);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  /// A free page, or nothing where all are in use.
  std::optional<Page> allocate();
  std::size_t pages() const { return shares_.size(); }
  std::size_t free_pages() const { return free_.size(); }

 private:
  friend class Page;
  std::vector<std::uint32_t> shares_;
  std::vector<std::uint32_t> free_;
};

}  // namespace cofre::engine
