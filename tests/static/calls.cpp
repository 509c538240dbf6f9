// calls.cpp: which calls cannot throw: kernels, and layers whose arguments have been checked.
#include <pare/nn.hpp>
#include <utility>

namespace {

using pare::index;
template <class T>
const T& some() noexcept;

using s8_weights = pare::packed_weights<pare::s8_narrow>;
using rows_of_bytes = pare::matrix_view<const std::int8_t>;
using rows_of_sums = pare::matrix_view<std::int32_t>;
using images_of_bytes = pare::image_view<const std::int8_t>;
using images_of_sums = pare::image_view<std::int32_t>;

using linear_call =
    decltype(pare::prepare_linear(some<rows_of_bytes>(), 0, some<s8_weights>(), pare::as_is, some<rows_of_sums>()));
using affine_call = decltype(pare::prepare_linear(some<rows_of_bytes>(), 0, some<pare::affine_weights<pare::u8>>(),
                                                  pare::as_is, some<rows_of_sums>()));
using conv_call = decltype(pare::prepare_conv2d(some<images_of_bytes>(), 0, some<pare::packed_conv<pare::s8>>(),
                                                some<pare::conv_geometry>(), pare::as_is, some<images_of_sums>()));
using depthwise_call =
    decltype(pare::prepare_depthwise_conv2d(some<images_of_bytes>(), 0, some<pare::packed_depthwise<pare::s8>>(),
                                            some<pare::conv_geometry>(), pare::as_is, some<images_of_sums>()));

using pool_call = decltype(pare::prepare_max_pool(some<images_of_bytes>(), pare::image_extents{2, 2},
                                                  some<pare::conv_geometry>(), some<pare::image_view<std::int8_t>>()));
using softmax_call = decltype(pare::prepare_softmax(some<pare::softmax_table>(), some<rows_of_bytes>(),
                                                    some<pare::matrix_view<std::int8_t>>()));
using sum_call = decltype(pare::prepare_elementwise(pare::maximum{}, some<images_of_bytes>(), some<images_of_bytes>(),
                                                    some<pare::image_view<std::int8_t>>()));
using cells_call = decltype(pare::prepare_conv2d(
    some<pare::cells_image<const std::int8_t>>(), 0, some<pare::packed_conv<pare::s8, pare::block<4, 4>>>(),
    some<pare::conv_geometry>(), pare::as_is, some<pare::cells_image<std::int32_t>>(), some<std::span<std::byte>>()));
using depthwise_cells_call = decltype(pare::prepare_depthwise_conv2d(
    some<pare::cells_image<const std::int8_t>>(), 0, some<pare::packed_depthwise<pare::s8>>(),
    some<pare::conv_geometry>(), pare::as_is, some<pare::cells_image<std::int32_t>>(), some<std::span<std::byte>>()));

template <class Call>
constexpr bool runs_without_throwing = noexcept(some<Call>().run()) && noexcept(some<Call>().run(pare::sequential{}));
static_assert(runs_without_throwing<linear_call> && runs_without_throwing<affine_call>);
static_assert(runs_without_throwing<conv_call> && runs_without_throwing<depthwise_call>);
static_assert(runs_without_throwing<pool_call> && runs_without_throwing<softmax_call>);
static_assert(runs_without_throwing<sum_call> && runs_without_throwing<cells_call>);
static_assert(runs_without_throwing<depthwise_cells_call>);

// An engine's own scheduler promises what it promises.
struct careful {
  static constexpr index concurrency() { return 2; }
  template <class F>
  static void bulk(index, const F&) noexcept {}
};
struct careless {
  static constexpr index concurrency() { return 2; }
  template <class F>
  static void bulk(index, const F&) {}
};
static_assert(noexcept(some<linear_call>().run(careful{})) && !noexcept(some<linear_call>().run(careless{})));

// A plain call throws pare::error for a mistake.
static_assert(!noexcept(pare::linear(some<rows_of_bytes>(), 0, some<s8_weights>(), pare::as_is, some<rows_of_sums>())));

}  // namespace
