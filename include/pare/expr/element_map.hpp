// element_map.hpp: a lazy expression whose elements are a function of another's elements and of where they are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "source.hpp"

namespace pare {

template <class F, class CT>
class element_map;

/// Row-major offset of a position in the axes of `shape` from `axis` on.
template <class It, class Shape>
index flat_offset(It position, const Shape& shape, std::size_t axis = 0) noexcept {
  index offset = 0;
  for (; axis < shape.size(); ++axis)
    offset = offset * static_cast<index>(shape[axis]) + static_cast<index>(position[axis]);
  return offset;
}

/// The container for elements V of a shape of type S: xtensor if S fixes the rank, else xarray.
template <class S, class V>
struct container_for {
  using type = xt::xarray<V>;
};
template <class I, std::size_t Rank, class V>
struct container_for<std::array<I, Rank>, V> {
  using type = xt::xtensor<V, Rank>;
};
template <class S, class V>
using container_for_t = typename container_for<S, V>::type;

/// Walks a source expression and keeps the position, which the function wants. `shape` may have more axes than the map
/// (broadcasting); the source's stepper knows that itself, the position does not move along them.
template <class M>
class element_map_stepper {
 public:
  using value_type = typename M::value_type;
  using reference = value_type;
  using pointer = const value_type*;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using shape_type = typename M::shape_type;

  template <class S>
  element_map_stepper(const M* map, S source, size_type extra_axes)
      : map_(map), source_(std::move(source)), extra_axes_(extra_axes), position_(map->zero_position()) {}

  reference operator*() const { return map_->value(*source_, position_.begin(), map_->shape()); }

  void step(size_type axis, size_type n = 1) {
    source_.step(axis, n);
    if (moves(axis)) position_[axis - extra_axes_] += n;
  }
  void step_back(size_type axis, size_type n = 1) {
    source_.step_back(axis, n);
    if (moves(axis)) position_[axis - extra_axes_] -= n;
  }
  void reset(size_type axis) {
    source_.reset(axis);
    if (moves(axis)) position_[axis - extra_axes_] -= extent(axis) - 1;
  }
  void reset_back(size_type axis) {
    source_.reset_back(axis);
    if (moves(axis)) position_[axis - extra_axes_] += extent(axis) - 1;
  }
  void to_begin() {
    source_.to_begin();
    std::fill(position_.begin(), position_.end(), size_type{0});
  }
  void to_end(xt::layout_type layout) {
    source_.to_end(layout);
    const size_type axes = extra_axes_ + position_.size();
    const size_type fastest = layout == xt::layout_type::row_major ? axes - 1 : 0;
    for (size_type axis = extra_axes_; axis < axes; ++axis)
      if (moves(axis)) position_[axis - extra_axes_] = axis == fastest ? extent(axis) : extent(axis) - 1;
  }

 private:
  size_type extent(size_type axis) const { return static_cast<size_type>(map_->shape()[axis - extra_axes_]); }
  bool moves(size_type axis) const { return axis >= extra_axes_ && extent(axis) != 1; }

  const M* map_;
  typename M::source_type::const_stepper source_;
  size_type extra_axes_;
  typename M::position_type position_;
};

}  // namespace pare

template <class F, class CT>
struct xt::xiterable_inner_types<pare::element_map<F, CT>> {
  using inner_shape_type = typename std::remove_cvref_t<CT>::inner_shape_type;
  using const_stepper = pare::element_map_stepper<pare::element_map<F, CT>>;
  using stepper = const_stepper;
};

template <class F, class CT>
struct xt::xcontainer_inner_types<pare::element_map<F, CT>> {
  using reference = typename F::value_type;
  using const_reference = reference;
  using size_type = std::size_t;
};

namespace pare {

/// An xtensor expression of F::value_type: element i is F::value(source[i], i, shape). F is a base, so what it exposes
/// (the parameters, the mask) the expression exposes. Nothing is computed before it is asked for. CT: what is kept of
/// the source, operand_t<source>.
template <class F, class CT>
class element_map : public F,
                    public xt::xsharable_expression<element_map<F, CT>>,
                    public xt::xconst_iterable<element_map<F, CT>>,
                    public xt::xconst_accessible<element_map<F, CT>> {
  using accessible = xt::xconst_accessible<element_map>;

 public:
  using source_type = std::remove_cvref_t<CT>;
  using expression_tag = xt::xtensor_expression_tag;
  using value_type = typename F::value_type;
  using reference = value_type;
  using const_reference = value_type;
  using pointer = const value_type*;
  using const_pointer = pointer;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using inner_shape_type = typename source_type::inner_shape_type;
  using shape_type = typename source_type::shape_type;
  using position_type = xt::xindex_type_t<shape_type>;
  using const_stepper = element_map_stepper<element_map>;
  using stepper = const_stepper;
  using bool_load_type = xt::bool_load_type<value_type>;
  /// What xt::eval makes of it; left to itself, xtensor 0.24 under gcc and C++20 takes a dynamic rank for rank 4.
  using temporary_type = container_for_t<shape_type, value_type>;
  static constexpr xt::layout_type static_layout = xt::layout_type::dynamic;
  static constexpr bool contiguous_layout = false;

  template <class E>
  element_map(F function, E&& source) : F(std::move(function)), source_(std::forward<E>(source)) {}

  /// The expression that is mapped.
  const source_type& source() const noexcept { return source_; }

  decltype(auto) shape() const noexcept { return source_.shape(); }
  using accessible::shape;
  xt::layout_type layout() const noexcept { return static_layout; }
  bool is_contiguous() const noexcept { return false; }

  /// Indices beyond the axes are dropped from the left, missing ones are 0, as everywhere in xtensor.
  template <class... Args>
  value_type operator()(Args... args) const {
    const std::array<size_type, sizeof...(Args)> indices{static_cast<size_type>(args)...};
    return element(indices.begin(), indices.end());
  }
  template <class... Args>
  value_type unchecked(Args... args) const {
    return (*this)(args...);
  }
  template <class It>
  value_type element(It first, It last) const {
    position_type at = zero_position();
    for (size_type axis = this->dimension(); axis > 0 && last != first; --axis) {
      --last;
      if (this->shape()[axis - 1] != 1) at[axis - 1] = static_cast<size_type>(*last);
    }
    return value(source_.element(at.begin(), at.end()), at.begin(), this->shape());
  }

  /// All elements in row-major order to memory that does not overlap the source's.
  void copy_to(value_type* to) const requires requires(const element_map& m, const source_type& source) {
    m.convert(source, to);
  }
  { this->convert(source_, to); }
  /// What an assignment to a row-major container runs: xtensor asks for it.
  template <class Y>
  requires(detail::RowMajorContainer<Y>&& std::is_same_v<typename Y::value_type, value_type>)  //
      void assign_to(xt::xexpression<Y>& result) const requires requires(const element_map& m, value_type* to) {
    m.copy_to(to);
  }
  {
    result.derived_cast().resize(shape());
    copy_to(result.derived_cast().data());
  }

  template <class S>
  bool broadcast_shape(S& shape, bool = false) const {
    return xt::broadcast_shape(this->shape(), shape);
  }
  template <class S>
  bool has_linear_assign(const S&) const noexcept {
    return false;
  }
  template <class S>
  const_stepper stepper_begin(const S& shape) const {
    return {this, source_.stepper_begin(shape), shape.size() - this->dimension()};
  }
  template <class S>
  const_stepper stepper_end(const S& shape, xt::layout_type layout) const {
    const_stepper end{this, source_.stepper_begin(shape), shape.size() - this->dimension()};
    end.to_end(layout);
    return end;
  }

 private:
  friend const_stepper;
  using F::value;
  position_type zero_position() const { return xtl::make_sequence<position_type>(this->dimension(), size_type{0}); }

  CT source_;
};

}  // namespace pare
