// storage.hpp: owned memory: of trivial types, from a cache line on, and of others. (Not std::vector, which takes 0.04
// s of what every unit takes to compile.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "cell.hpp"
#include "standard.hpp"

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

/// Elements of a trivial type that come block by block: where they do not fit, their memory doubles.
template <class T>
class growing_storage {
 public:
  index size() const noexcept { return size_; }
  /// `count` more, zeroed: the first of them. Pre: count >= 0.
  T* add(index count) {
    if (size_ + count > memory_.size()) {
      aligned_storage<T> more(larger(2 * memory_.size(), size_ + count));
      copy_elements(memory_.data(), size_, more.data());
      more.swap(memory_);
    }
    size_ += count;
    return memory_.data() + size_ - count;
  }
  /// A copy without memory left over.
  aligned_storage<T> copy() const {
    aligned_storage<T> exact(size_);
    copy_elements(memory_.data(), size_, exact.data());
    return exact;
  }

 private:
  aligned_storage<T> memory_;
  index size_ = 0;
};

/// `size()` objects, as their default constructor leaves them. Moves; does not copy.
template <class T>
class owned_array {
 public:
  owned_array() noexcept = default;
  /// Pre: size >= 0.
  explicit owned_array(index size) : data_(new T[static_cast<std::size_t>(size)]()), size_(size) {}
  owned_array(owned_array&& other) noexcept { swap(other); }
  owned_array& operator=(owned_array&& other) noexcept {
    owned_array(std::move(other)).swap(*this);
    return *this;
  }
  ~owned_array() { delete[] data_; }
  void swap(owned_array& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  index size() const noexcept { return size_; }
  T& operator[](index i) noexcept { return data_[i]; }
  const T& operator[](index i) const noexcept { return data_[i]; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  index size_ = 0;
};

}  // namespace pare
