// calibrator.hpp: calibration of a quantizer, batch after batch, per tensor or per channel.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "calibration.hpp"
#include "quantization.hpp"

namespace pare {

/// A range that knows its shape, like an xtensor expression; it is read in row-major order.
template <class V>
concept ShapedRange = requires(const V& values) {
  { values.shape().size() } -> std::convertible_to<std::size_t>;
  values.begin();
};

/// Observes any number of batches, merges with calibrators that saw other batches, and gives the quantization for all.
/// Memory: one Calibration per parameter. Values are read as float.
template <class Quantizer>
class calibrator {
 public:
  explicit calibrator(const Quantizer& quantizer = {}) : quantizer_(quantizer) {}

  /// values: an expression with a shape, or a sized range (one axis). Batches may differ in shape as long as the number
  /// of parameters stays.
  template <class V>
  calibrator& observe(const V& values) {
    static_assert(ShapedRange<V> || std::ranges::sized_range<const V>,
                  "pare: calibration reads an expression with a shape, or a sized range of numbers");
    if constexpr (ShapedRange<V>) {
      observe(values.begin(), values.shape());
    } else if constexpr (std::ranges::sized_range<const V>) {
      observe(std::ranges::begin(values), std::array{static_cast<index>(std::ranges::size(values))});
    }
    return *this;
  }

  /// first: reads the elements of a tensor of this shape in row-major order.
  template <class It, class Shape>
  calibrator& observe(It first, const Shape& shape) {
    const parameter_grid<typename Quantizer::granularity> grid(shape);
    index count = 1;
    for (const auto extent : shape) count *= static_cast<index>(extent);
    if (count == 0) return *this;
    expect_parameters(grid.count());
    grid.for_each_run([&](index parameter, index run) {
      observe_run(calibrations_[static_cast<std::size_t>(parameter)], first, run);
    });
    return *this;
  }

  /// As if this one had seen the other's batches too.
  calibrator& merge(const calibrator& other) {
    if (other.calibrations_.empty()) return *this;
    expect_parameters(static_cast<index>(other.calibrations_.size()));
    for (std::size_t p = 0; p < calibrations_.size(); ++p) calibrations_[p].merge(other.calibrations_[p]);
    return *this;
  }

  /// The quantization for what was seen. Fails if nothing was.
  quantization<Quantizer> finish() const {
    if (calibrations_.empty()) fail("calibration data", "at least one value", "none");
    quantization<Quantizer> result{.maps = {}, .rounding = quantizer_.rounding};
    result.maps.reserve(calibrations_.size());
    for (const auto& calibration : calibrations_) {
      const interval covered = calibration.interval();
      result.maps.push_back(Quantizer::scheme::choose(covered.min, covered.max));
    }
    return result;
  }

 private:
  using calibration_type = typename Quantizer::calibration_type;

  void expect_parameters(index count) {
    if (calibrations_.empty()) calibrations_.assign(static_cast<std::size_t>(count), quantizer_.calibration);
    expect_equal("calibration data: parameters of the batch", static_cast<index>(calibrations_.size()), count);
  }

  template <class It>
  static void observe_run(calibration_type& calibration, It& first, index count) {
    std::array<float, 256> chunk;
    while (count > 0) {
      const index taken = std::min(count, static_cast<index>(chunk.size()));
      for (index i = 0; i < taken; ++i, ++first) chunk[static_cast<std::size_t>(i)] = static_cast<float>(*first);
      calibration.observe(std::span<const float>(chunk.data(), static_cast<std::size_t>(taken)));
      count -= taken;
    }
  }

  Quantizer quantizer_;
  std::vector<calibration_type> calibrations_;
};

}  // namespace pare
