// linear_cells.hpp: the fully connected layer, or pointwise convolution, over activations in channel cells: what runs
// block-sparse weights at the cost of the blocks they keep.
#pragma once

#include <new>
#include <utility>

#include "../kernel/cells.hpp"
#include "linear.hpp"

namespace pare {

/// Structures whose kernel reads and writes channel cells: block<R, C> with R = 1, 2, 4 or 8.
template <class Structure>
inline constexpr bool runs_in_cells = group_of<Structure> < strip_lanes;

namespace detail {
/// The call for weights W but for its memory.
template <class A, index MaxDepth, class Out, class W, class Epilogue>
auto cells_call_of(std::int32_t zero_point, const W& w, const Epilogue& epilogue) {
  cells_call<A, typename W::range, typename W::structure, Epilogue, Out, MaxDepth> call;
  call.weights = w.view();
  call.k = w.k();
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  return call;
}

/// Memory for the tiles of a call, aligned to 64 bytes, not cleared. Moves.
class scratch {
 public:
  explicit scratch(index bytes)
      : memory_(
            static_cast<std::byte*>(::operator new (static_cast<std::size_t>(bytes), std::align_val_t{strip_bytes}))) {}
  scratch(scratch&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
  ~scratch() { ::operator delete (memory_, std::align_val_t{strip_bytes}); }
  std::byte* get() const noexcept { return memory_; }

 private:
  std::byte* memory_;
};

/// The rectangle that part `i` of `parts` computes: whole strips of pixels or of channels.
constexpr rectangle cells_part(index pixels, index channels, index parts, index i) noexcept {
  const auto begin_of = [&](index extent, index part) { return piece(extent, strip_lanes, parts, part); };
  if (pixels >= channels) return {begin_of(pixels, i), begin_of(pixels, i + 1), 0, channels};
  return {0, pixels, begin_of(channels, i), begin_of(channels, i + 1)};
}

inline namespace PARE_UNIT {

/// Computes part `i` of `parts` of a call that has its memory.
template <class Call>
void run_cells_part(Call call, index pixels, index outputs, index parts, index i, target on) noexcept {
  call.part = cells_part(pixels, outputs, parts, i);
  run(call, on);
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y(m, n) = epilogue(sum over l of (x(m, l) - zero_point) * w[n, l]) with pixels m and channels l and n in channel
/// cells (core/cells.hpp). Everything else is as for the linear() of matrices. An `add` stage takes its operand as a
/// matrix [m, n], pixel by pixel.
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out>
auto prepare_linear(const cells_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
                    const cells_view<Out>& y, target on = best_target()) PARE_THROWS_MISTAKES {
  using value = std::remove_const_t<X>;
  using range = typename std::conditional_t<std::is_void_v<A>, element_of<value>, std::type_identity<A>>::type;
  static_assert(std::is_same_v<typename range::type, value>, "pare: A must be a format of x's element type");
  static_assert(runs_in_cells<typename W::structure>,
                "pare: channel cells are for weights of structure block<R, C>, R = 1, 2, 4 or 8; other structures read "
                "activations as matrices (see kernel/pack.hpp)");
  expect_available(on);
  expect_valid("x", x);
  expect_valid("y", y);
  expect_equal("x.channels", w.k(), x.channels);
  expect_equal("y.channels", w.n(), y.channels);
  expect_equal("y.pixels", x.pixels, y.pixels);
  if constexpr (IntegerRange<range>) detail::expect_depth<range, W, MaxDepth>(w.k());
  detail::expect_zero_point<range>(zero_point);
  detail::expect_stage<Out>(epilogue, y.pixels, y.channels);

  auto call = detail::cells_call_of<range, MaxDepth, Out>(zero_point, w, epilogue);
  call.a = x.data;
  call.a_plane = x.plane;
  call.out = y.data;
  call.out_plane = y.plane;
  return prepared([call, on, pixels = y.pixels, outputs = y.channels](index parts, index i) noexcept {
    detail::run_cells_part(call, pixels, outputs, parts, i, on);
  });
}
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out,
          Executor E = sequential>
void linear(const cells_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
            const cells_view<Out>& y, target on = best_target(), const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_linear<A, MaxDepth>(x, zero_point, w, epilogue, y, on).run(executor);
}

/// The same weights on rows: 64 rows at a time go through channel cells and back. Allocates these tiles, one for each
/// thread of the executor, for the time of the call: (k + n) * 64 elements.
///
/// A prepared call keeps them: for `concurrency` threads, and for one run at a time.
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out>
requires runs_in_cells<typename W::structure>
auto prepare_linear(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
                    const matrix_view<Out>& y, target on = best_target(), index concurrency = 1) PARE_THROWS_MISTAKES {
  using value = std::remove_const_t<X>;
  using range = typename std::conditional_t<std::is_void_v<A>, element_of<value>, std::type_identity<A>>::type;
  static_assert(std::is_same_v<typename range::type, value>, "pare: A must be a format of x's element type");
  detail::expect_matrices(x, w, y, on);
  if constexpr (IntegerRange<range>) detail::expect_depth<range, W, MaxDepth>(w.k());
  detail::expect_zero_point<range>(zero_point);
  detail::expect_stage<Out>(epilogue, y.rows, y.columns);

  detail::expect_concurrency(concurrency);
  const auto cells = detail::cells_call_of<range, MaxDepth, Out>(zero_point, w, epilogue);
  using call_type = cells_rows_call<std::remove_const_t<decltype(cells)>, Out>;
  const call_type call{cells, x.data, x.stride, y.data, y.stride};
  const index bytes = round_up(call_type::scratch_bytes(w.k(), w.n()), strip_bytes);
  return prepared(
      [call, on, bytes, rows = y.rows, columns = y.columns, scratch = detail::scratch(concurrency * bytes)](
          index parts, index i) noexcept {
        auto mine = call;
        mine.cells.part = detail::cells_part(rows, columns, parts, i);
        mine.scratch = scratch.get() + i * bytes;
        run(mine, on);
      },
      concurrency);
}
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out,
          Executor E = sequential>
requires runs_in_cells<typename W::structure>
void linear(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
            const matrix_view<Out>& y, target on = best_target(), const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_linear<A, MaxDepth>(x, zero_point, w, epilogue, y, on, executor.concurrency()).run(executor);
}

/// Copies rows [pixels, channels], such as NHWC, to channel cells.
template <class T>
void to_cells(const matrix_view<const T>& from, const cells_view<T>& to, target on = best_target()) {
  expect_available(on);
  expect_valid("from", from);
  expect_valid("to", to);
  expect_equal("to.pixels", from.rows, to.pixels);
  expect_equal("to.channels", from.columns, to.channels);
  copy_to_cells(from, to, on);
}
/// Copies channel cells to rows [pixels, channels].
template <class T>
void to_rows(const cells_view<const T>& from, const matrix_view<T>& to, target on = best_target()) {
  expect_available(on);
  expect_valid("from", from);
  expect_valid("to", to);
  expect_equal("to.rows", from.pixels, to.rows);
  expect_equal("to.columns", from.channels, to.columns);
  copy_to_rows(from, to, on);
}

}  // namespace PARE_UNIT
}  // namespace pare
