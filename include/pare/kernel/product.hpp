// product.hpp: a product by the functions of a target, in place or over rows that are copied or rewritten for its dot.
#pragma once

#include "../core/standard.hpp"
#include "../simd/units.hpp"
#include "tiles.hpp"

namespace pare::inline PARE_UNIT {

/// How many of `rows` rows go through memory for `fit` of them at a time: blocks of about the same height, of whole
/// tiles if one fits.
constexpr index rows_of_block(index rows, index fit, index tile) noexcept {
  if (fit >= tile) fit -= fit % tile;
  return round_up(ceil_div(rows, ceil_div(rows, fit)), smaller(fit, tile));
}

/// Runs a call over copies of `fit` rows at a time.
template <class Call>
void run_copied(const Call& call, const tile_table<Call>& table, index fit) noexcept {
  const index begin = call.part.row_begin, end = call.part.row_end;
  const index step = rows_of_block(end - begin, fit, table.sets[0].rows);
  row_copies rows;
  Call block = call;
  block.copied = true;
  block.a_stride = row_copies::row_bytes(call.k);
  for (index row = begin; row < end; row += step) {
    const index last = smaller(row + step, end);
    table.copy(rows.memory, start_of_row(call, row), last - row, call.a_stride, call.k);
    block.a = reinterpret_cast<const typename Call::activations::type*>(rows.memory) - row * block.a_stride;
    run_rows(block, table, row, last);
  }
}
/// Runs a call each of whose tiles copies its rows.
template <class Call>
void run_copying(const Call& call, const tile_table<Call>& table) noexcept {
  alignas(strip_bytes) std::byte copies[near_copies_bytes];
  Call copying = call;
  copying.copies = copies;
  run_rows(copying, table, call.part.row_begin, call.part.row_end);
}

/// Runs a call over copies of its rows where that pays; false elsewhere. Many products a row pay for copies on every
/// CPU, up to the second-level cache; fewer where changing cells delays products, and in the nearest: tile by tile
/// where rows meet one set of panels, so that copies and products overlap. Few cells are read in place: their copies
/// would be read back before they have left the store buffer (12544 x 32 x 16 took 1.15 times as long); so is a lone
/// row, which meets more panels at once.
template <class Call>
bool runs_copied(const Call& call, const tile_table<Call>& table) noexcept {
  constexpr index many_rows = 4, many_columns = 256, many_k = 256, least_k = 48;
  const index rows = call.part.row_end - call.part.row_begin, columns = call.part.column_end - call.part.column_begin;
  const bool many = rows >= many_rows && columns >= many_columns && call.k >= many_k;
  if (!many && !((table.copies_pay || flips_delay_products) && call.k >= least_k && rows > 1)) return false;
  const index row_bytes = row_copies::row_bytes(call.k);
  const index most_rows = larger(table.sets[0].rows, larger(table.sets[1].rows, table.sets[2].rows));
  if (columns <= table.sets[0].panels * strip_lanes && most_rows * row_bytes <= near_copies_bytes) {
    run_copying(call, table);
    return true;
  }
  const index all = smaller(row_copies::bytes / row_bytes, row_copies::most);
  const index fit = many ? all : smaller(all, larger<index>(near_copies_bytes / row_bytes, table.sets[0].rows));
  if (fit > 0) run_copied(call, table, fit);
  return fit > 0;
}

/// How many rows all panels are run over before the next rows. Lists jump within their rows, which must therefore stay
/// in the first-level cache; in order, rows stream well from the second level.
template <class Call>
index rows_at_once(const Call& call, const tile_table<Call>& table, index rows) noexcept {
  if constexpr (requires { requires !walk_of<Call>::in_order; }) {
    constexpr index first_level_bytes = 32 * 1024;
    const index row_bytes = larger<index>(call.k * index{sizeof(*call.a)}, 1), tile = table.sets[0].rows;
    return larger(first_level_bytes / row_bytes / tile, index{1}) * tile;
  } else {
    return rows;
  }
}

/// The whole rectangle.
template <class Call>
void run_product(const Call& call, const tile_table<Call>& table) noexcept {
  if constexpr (may_copy_rows<Call>) {
    if (table.copy != nullptr && runs_copied(call, table)) return;
  }
  const rectangle& part = call.part;
  const index step = rows_at_once(call, table, part.row_end - part.row_begin);
  for (index row = part.row_begin; row < part.row_end; row += step)
    run_rows(call, table, row, smaller(row + step, part.row_end));
}

/// How a target rewrites rows of k elements, `stride` bytes apart: row_bytes(k) each, and in `terms` what every sum of
/// a row then lacks.
template <class Call>
struct row_rewriting {
  index (*row_bytes)(index k);
  void (*rewrite)(std::byte* to, std::int32_t* terms, const std::byte* from, index rows, index stride, index k);
  const tile_table<Call>* table;
};

/// Rows as they are rewritten, and their terms.
struct rewritten_rows {
  static constexpr index bytes = 24 * 1024, most = 120, few_products = 1024;
  std::int32_t terms[most];
  alignas(strip_bytes) std::byte memory[bytes];
};

/// Runs a call over rewritten rows; false if not even one fits their memory, or if a row has so few products that it
/// takes longer to rewrite it than to multiply it as it is.
template <class Call>
bool run_rewritten(const Call& call, const row_rewriting<Call>& to) noexcept {
  const auto& [begin, end, column_begin, column_end] = call.part;
  if ((column_end - column_begin) * call.k <= rewritten_rows::few_products) return false;
  rewritten_rows rows;
  const index row_bytes = to.row_bytes(call.k);
  const index fit = smaller(rewritten_rows::bytes / row_bytes, rewritten_rows::most);
  if (fit == 0) return false;
  const std::int32_t* const terms = rows.terms;
  Call block = call;
  block.copied = true;  // they end in a whole cell
  block.a_stride = row_bytes;
  const index step = rows_of_block(end - begin, fit, to.table->sets[0].rows);
  for (index row = begin; row < end; row += step) {
    const index last = smaller(row + step, end);
    to.rewrite(rows.memory, rows.terms, start_of_row(call, row), last - row, call.a_stride, call.k);
    block.row_terms = terms - row;
    block.a = reinterpret_cast<const typename Call::activations::type*>(rows.memory) - row * row_bytes;
    run_rows(block, *to.table, row, last);
  }
  return true;
}

}  // namespace pare::inline PARE_UNIT
