// policies.cpp: the types that schemes, granularities, structures and their compositions are made of.
#include <pare/prune/pruner.hpp>
#include <pare/quant/quantizer.hpp>

namespace {

static_assert(std::is_same_v<pare::symmetric<std::int8_t>::range, pare::s8_narrow>);
static_assert(std::is_same_v<pare::affine<std::int8_t>::range, pare::s8>);
static_assert(pare::symmetric<std::int8_t>::maps_zero_to_zero && !pare::affine<std::int8_t>::maps_zero_to_zero);
static_assert(pare::Scheme<pare::symmetric<std::int16_t>> && pare::Scheme<pare::affine<std::uint8_t>>);
static_assert(!pare::Scheme<int> && !pare::Scheme<pare::per_tensor>);

static_assert(pare::Granularity<pare::per_tensor> && pare::Granularity<pare::per_axis<3>>);
static_assert(pare::per_axis<1>::block(1, 8) == 1 && pare::per_axis<1>::block(0, 8) == 8);
static_assert(pare::per_axis<1>::min_rank == 2);

static_assert(pare::Calibration<pare::min_max> && !pare::Calibration<pare::per_tensor>);

using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
static_assert(pare::Quantizer<weights_q> && !pare::Quantizer<pare::symmetric<std::int8_t>>);
static_assert(std::is_same_v<weights_q::storage, std::int8_t>);
static_assert(std::is_same_v<weights_q::rounding_type, pare::half_even>);
static_assert(pare::is_quantization<pare::quantization<weights_q>> && !pare::is_quantization<weights_q>);

static_assert(pare::Structure<pare::unstructured> && pare::Structure<pare::block<16, 4>>);
static_assert(pare::Structure<pare::channel<0>> && pare::Structure<pare::n_of_m<2, 4>>);
static_assert(pare::WindowedStructure<pare::n_of_m<2, 4>> && !pare::WindowedStructure<pare::block<4, 4>>);
static_assert(pare::Criterion<pare::magnitude> && pare::Schedule<pare::one_shot>);

using sparsity = pare::pruner<pare::magnitude, pare::block<4, 4>>;
static_assert(pare::Pruner<sparsity> && !pare::Pruner<pare::block<4, 4>> && !pare::Pruner<weights_q>);
static_assert(std::is_empty_v<sparsity>);

constexpr pare::weight_shape ohwi{.rows = 5, .taps = 9, .inputs = 2};
static_assert(pare::unstructured::groups(ohwi) == 90 && pare::unstructured::group(ohwi, 4, 17) == 89);
static_assert(pare::block<4, 4>::groups(ohwi) == 2 * 5 && pare::block<4, 4>::group(ohwi, 4, 17) == 9);
static_assert(pare::channel<0>::groups(ohwi) == 5 && pare::channel<0>::group(ohwi, 4, 17) == 4);
static_assert(pare::channel<1>::groups(ohwi) == 2 && pare::channel<1>::group(ohwi, 4, 17) == 1);
static_assert(pare::n_of_m<2, 6>::groups(ohwi) == 90);

}  // namespace
