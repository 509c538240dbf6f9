// packed.hpp: weights that a kernel can read, owned: packed once, run on any target.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "../core/standard.hpp"
#include "../core/storage.hpp"
#include "../kernel/pack_windows.hpp"
#include "../numeric/range.hpp"

namespace pare {

/// What a layer multiplies by: weights [n, k] of a range and a structure, in panels. Models: packed_weights,
/// packed_view (bytes.hpp), constant_weights (constant.hpp).
template <class P>
concept PackedOperand = Element<typename P::range> && requires(const P& p) {
  { p.n() } -> std::convertible_to<index>;
  { p.k() } -> std::convertible_to<index>;
  { p.view() } -> std::same_as<panel_view<typename P::structure>>;
};

/// The arrays behind a panel_view, as bytes: strips, sums, first, cells; those that a structure does not have are
/// empty.
using packed_parts = std::array<std::span<const std::byte>, 4>;

/// Pre: the arrays are aligned for their elements, and as pack.hpp says.
template <Element W, class Structure>
panel_view<Structure> view_of(const packed_parts& parts, [[maybe_unused]] index k) noexcept {
  const auto array = [&]<class T>(std::size_t i, const T*) { return reinterpret_cast<const T*>(parts[i].data()); };
  const auto* const sums = array(1, static_cast<const std::int32_t*>(nullptr));
  if constexpr (!is_listed<Structure>) {
    return {parts[0].data(), sums, panel_bytes_of<W, Structure>(k)};
  } else {
    return {parts[0].data(), sums, array(2, static_cast<const std::uint32_t*>(nullptr)),
            array(3, static_cast<const std::uint16_t*>(nullptr))};
  }
}

/// source(first, tile) writes channels first, first + 1, ... of weights [n, k] into tile [rows, k].
template <class S, class T>
concept TileSource = std::invocable<S&, index, matrix_view<T>>;

/// Weights [n, k] in the element range W. Structure is dense, block<R, C> (blocks of R output channels by one cell that
/// are all zero take neither memory nor time) or n_of_m<N, M> (of every M weights along k at most N are not 0, in
/// n_of_m<N, M, 16> the same ones in channels 16 i to 16 i + 15).
template <Element W, class Structure = dense>
class packed_weights {
 public:
  using range = W;
  using element = typename W::type;
  using structure = Structure;
  static_assert(
      has_kernel<Structure, element>,
      "pare: this version has kernels for dense weights and for block<R, C>, R = 1, 2, 4, 8 or 16 and C a multiple of "
      "a cell (4 int8, 2 int16, 1 float), and for n_of_m<N, M> and n_of_m<N, M, 16>, N = 1, 2 or 4 and M / N = 2, 4, "
      "8 or, of 8-bit weights, 16; "
      "no kernel makes this structure faster yet: leave it dense, or prune "
      "block<4, 4> or whole channels (see kernel/pack.hpp)");
  static_assert(bits_of<W> >= 8 || std::is_same_v<Structure, dense>, "pare: 4-bit weights are packed dense");
  static constexpr bool has_sums = sizeof(element) == 1;

  packed_weights() = default;

  /// Packs what `source` says, 16 channels at a time: source(first, tile) writes channels [first, first + tile.rows)
  /// of the weights into tile [rows <= 16, k]. No copy of the whole operand is made. run: as pack_windows has it.
  /// Fails if an extent is negative or a weight is outside W.
  template <TileSource<element> Source>
  packed_weights(index n, index k, Source source, index run = std::numeric_limits<index>::max());

  /// Packs a matrix in memory.
  explicit packed_weights(const matrix_view<const element>& weights)
      : packed_weights(checked(weights).rows, weights.columns, [&](index first, matrix_view<element> tile) {
          for (index j = 0; j < tile.rows; ++j) copy_elements(weights.row(first + j), tile.columns, tile.row(j));
        }) {}

  /// Packs floats, each rounded to the nearest half.
  explicit packed_weights(const matrix_view<const float>& weights) requires std::is_same_v<W, f16>
      : packed_weights(checked(weights).rows, weights.columns, [&](index first, matrix_view<half> tile) {
        for (index j = 0; j < tile.rows; ++j)
          for (index l = 0; l < tile.columns; ++l) tile(j, l) = half(weights(first + j, l));
      }) {}

  index n() const noexcept { return n_; }
  index k() const noexcept { return k_; }
  /// Memory of the packed operand: strips, sums and, for blocks, which cells they are.
  std::size_t bytes() const noexcept { return strips_.bytes() + sums_.bytes() + first_.bytes() + cells_.bytes(); }
  /// Fraction of the blocks, or of every window's weights, that are kept; 1 for dense.
  double density() const noexcept {
    if constexpr (window_depth<Structure> != 0) return double{Structure::kept} / double{Structure::window};
    const index all = ceil_div(n_, group) * strips_of<W>(k_);
    return all == 0 ? 1 : static_cast<double>(strips_.size() / (group * cell_bytes)) / static_cast<double>(all);
  }
  panel_view<Structure> view() const noexcept {
    if constexpr (is_listed<Structure>) {
      return {strips_.data(), sums_.data(), first_.data(), cells_.data()};
    } else {
      return {strips_.data(), sums_.data(), panel_bytes_of<W, Structure>(k_)};
    }
  }
  packed_parts parts() const noexcept {
    return {strips_.as_bytes(), sums_.as_bytes(), first_.as_bytes(), cells_.as_bytes()};
  }

 private:
  template <class T>
  static const matrix_view<T>& checked(const matrix_view<T>& weights) {
    expect_valid("weights", weights);
    return weights;
  }
  static void expect_uncrowded(const crowded_window& found, index first) {
    if (found.kept == 0) return;
    if constexpr (window_depth<Structure> != 0) {
      const auto where = words(" in any of ", Structure::shared, " channels");
      fail(words("weights[", first + found.row, ", ", found.begin, "...]"),
           words("at most ", Structure::kept, " of ", Structure::window, " that are not 0",
                 Structure::shared == 1 ? detail::text_part("") : detail::text_part(where)),
           found.kept);
    }
  }
  static void expect_in_range(const matrix_view<const element>& tile, index first);
  void append(const matrix_view<const element>& tile, index panel, growing_storage<std::byte>& strips,
              growing_storage<std::uint16_t>& cells);
  /// Output channels that are kept or dropped together.
  static constexpr index group = group_of<Structure>;

  index n_ = 0, k_ = 0;
  aligned_storage<std::byte> strips_;
  aligned_storage<std::int32_t> sums_;
  aligned_storage<std::uint32_t> first_;
  aligned_storage<std::uint16_t> cells_;
};

template <Element W, class Structure>
template <TileSource<typename W::type> Source>
packed_weights<W, Structure>::packed_weights(index n, index k, Source source, [[maybe_unused]] index run)
    : n_(n), k_(k) {
  if (n < 0) fail("weights.rows", "at least 0", n);
  if (k < 0 || k > INT32_MAX) fail("weights.columns", "at least 0 and below 2^31", k);
  if (n > PTRDIFF_MAX / 4 / (std::int64_t{k} + 64) - 15) fail("weights.rows", "rows that fit the address space", n);
  const index panels = panel_count(n), panel_bytes = panel_bytes_of<W, Structure>(k);
  if (has_sums) sums_ = aligned_storage<std::int32_t>(panels * strip_lanes);
  constexpr bool listed = is_listed<Structure>;
  if (listed && strips_per_panel<element>(k) > most_listed_cells)
    fail("weights.columns", words("at most ", most_listed_cells, " cells of ", cell_depth<element>), k);
  if (!listed) strips_ = aligned_storage<std::byte>(panels * panel_bytes);
  if (listed) first_ = aligned_storage<std::uint32_t>(panels * (strip_lanes / group) + 1);
  growing_storage<std::byte> strips;
  growing_storage<std::uint16_t> cells;
  aligned_storage<element> buffer(panels == 0 ? 0 : strip_lanes * k);
  for (index panel = 0; k != 0 && panel < panels; ++panel) {  // without columns, even 2^31 rows take no time
    const index first = panel * strip_lanes;
    const matrix_view<element> tile(buffer.data(), smaller(strip_lanes, n - first), k);
    source(first, tile);
    expect_in_range(tile, first);
    if constexpr (has_sums) row_sums<element>(tile, sums_.data() + first);
    if constexpr (window_depth<Structure> != 0) {
      expect_uncrowded(pack_windows<Structure, element>(tile, strips_.data() + panel * panel_bytes, run), first);
    } else if constexpr (!listed) {
      pack_panel_of<W>(tile, strips_.data() + panel * panel_bytes);
    } else {
      append(tile, panel, strips, cells);
    }
  }
  if constexpr (listed) {
    strips_ = strips.copy();
    cells_ = cells.copy();
  }
}

template <Element W, class Structure>
void packed_weights<W, Structure>::expect_in_range(const matrix_view<const element>& tile, index first) {
  if constexpr (std::is_integral_v<element>) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l)
        if (tile(j, l) < W::min || tile(j, l) > W::max)
          fail(words("weights[", first + j, ", ", l, "]"), words("a value in [", W::min, ", ", W::max, "]"),
               tile(j, l));
  }
}

template <Element W, class Structure>
void packed_weights<W, Structure>::append(const matrix_view<const element>& tile, index panel,
                                          growing_storage<std::byte>& strips, growing_storage<std::uint16_t>& cells) {
  std::uint32_t* end = first_.data() + panel * (strip_lanes / group) + 1;
  for (index j = 0; j < strip_lanes; j += group) {
    const index kept = j < tile.rows ? kept_strips<group>(tile, j) : 0;
    if (kept != 0) pack_kept<group>(tile, strips.add(kept * group * cell_bytes), cells.add(kept), j);
    *end++ = static_cast<std::uint32_t>(cells.size());
  }
}

}  // namespace pare
