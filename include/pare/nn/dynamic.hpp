// dynamic.hpp: the fully connected layer whose activations are quantized row by row while it runs: the weight-only path
// of language models. Weights have 8 or 4 bits and scales of their own.
#pragma once

#include <cstdint>
#include <span>

#include "linear.hpp"
#include "scaled_weights.hpp"

namespace pare {

/// What such a layer multiplies by: 8- or 4-bit weights with a scale per channel, or 4-bit ones with scales of groups.
template <class W>
concept DynamicOperand = ScaledOperand<W> ||(PackedOperand<W>&& is_grouped<typename W::structure>);

/// Float activations, which a call quantizes to s8, each row with the scale and zero point of row_map
/// (kernel/rows.hpp). The workspace has dynamic_workspace() bytes, may lie anywhere, and belongs to one call at a time.
struct dynamic_rows {
  std::span<std::byte> workspace;
};

/// Activations that are codes already: row i is scales[i] * (code - zero_points[i]). The workspace as above.
struct coded_rows {
  std::span<const float> scales;
  std::span<const std::int32_t> zero_points;
  std::span<std::byte> workspace;
};

namespace detail {

/// Elements of k that share a term (see grouped_call); 0 if the weights need none.
template <class W>
constexpr index term_group(const W& w) noexcept {
  if constexpr (is_grouped<typename W::structure>) {
    return W::structure::group;
  } else {
    return bits_of<typename W::range> == 4 ? w.k() : 0;
  }
}
/// Terms per row.
template <class W>
constexpr index term_count(const W& w) noexcept {
  if constexpr (is_grouped<typename W::structure>) {
    return ceil_div(w.k(), W::structure::group);
  } else {
    return bits_of<typename W::range> == 4 ? 1 : 0;
  }
}
constexpr index codes_stride(index k) noexcept { return round_up(k, strip_bytes); }

/// The activations of a call as kernels take them, and where they lie in a workspace.
struct row_operands {
  row_codes rows;
  std::int32_t* terms = nullptr;  ///< [rows, term_count]
};

/// Bytes for `rows` rows: terms, and codes and maps if they are made here. At an address that is a multiple of 64.
template <class W>
row_operands lay_out(index rows, const W& w, bool with_codes, std::byte* at, index& bytes) noexcept {
  row_operands all;
  bytes = 0;
  const auto take = [&]<class T>(T*& array, index count) {
    if (at != nullptr) array = reinterpret_cast<T*>(at + bytes);
    bytes += round_up(count * index{sizeof(T)}, strip_bytes);
  };
  take(all.terms, rows * term_count(w));
  if (with_codes) {
    all.rows.stride = codes_stride(w.k());
    take(all.rows.codes, rows * all.rows.stride);
    take(all.rows.scales, rows);
    take(all.rows.zero_points, rows);
  }
  return all;
}

template <class W>
row_operands checked_layout(index rows, const W& w, bool with_codes, std::span<std::byte> workspace) {
  const std::size_t skip = (0 - reinterpret_cast<std::uintptr_t>(workspace.data())) % strip_bytes;
  index bytes = 0;
  const row_operands all = lay_out(rows, w, with_codes, workspace.data() + skip, bytes);
  if (static_cast<std::size_t>(bytes) + strip_bytes > workspace.size() && bytes != 0)
    fail("workspace.size", words("at least ", bytes + strip_bytes, " bytes (see dynamic_workspace)"), workspace.size());
  return all;
}

}  // namespace detail

/// Bytes of workspace for `rows` rows of float activations with weights w.
template <DynamicOperand W>
index dynamic_workspace(index rows, const W& w) noexcept {
  index bytes = 0;
  detail::lay_out(rows, w, true, nullptr, bytes);
  return bytes + strip_bytes;
}
/// The same for activations that are codes already.
template <DynamicOperand W>
index coded_workspace(index rows, const W& w) noexcept {
  index bytes = 0;
  detail::lay_out(rows, w, false, nullptr, bytes);
  return bytes + strip_bytes;
}

namespace detail {
inline namespace PARE_UNIT {

/// The stages from the sums of a call on codes to reals, then the caller's.
template <class W, class Epilogue>
auto dynamic_stages(const W& w, const row_operands& x, const Epilogue& epilogue) noexcept {
  const row_scales_stage scaled{{}, x.rows.scales, 0};
  if constexpr (is_grouped<typename W::structure>) {
    const row_zero_points_stage<float> zero_points{{}, x.rows.zero_points, 0, w.sums().data()};
    return zero_points | scaled | epilogue;
  } else {
    const row_zero_points_stage<std::int32_t> zero_points{{}, x.rows.zero_points, 0, w.view().sums};
    const auto reals = zero_points | dequantize(w.scales()) | scaled | epilogue;
    if constexpr (bits_of<typename W::range> == 4) {
      return row_terms_stage{{}, x.terms, 0} | reals;
    } else {
      return reals;
    }
  }
}

/// Multiplies codes [m, k] whose maps and terms are ready.
template <class W, class Epilogue, class Out, class E>
void run_dynamic(const matrix_view<const std::int8_t>& codes, const row_operands& x, const W& w,
                 const Epilogue& epilogue, const matrix_view<Out>& y, target on, const E& executor) {
  const auto stages = dynamic_stages(w, x, epilogue);
  using stages_type = std::remove_const_t<decltype(stages)>;
  using general = gemm_call<s8, typename W::range, typename W::structure, stages_type, Out>;
  std::conditional_t<is_grouped<typename W::structure>, grouped_call<general>, general> call;
  call.a = codes.data;
  call.a_stride = codes.stride;
  call.weights = w.view();
  call.k = w.k();
  call.epilogue = stages;
  call.out = y.data;
  call.out_stride = y.stride;
  if constexpr (is_grouped<typename W::structure>) call.terms = x.terms;
  const index parts = executor.concurrency();
  executor.bulk(parts, [&](index i) {
    auto mine = call;
    mine.part = detail::part_of(y.rows, y.columns, parts, i);
    run(mine, on);
  });
}

template <class X, class W, class Epilogue, class Out>
void expect_dynamic(const matrix_view<X>& x, const W& w, const Epilogue& epilogue, const matrix_view<Out>& y,
                    target on) {
  expect_matrices(x, w, y, on);
  if (w.k() > default_depth) fail("weights.columns", words("at most ", default_depth), w.k());
  expect_stage<Out>(epilogue, y.rows, y.columns);
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y[m, n] = epilogue(x[m, k] times the real weights [n, k]), x quantized row by row. The epilogue starts with reals.
/// The integer products are exact; which float operations follow, in which order, is in kernel/row_stages.hpp and
/// kernel/grouped.hpp: every target gives the same bits. Allocates nothing. Fails as linear does, or if the workspace
/// is too small.
template <class X, DynamicOperand W, Stage Epilogue, class Out, Executor E = sequential>
requires std::is_same_v < std::remove_const_t<X>,
float > void linear(const matrix_view<X>& x, const dynamic_rows& how, const W& w, const Epilogue& epilogue,
                    const matrix_view<Out>& y, target on = best_target(), const E& executor = {}) {
  detail::expect_dynamic(x, w, epilogue, y, on);
  const auto operands = detail::checked_layout(x.rows, w, true, how.workspace);
  const matrix_view<const float> reals = x;
  const matrix_view<const std::int8_t> codes(operands.rows.codes, x.rows, x.columns, operands.rows.stride);
  const index parts = executor.concurrency();
  executor.bulk(parts, [&](index i) {
    const index begin = detail::piece(x.rows, 1, parts, i), end = detail::piece(x.rows, 1, parts, i + 1);
    quantize_rows(reals, operands.rows, begin, end, on);
    if constexpr (bits_of<typename W::range> == 4)
      sum_groups(codes, detail::term_count(w), detail::term_group(w), operands.terms, begin, end, on);
  });
  detail::run_dynamic(codes, operands, w, epilogue, y, on, executor);
}

/// The same for activations that are codes already.
template <class X, DynamicOperand W, Stage Epilogue, class Out, Executor E = sequential>
requires std::is_same_v<std::remove_const_t<X>, std::int8_t>
void linear(const matrix_view<X>& x, const coded_rows& how, const W& w, const Epilogue& epilogue,
            const matrix_view<Out>& y, target on = best_target(), const E& executor = {}) {
  detail::expect_dynamic(x, w, epilogue, y, on);
  expect_equal("scales.size", x.rows, static_cast<index>(how.scales.size()));
  expect_equal("zero_points.size", x.rows, static_cast<index>(how.zero_points.size()));
  for (const std::int32_t zero_point : how.zero_points) detail::expect_zero_point<s8>(zero_point);
  auto operands = detail::checked_layout(x.rows, w, false, how.workspace);
  operands.rows.scales = const_cast<float*>(how.scales.data());
  operands.rows.zero_points = const_cast<std::int32_t*>(how.zero_points.data());
  const matrix_view<const std::int8_t> codes = x;
  if constexpr (bits_of<typename W::range> == 4)
    sum_groups(codes, detail::term_count(w), detail::term_group(w), operands.terms, 0, x.rows, on);
  detail::run_dynamic(codes, operands, w, epilogue, y, on, executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
