// calibrator.hpp: calibration of a quantizer, batch after batch, per tensor or per channel.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <vector>

#include "calibration.hpp"
#include "calibration/bytes.hpp"
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
    return observe_runs(shape, [&first](calibration_type& calibration, index run) {
      const auto count = static_cast<std::size_t>(run);
      if constexpr (std::contiguous_iterator<It> && std::same_as<std::iter_value_t<It>, float>) {
        calibration.observe(std::span<const float>(std::to_address(first), count));
        first += run;
      } else {
        std::array<float, 256> piece;
        for (std::size_t left = count, taken; left > 0; left -= taken) {
          taken = std::min(left, piece.size());
          for (std::size_t i = 0; i < taken; ++i, ++first) piece[i] = static_cast<float>(*first);
          calibration.observe(std::span<const float>(piece.data(), taken));
        }
      }
    });
  }

  /// show(calibration, count): shows a calibration the next `count` elements of a tensor of this shape, in row-major
  /// order.
  template <class Shape, class Show>
  calibrator& observe_runs(const Shape& shape, Show&& show) {
    const parameter_grid<typename Quantizer::granularity> grid(shape);
    index size = 1;
    for (const auto extent : shape) size *= static_cast<index>(extent);
    if (size == 0) return *this;
    expect_parameters(grid.count());
    grid.for_each_run(
        [&](index parameter, index run) { show(calibrations_[static_cast<std::size_t>(parameter)], run); });
    if constexpr (requires(calibration_type & c) { c.end_batch(); }) {
      for (calibration_type& calibration : calibrations_) calibration.end_batch();
    }
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
      const interval covered = interval_for<typename Quantizer::scheme>(calibration);
      result.maps.push_back(Quantizer::scheme::choose(covered.min, covered.max));
    }
    return result;
  }

  /// What was seen, as bytes (little-endian): another process may merge it, or go on. The quantizer is not among them.
  std::vector<std::byte> to_bytes() const {
    static_assert(detail::HasFields<calibration_type>,
                  "pare: to_bytes needs a calibration with fields(f), which names its members (see "
                  "quant/calibration.hpp)");
    std::vector<calibration_type> all = calibrations_;
    detail::byte_writer writer;
    writer(detail::calibrator_tag, static_cast<std::uint64_t>(all.size()));
    for (calibration_type& calibration : all) calibration.fields(writer);
    return writer.take();
  }
  /// The calibrator that to_bytes wrote, for the same type of quantizer. Fails if the bytes are not one.
  static calibrator from_bytes(std::span<const std::byte> bytes, const Quantizer& quantizer = {}) {
    static_assert(detail::HasFields<calibration_type>,
                  "pare: from_bytes needs a calibration with fields(f), which names its members (see "
                  "quant/calibration.hpp)");
    detail::byte_reader reader(bytes);
    std::uint32_t tag = 0;
    std::uint64_t count = 0;
    reader(tag, count);
    if (tag != detail::calibrator_tag) fail("bytes", "what calibrator::to_bytes wrote", "something else");
    if (count > bytes.size()) reader.fail_short();
    calibrator result(quantizer);
    result.calibrations_.assign(static_cast<std::size_t>(count), quantizer.calibration);
    for (calibration_type& calibration : result.calibrations_) calibration.fields(reader);
    reader.expect_end();
    return result;
  }

 private:
  using calibration_type = typename Quantizer::calibration_type;

  void expect_parameters(index count) {
    if (calibrations_.empty()) calibrations_.assign(static_cast<std::size_t>(count), quantizer_.calibration);
    expect_equal("calibration data: parameters of the batch", static_cast<index>(calibrations_.size()), count);
  }

  Quantizer quantizer_;
  std::vector<calibration_type> calibrations_;
};

}  // namespace pare
