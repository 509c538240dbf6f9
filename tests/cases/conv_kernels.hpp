// conv_kernels.hpp: the kernels of convolutions that the test programs run, each instantiated once for all programs, in
// convs.cpp and depthwise.cpp.
#pragma once

#include <pare/nn/conv2d_cells.hpp>
#include <pare/nn/depthwise_conv2d.hpp>

#include "kernels.hpp"

namespace cases {

template <class S>
using conv_formats_of = std::tuple<s8_s8<S>, u8_s8n<S>, s16_s8<S>, f32_f32<S>>;
using dense_conv_formats = conv_formats_of<pare::dense>;
using conv_formats = decltype(std::tuple_cat(dense_conv_formats{}, conv_formats_of<pare::block16>{}));
using conv_formats_in_windows = std::tuple<s8_s8<pare::n_of_m<2, 4>>, u8_s8n<pare::n_of_m<4, 16>>,
                                           s8_s8n<pare::n_of_m<4, 16, 16>>, s16_s8<pare::n_of_m<4, 16>>>;

template <class F>
using conv_sums =
    pare::conv_call<typename F::A, typename F::W, typename F::structure, pare::identity_stage, typename F::sum>;
using conv_formats_in_cells = std::tuple<s8_s8<pare::block<4, 4>>, s8_s8n<pare::block<1, 4>>, u8_s8n<pare::block<8, 4>>,
                                         s16_s16<pare::block<2, 4>>, f32_f32<pare::block<1, 1>>>;

template <class F>
using depthwise_sums = pare::depthwise_call<typename F::A, typename F::W, pare::identity_stage, typename F::sum>;

template <class F>
using conv_sums_in_cells =
    pare::cells_conv_call<typename F::A, typename F::W, typename F::structure, pare::identity_stage, typename F::sum>;

}  // namespace cases

#define CASES_OF_CONV(X, kind, S)  \
  X(cases::kind<cases::s8_s8<S>>)  \
  X(cases::kind<cases::u8_s8n<S>>) \
  X(cases::kind<cases::s16_s8<S>>) \
  X(cases::kind<cases::f32_f32<S>>)
CASES_OF_CONV(CASES_DEFINED_ELSEWHERE, conv_sums, pare::dense)
CASES_OF_CONV(CASES_DEFINED_ELSEWHERE, conv_sums, pare::block16)
CASES_OF_CONV(CASES_DEFINED_ELSEWHERE, depthwise_sums, pare::dense)

#define CASES_OF_CONV_IN_WINDOWS(X)                           \
  X(cases::conv_sums<cases::s8_s8<pare::n_of_m<2, 4>>>)       \
  X(cases::conv_sums<cases::u8_s8n<pare::n_of_m<4, 16>>>)     \
  X(cases::conv_sums<cases::s8_s8n<pare::n_of_m<4, 16, 16>>>) \
  X(cases::conv_sums<cases::s16_s8<pare::n_of_m<4, 16>>>)
CASES_OF_CONV_IN_WINDOWS(CASES_DEFINED_ELSEWHERE)

#define CASES_OF_CONV_IN_CELLS(X)                                 \
  X(cases::conv_sums_in_cells<cases::s8_s8<pare::block<4, 4>>>)   \
  X(cases::conv_sums_in_cells<cases::s8_s8n<pare::block<1, 4>>>)  \
  X(cases::conv_sums_in_cells<cases::u8_s8n<pare::block<8, 4>>>)  \
  X(cases::conv_sums_in_cells<cases::s16_s16<pare::block<2, 4>>>) \
  X(cases::conv_sums_in_cells<cases::f32_f32<pare::block<1, 1>>>)
CASES_OF_CONV_IN_CELLS(CASES_DEFINED_ELSEWHERE)
