// obs.hpp: masks chosen with second moments: what goes is what the rest can make up for (optimal brain surgeon).
#pragma once

#include <numeric>

#include "pruner.hpp"
#include "refit.hpp"

namespace pare {

namespace detail {

/// Upper r with r^T r = (H + lambda)^-1: row j holds, over its diagonal, how the later inputs make up for input j when
/// all earlier ones are settled. It is the inverse of the factor of H with its inputs in reverse.
inline square_matrix inverse_factor(const layer_moments& moments, const std::vector<index>& columns, double lambda) {
  const std::vector<index> reversed(columns.rbegin(), columns.rend());
  square_matrix u = factored(moments, reversed, lambda), v(u.size);
  invert_triangle(u.view(), v.view());
  const index last = u.size - 1;
  for (index i = 0; i <= last; ++i)
    for (index j = i; j <= last; ++j) u.view()(i, j) = v.view()(last - j, last - i);
  return u;
}

inline std::vector<index> all_columns(index count) {
  std::vector<index> columns(static_cast<std::size_t>(count));
  std::iota(columns.begin(), columns.end(), index{0});
  return columns;
}

/// The positions of one row's kept columns, sorted into the groups they are in.
struct row_groups {
  std::vector<index> groups;
  std::vector<std::vector<index>> positions;
};

template <Structure S>
row_groups groups_of_row(const weight_shape& shape, const std::vector<index>& columns, index row) {
  row_groups result;
  std::vector<std::pair<index, index>> order;
  for (std::size_t i = 0; i < columns.size(); ++i)
    order.emplace_back(static_cast<index>(S::group(shape, row, columns[i])), static_cast<index>(i));
  std::sort(order.begin(), order.end());
  for (const auto& [group, position] : order) {
    if (result.groups.empty() || result.groups.back() != group) {
      result.groups.push_back(group);
      result.positions.emplace_back();
    }
    result.positions.back().push_back(position);
  }
  return result;
}

/// The factor of the block of v v^T at these positions.
inline square_matrix inverse_block(const matrix_view<const double>& v, const std::vector<index>& positions) {
  square_matrix block(static_cast<index>(positions.size()));
  for (std::size_t a = 0; a < positions.size(); ++a)
    for (std::size_t b = a; b < positions.size(); ++b) {
      double sum = 0;
      for (index l = positions[b]; l < v.columns; ++l) sum += v(positions[a], l) * v(positions[b], l);
      block.view()(static_cast<index>(a), static_cast<index>(b)) = sum;
    }
  if (!cholesky(block.view())) fail("ridge", "enough to tell the inputs apart", "less");
  return block;
}

/// Adds up what the squared error grows by, over the rows [first, last) that keep these columns, when a group goes and
/// the other kept weights make up for it: w_g^T ([H^-1]_gg)^-1 w_g (Kurtic et al. 2022).
template <Structure S>
void add_saliencies(const matrix_view<const float>& weights, const mask<S>& mask, const layer_moments& moments,
                    double lambda, const std::vector<index>& columns, index first, index last,
                    std::vector<double>& scores) {
  square_matrix u = factored(moments, columns, lambda), v(u.size);
  invert_triangle(u.view(), v.view());
  row_groups known;
  std::vector<square_matrix> blocks;
  for (index row = first; row < last; ++row) {
    const std::vector<double> x = solved_row(moments, u.view(), columns, row, weights.row(row), lambda);
    row_groups here = groups_of_row<S>(mask.shape, columns, row);
    if (here.positions != known.positions) {
      blocks.clear();
      for (const auto& positions : here.positions) blocks.push_back(inverse_block(v.view(), positions));
    }
    known = std::move(here);
    for (std::size_t g = 0; g < known.groups.size(); ++g) {
      std::vector<double> part;
      for (const index position : known.positions[g]) part.push_back(x[static_cast<std::size_t>(position)]);
      std::vector<double> solved = part;
      cholesky_solve(blocks[g].view(), solved.data());
      double& score = scores[static_cast<std::size_t>(known.groups[g])];
      for (std::size_t i = 0; i < part.size(); ++i) score += part[i] * solved[i];
    }
  }
}

/// Settles the inputs [first, first + M) of rows that share a pattern, of which the mask keeps some.
inline void make_up(const matrix_view<double>& rows, const matrix_view<const double>& r, index first,
                    const std::vector<std::uint8_t>& kept) {
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != 0) continue;
    const index j = first + static_cast<index>(i);
    for (index row = 0; row < rows.rows; ++row) {
      const double error = rows(row, j) / r(j, j);
      for (index l = j; l < rows.columns; ++l) rows(row, l) -= error * r(j, l);
    }
  }
}

}  // namespace detail

/// The importance of each group given that the others make up for it: what the squared error of the outputs grows by
/// when it goes. Groups that the mask prunes already have none, 0. weights [n, k]: the dense ones, which the ridge
/// pulls towards. Costs about k^3 operations for each run of rows with one pattern.
template <Structure S>
std::vector<double> obs_scores(const matrix_view<const float>& weights, const mask<S>& mask,
                               const layer_moments& moments, double ridge = 0.01) {
  expect_valid("mask", mask, mask.shape);
  detail::expect_layer(moments, weights, mask.shape);
  const double lambda = detail::absolute_ridge(moments, ridge);
  std::vector<double> scores(mask.groups.size());
  detail::for_each_pattern(mask, [&](const std::vector<index>& columns, index first, index last) {
    if (!columns.empty()) detail::add_saliencies(weights, mask, moments, lambda, columns, first, last, scores);
  });
  return scores;
}

/// A mask in `steps` steps of equal sparsity, after each of which the importances are worked out anew: the groups that
/// stay have made up for those that went (Frantar and Alistarh 2022; Kurtic et al. 2022). Prunes what pruner::select
/// prunes: pruned_count(sparsity, groups), of windows all but `kept`. Refit the weights on it afterwards.
template <Structure S>
mask<S> gradual_obs(const matrix_view<const float>& weights, const weight_shape& shape, const layer_moments& moments,
                    double sparsity, index steps = 4, double ridge = 0.01) {
  if (!(sparsity >= 0 && sparsity < 1)) fail("sparsity", "a number in [0, 1)", sparsity);
  if (steps < 1) fail("steps", "at least 1", steps);
  mask<S> chosen{shape, std::vector<std::uint8_t>(static_cast<std::size_t>(S::groups(shape)), 1)};
  std::size_t window = std::max<std::size_t>(chosen.groups.size(), 1);
  index pruned = pruned_count(sparsity, static_cast<index>(chosen.groups.size()));
  if constexpr (WindowedStructure<S>) {
    window = std::size_t{S::window};
    pruned = S::window - S::kept;
    if (std::abs(sparsity - static_cast<double>(pruned) / S::window) > 1e-6)
      fail("sparsity", text(static_cast<double>(pruned) / S::window, ", which the structure fixes"), sparsity);
  }
  for (index step = 1; step <= steps; ++step) {
    std::vector<double> scores = obs_scores(weights, chosen, moments, ridge);
    for (std::size_t group = 0; group < scores.size(); ++group)
      if (chosen.groups[group] == 0) scores[group] = -1;
    chosen.groups = keep_greatest(scores, window, pruned * step / steps);
  }
  return chosen;
}

/// A mask for n_of_m, window after window along k: each prunes the weights that the later inputs can best make up for,
/// and they do so at once, before the next window is judged (after SparseGPT, Frantar and Alistarh 2023). One
/// factorisation for all rows. Refit the weights on it afterwards.
template <WindowedStructure S>
mask<S> sequential_obs(const matrix_view<const float>& weights, const weight_shape& shape, const layer_moments& moments,
                       double ridge = 0.01) {
  detail::expect_layer(moments, weights, shape);
  mask<S> chosen{shape, std::vector<std::uint8_t>(static_cast<std::size_t>(S::groups(shape)), 1)};
  const double lambda = detail::absolute_ridge(moments, ridge);
  const index k = shape.columns();
  const std::vector<index> columns = detail::all_columns(k);
  const detail::square_matrix r = detail::inverse_factor(moments, columns, lambda);
  const matrix_view<const double> factor(r.elements.data(), k, k);
  const detail::square_matrix h = detail::factored(moments, columns, lambda);
  const matrix_view<const double> system(h.elements.data(), k, k);

  for (index first = 0; first < shape.rows; first += S::shared) {
    const index count = std::min<index>(S::shared, shape.rows - first);
    std::vector<double> rows;
    for (index row = first; row < first + count; ++row) {
      const auto x = detail::solved_row(moments, system, columns, row, weights.row(row), lambda);
      rows.insert(rows.end(), x.begin(), x.end());
    }
    const matrix_view<double> left(rows.data(), count, k);
    for (index window = 0; window < k; window += S::window) {
      std::vector<double> scores(std::size_t{S::window});
      for (index row = 0; row < count; ++row)
        for (index i = 0; i < S::window; ++i)
          scores[static_cast<std::size_t>(i)] += std::pow(left(row, window + i) / factor(window + i, window + i), 2);
      const auto kept = keep_greatest(scores, scores.size(), S::window - S::kept);
      std::copy(kept.begin(), kept.end(), chosen.groups.begin() + S::group(shape, first, window));
      detail::make_up(left, factor, window, kept);
    }
  }
  return chosen;
}

}  // namespace pare
