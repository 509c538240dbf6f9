// channels.hpp: owned per-channel values, padded to whole strips as the kernels read them, and stages made from them.
#pragma once

#include <span>

#include "../core/standard.hpp"
#include "../core/storage.hpp"
#include "../kernel/epilogue.hpp"

namespace pare {

/// One value per output channel, zeros up to a multiple of 16. T has 4 bytes (8 for the bias of int64 sums).
template <class T>
class channels {
 public:
  channels() = default;
  explicit channels(std::span<const T> values)
      : size_(static_cast<index>(values.size())), values_(round_up(size_, strip_lanes)) {
    copy_elements(values.data(), size_, values_.data());
  }
  /// The same value for `size` channels.
  channels(index size, T value) : size_(size), values_(round_up(size, strip_lanes)) {
    fill_elements(values_.begin(), size, value);
  }
  index size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return values_.bytes(); }
  const T* data() const noexcept { return values_.data(); }
  T& operator[](index i) noexcept { return values_[i]; }
  const T& operator[](index i) const noexcept { return values_[i]; }

 private:
  index size_ = 0;
  aligned_storage<T> values_;
};

/// Multipliers M[c] = scale_x * scale_w[c] / scale_y of every channel in a policy's fixed-point form.
template <RequantizePolicy Policy>
class multipliers {
 public:
  multipliers() = default;
  /// Fails if the policy cannot express one of them.
  explicit multipliers(std::span<const double> values) : below_one_(true) {
    const auto n = static_cast<index>(values.size());
    for (auto& term : terms_) term = channels<std::int32_t>(n, 0);
    for (index c = 0; c < n; ++c) {
      const auto of_channel = checked_terms<Policy>(words("multiplier[", c, "]"), values[static_cast<std::size_t>(c)]);
      for (std::size_t t = 0; t < of_channel.size(); ++t) terms_[t][c] = of_channel[t];
      below_one_ = below_one_ && static_cast<float>(values[static_cast<std::size_t>(c)]) < 1;
    }
  }
  index size() const noexcept { return terms_[0].size(); }
  std::size_t bytes() const noexcept { return terms_.size() * terms_[0].bytes(); }
  /// Whether all of them are, rounded to float.
  bool below_one() const noexcept { return below_one_; }
  std::array<const std::int32_t*, Policy::terms> terms() const noexcept {
    std::array<const std::int32_t*, Policy::terms> pointers;
    for (std::size_t t = 0; t < pointers.size(); ++t) pointers[t] = terms_[t].data();
    return pointers;
  }

 private:
  std::array<channels<std::int32_t>, Policy::terms> terms_;
  bool below_one_ = false;
};

// The stages of an epilogue. They point into their argument, which must outlive the call.
inline constexpr identity_stage as_is{};
inline constexpr relu_stage relu{};
inline constexpr relu6_stage relu6{};

template <class T>
bias_stage<T> bias(const channels<T>& values) noexcept {
  return {{}, values.data(), values.size()};
}
template <class T>
bias_stage<T> bias(channels<T>&&) = delete;

template <class Policy>
requantize_stage<Policy> requantize(const multipliers<Policy>& m, const output_map& output) noexcept {
  requantize_stage<Policy> stage{{}, {}, output, m.size(), m.below_one()};
  for (std::size_t t = 0; t < std::size_t{Policy::terms}; ++t) stage.terms[t] = m.terms()[t];
  return stage;
}
template <class Policy>
requantize_stage<Policy> requantize(multipliers<Policy>&&, const output_map&) = delete;

inline dequantize_stage dequantize(const channels<float>& scales) noexcept {
  return {{}, scales.data(), scales.size()};
}
dequantize_stage dequantize(channels<float>&&) = delete;

/// Reals to codes: rint(real / scale) + zero point, clamped to [min, max] of the output.
constexpr quantize_stage quantize_to(float scale, const output_map& output) noexcept { return {{}, scale, output}; }
constexpr clamp_stage clamp(std::int32_t low, std::int32_t high) noexcept { return {{}, low, high}; }
template <class T>
constexpr add_stage<T> add(const matrix_view<const T>& other, float scale = 1, std::int32_t zero_point = 0) noexcept {
  return {{}, other, scale, zero_point};
}
template <class F>
constexpr map_stage<F> map(F function) noexcept {
  return {{}, function};
}

}  // namespace pare
