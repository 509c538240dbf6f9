// random_tensor.hpp: tensors of random integers for tests, the same on every machine.
#pragma once

#include <pare/core/view.hpp>
#include <pare/numeric/range.hpp>
#include <random>
#include <vector>

namespace pare::test {

/// `size` integers of R, each drawn from the whole range, its ends more often than chance.
template <IntegerRange R>
std::vector<typename R::type> random_values(index size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<typename R::type> values(static_cast<std::size_t>(size));
  for (auto& value : values) {
    const auto draw = static_cast<std::int64_t>(random());
    const std::int64_t any = R::min + (draw >> 4) % (R::max - R::min + 1);
    value = static_cast<typename R::type>(draw % 16 == 0 ? R::min : draw % 16 == 1 ? R::max : any);
  }
  return values;
}

/// A tensor of four extents with its own memory: images NHWC, weights OHWI.
template <class T>
struct tensor {
  std::vector<T> values;
  index extents[4];
  image_view<const T> view() const { return {values.data(), extents[0], extents[1], extents[2], extents[3]}; }
  image_view<T> view() { return {values.data(), extents[0], extents[1], extents[2], extents[3]}; }
};

template <IntegerRange R>
tensor<typename R::type> random_tensor(index a, index b, index c, index d, unsigned seed) {
  return {random_values<R>(a * b * c * d, seed), {a, b, c, d}};
}

template <class T>
tensor<T> zero_tensor(index a, index b, index c, index d) {
  return {std::vector<T>(static_cast<std::size_t>(a * b * c * d)), {a, b, c, d}};
}

}  // namespace pare::test
