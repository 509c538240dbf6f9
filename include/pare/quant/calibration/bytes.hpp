// bytes.hpp: the members of a calibration to bytes and back.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../core/error.hpp"

namespace pare::detail {

static_assert(std::endian::native == std::endian::little, "pare: calibrators are written in little-endian byte order");

inline constexpr std::uint32_t calibrator_tag = 0x31636170;  // "pac1"

/// Appends numbers, and vectors of numbers after their length.
class byte_writer {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (write(values), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <class T>
  requires std::is_arithmetic_v<T>
  void write(const T& value) { append(&value, sizeof value); }
  template <class T>
  void write(const std::vector<T>& values) {
    write(static_cast<std::uint64_t>(values.size()));
    append(values.data(), values.size() * sizeof(T));
  }
  void append(const void* from, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<std::byte> bytes_;
};

/// Reads what byte_writer wrote; fails where the bytes end too early.
class byte_reader {
 public:
  explicit byte_reader(std::span<const std::byte> bytes) : left_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (read(values), ...);
  }
  void expect_end() const {
    if (!left_.empty()) fail("bytes", "what calibrator::to_bytes wrote", text(left_.size(), " bytes too many"));
  }
  [[noreturn]] void fail_short() const { fail("bytes", "what calibrator::to_bytes wrote", "too few of them"); }

 private:
  template <class T>
  requires std::is_arithmetic_v<T>
  void read(T& value) { copy(&value, sizeof value); }
  template <class T>
  void read(std::vector<T>& values) {
    std::uint64_t size = 0;
    read(size);
    if (size > left_.size() / sizeof(T)) fail_short();
    values.resize(static_cast<std::size_t>(size));
    if (size != 0) copy(values.data(), values.size() * sizeof(T));
  }
  void copy(void* to, std::size_t size) {
    if (size > left_.size()) fail_short();
    std::copy_n(left_.data(), size, static_cast<std::byte*>(to));
    left_ = left_.subspan(size);
  }
  std::span<const std::byte> left_;
};

template <class C>
concept HasFields = requires(C c, byte_writer& w, byte_reader& r) {
  c.fields(w);
  c.fields(r);
};

}  // namespace pare::detail
