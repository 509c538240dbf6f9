// reordered.hpp: packed weights with a copy in the order that the target multiplies fastest, made once, at load.
#pragma once

#include <span>
#include <utility>

#include "../kernel/pack_pairs.hpp"
#include "../simd/target.hpp"
#include "packed.hpp"

namespace pare {

inline namespace PARE_UNIT {

/// Bytes of the copy of weights [n, k] that `on` multiplies faster than panels; 0 if it has no such order.
constexpr index reordered_bytes([[maybe_unused]] index n, [[maybe_unused]] index k,
                                [[maybe_unused]] target on) noexcept {
#define PARE_CASE(name) \
  if (on == target::name) return panel_count(n) * pair_panel_bytes(k);
  PARE_FOR_EACH_PAIR_TARGET(PARE_CASE)
#undef PARE_CASE
  return 0;
}

}  // namespace PARE_UNIT

/// Dense 8-bit weights of a portable operand with the copy that a target multiplies fastest (NEON i8mm: cells 8 deep),
/// if it has an order of its own: `linear` takes either, to the same bits, and packed weights stay the same on every
/// machine. Other targets read the panels of the operand, which must outlive this and is never written.
template <PackedOperand P>
class reordered_weights {
  static_assert(IntegerRange<typename P::range> && bits_of<typename P::range> == 8 &&
                    std::is_same_v<typename P::structure, dense>,
                "pare: only dense 8-bit weights have another order; use the others as they are packed");

 public:
  using range = typename P::range;
  using structure = reordered;

  /// In memory of its own.
  explicit reordered_weights(const P& weights, target on = best_target())
      : weights_(&weights), own_(reordered_bytes(weights.n(), weights.k(), on)) {
    fill(own_.data());
  }
  /// In the caller's memory, of at least reordered_bytes(n, k, on) bytes that start at a multiple of 64. Allocates
  /// nothing. Fails if it is too small or not aligned.
  reordered_weights(const P& weights, std::span<std::byte> memory, target on = best_target()) : weights_(&weights) {
    const auto needed = static_cast<std::size_t>(reordered_bytes(weights.n(), weights.k(), on));
    if (memory.size() < needed) fail("memory", words("at least ", needed, " bytes"), memory.size());
    if (needed != 0 && reinterpret_cast<std::uintptr_t>(memory.data()) % strip_bytes != 0)
      fail("memory", "bytes aligned to 64", "others");
    fill(needed == 0 ? nullptr : memory.data());
  }
  reordered_weights(const P&&, auto&&...) = delete;

  index n() const noexcept { return weights_->n(); }
  index k() const noexcept { return weights_->k(); }
  /// Memory of the copy, beside that of the operand.
  std::size_t bytes() const noexcept {
    return pairs_ == nullptr ? 0 : static_cast<std::size_t>(panel_count(n()) * pair_panel_bytes(k()));
  }
  panel_view<reordered> view() const noexcept {
    const panel_view<dense> panels = weights_->view();
    return {panels, {{pairs_, panels.sums, pair_panel_bytes(k())}}};
  }

 private:
  void fill(std::byte* to) noexcept {
    pairs_ = to;
    if (to == nullptr) return;
    const panel_view<dense> panels = weights_->view();
    for (index panel = 0; panel < panel_count(n()); ++panel)
      pair_strips(panels.strips + panel * panels.panel_bytes, strips_of<range>(k()),
                  to + panel * pair_panel_bytes(k()));
  }

  const P* weights_;
  aligned_storage<std::byte> own_;
  const std::byte* pairs_ = nullptr;
};

}  // namespace pare
