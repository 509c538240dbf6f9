// memory.cpp: counts allocations by replacing the program's operators new and delete, which the address sanitizer does
// itself: then none are counted.
#include "memory.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif

#include <atomic>
#include <cstdlib>

namespace {
std::atomic<long> made{0};
}  // namespace

long tiny::allocations() noexcept { return made; }

#if !defined(__SANITIZE_ADDRESS__)
namespace {
void* count(std::size_t size, std::size_t alignment) {
  ++made;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}
}  // namespace

// Not inlined: gcc would warn of free() on memory from new.
#define REPLACED __attribute__((noinline))
REPLACED void* operator new(std::size_t size) { return count(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
REPLACED void* operator new(std::size_t size, std::align_val_t alignment) {
  return count(size, std::size_t(alignment));
}
REPLACED void operator delete(void* memory) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
