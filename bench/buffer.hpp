// buffer.hpp: vectors that start on a cache line, as inference engines allocate tensors.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace pare::bench {

template <class T>
struct cache_line_allocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  cache_line_allocator() = default;
  template <class U>
  cache_line_allocator(const cache_line_allocator<U>&) noexcept {}
  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* memory, std::size_t) noexcept { ::operator delete(memory, alignment); }
  friend bool operator==(const cache_line_allocator&, const cache_line_allocator&) = default;
};

template <class T>
using buffer = std::vector<T, cache_line_allocator<T>>;

}  // namespace pare::bench
