// xtensor.hpp: the xtensor headers that the expression layer uses, wherever this version of xtensor keeps them.
#pragma once

#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xaccessible.hpp>
#include <xtensor/core/xexpression.hpp>
#include <xtensor/core/xiterable.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/core/xstrides.hpp>
#include <xtensor/views/xview.hpp>
#elif __has_include(<xtensor/xtensor.hpp>)
#include <xtensor/xaccessible.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xexpression.hpp>
#include <xtensor/xiterable.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xstrides.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#else
#error "pare: pare/expr needs xtensor 0.24.3 or newer on the include path; pare/nn.hpp works without it"
#endif

#include <type_traits>

namespace pare {

static_assert(XTENSOR_DEFAULT_TRAVERSAL == xt::layout_type::row_major,
              "pare: expressions are read in row-major order; leave XTENSOR_DEFAULT_TRAVERSAL alone (containers of any "
              "layout are fine)");

template <class E>
concept XtensorExpression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// What an expression keeps of an operand: a reference to an lvalue, the object itself if it was a temporary.
template <class T>
using operand_t =
    std::conditional_t<std::is_lvalue_reference_v<T>, const std::remove_reference_t<T>&, std::remove_cvref_t<T>>;

}  // namespace pare
