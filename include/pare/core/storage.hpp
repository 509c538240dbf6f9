// storage.hpp: owned memory that starts on a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "cell.hpp"

namespace pare {

/// The first byte of `memory` that starts a cache line; null: there is none.
inline std::byte* first_line(std::span<std::byte> memory) noexcept {
  const std::size_t line = strip_bytes;
  const std::size_t skipped = (line - reinterpret_cast<std::uintptr_t>(memory.data()) % line) % line;
  return skipped < memory.size() ? memory.data() + skipped : nullptr;
}

/// `size()` elements of a trivial type, zeroed, aligned to 64 bytes. Moves; does not copy by accident.
template <class T>
class aligned_storage {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  aligned_storage() noexcept = default;
  /// Pre: size >= 0.
  explicit aligned_storage(index size) : size_(size) {
    if (size == 0) return;
    data_ = static_cast<T*>(::operator new (bytes(), std::align_val_t{strip_bytes}));
    std::memset(static_cast<void*>(data_), 0, bytes());
  }
  aligned_storage(aligned_storage&& other) noexcept { swap(other); }
  aligned_storage& operator=(aligned_storage&& other) noexcept {
    aligned_storage(std::move(other)).swap(*this);
    return *this;
  }
  ~aligned_storage() { ::operator delete (data_, std::align_val_t{strip_bytes}); }

  aligned_storage clone() const {
    aligned_storage copy(size_);
    if (size_ != 0) std::memcpy(static_cast<void*>(copy.data_), data_, bytes());
    return copy;
  }
  void swap(aligned_storage& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  index size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(size_) * sizeof(T); }
  std::span<const std::byte> as_bytes() const noexcept { return {reinterpret_cast<const std::byte*>(data_), bytes()}; }
  T& operator[](index i) noexcept { return data_[i]; }
  const T& operator[](index i) const noexcept { return data_[i]; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  index size_ = 0;
};

}  // namespace pare
