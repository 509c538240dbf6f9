// pairs.inl: the loop over weights in pairs of strips. Included in the namespace of a target that multiplies them,
// which has dot_for_pairs<A>.

#include "gemm.inl"

template <class Call>
requires std::is_same_v<typename Call::structure, paired>
struct traits<Call> {
  static_assert(Call::sum == value_kind::sum32);
  struct choice {
    using type = dot_for_pairs<typename Call::activations>;
    static constexpr index period = 0;
  };
  using a_type = typename Call::activations::type;
  using total = no_total;
  static constexpr index cell_step = cell_bytes;
  static constexpr bool shifted = true, in_order = true;
  static constexpr int panels = panels_for<typename choice::type>();
  template <int V>
  static constexpr int rows = rows_for<typename choice::type>(V);
};
