// elementwise.hpp: the definition of the layers that treat every element by itself: one operand, or two that may be
// repeated along axes.
#pragma once

#include <span>

#include "../core/view.hpp"
#include "../numeric/elementwise.hpp"

namespace pare {
inline namespace PARE_UNIT {

/// Fails unless each extent of the operand is the output's or 1, where it is repeated.
template <class T, class Out>
void expect_repeats(const char* argument, const image_view<T>& operand, const image_view<Out>& out) {
  expect_valid(argument, operand);
  const auto check = [&](const char* axis, index extent, index wanted) {
    if (extent != wanted && extent != 1) fail(words(argument, ".", axis), words("1 or ", wanted), extent);
  };
  check("batch", operand.batch, out.batch);
  check("height", operand.height, out.height);
  check("width", operand.width, out.width);
  check("channels", operand.channels, out.channels);
}

}  // namespace PARE_UNIT
}  // namespace pare

namespace pare::reference {
inline namespace PARE_UNIT {

/// out[n, y, x, c] = op(a[n, y, x, c], b[n, y, x, c]); an operand's axis of extent 1 is repeated to the output's.
/// Fails if another extent differs from the output's.
template <class Op, class T, class Out>
void elementwise(const Op& op, const image_view<const T>& a, const image_view<const T>& b, const image_view<Out>& out) {
  expect_valid("out", out);
  expect_repeats("a", a, out);
  expect_repeats("b", b, out);
  const auto at = [](const image_view<const T>& v, index n, index y, index x, index c) {
    return v(v.batch == 1 ? 0 : n, v.height == 1 ? 0 : y, v.width == 1 ? 0 : x, v.channels == 1 ? 0 : c);
  };
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index c = 0; c < out.channels; ++c) {
          out(n, y, x, c) = static_cast<Out>(op(at(a, n, y, x, c), at(b, n, y, x, c)));
        }
      }
    }
  }
}

/// out[i] = op(x[i]). Fails if there are not as many.
template <class Op, class T, class Out>
void transform(const Op& op, std::span<const T> x, std::span<Out> out) {
  expect_equal("out", static_cast<index>(x.size()), static_cast<index>(out.size()));
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = static_cast<Out>(op(x[i]));
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
