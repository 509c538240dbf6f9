// cells_walk.inl: which blocks of weights meet which strips of activations. Included by cells.inl.

/// Where cell i of k lies: that many planes on, or at a place of its own.
struct plane_places {
  index plane_bytes;
  PARE_ALWAYS_INLINE index operator()(std::uint16_t i) const { return index{i} * plane_bytes; }
};
struct listed_places {
  const std::uint32_t* places;
  PARE_ALWAYS_INLINE index operator()(std::uint16_t i) const { return static_cast<index>(places[i]); }
};
template <class Call>
PARE_ALWAYS_INLINE auto places_of(const Call& call) {
  if constexpr (requires { call.places; }) {
    return listed_places{call.places};
  } else {
    return plane_places{call.a_plane * index{sizeof(*call.a)}};
  }
}

/// The blocks that a group of R output channels keeps.
template <index R, class Places>
struct blocks_walk {
  static constexpr bool in_order = false;
  static constexpr index tail = 0;  // both sides are padded to whole cells
  const std::byte* strip;
  Places places;
  const std::uint16_t* listed;
  const std::byte* block;
  index full;
  PARE_ALWAYS_INLINE position here() const { return {block, strip + places(*listed)}; }
  PARE_ALWAYS_INLINE const std::byte* tail_cell(index) const { return nullptr; }
  PARE_ALWAYS_INLINE void move_to_tail(const std::byte*) {}
  PARE_ALWAYS_INLINE void advance(index, index) {
    ++listed;
    block += R * cell_bytes;
  }
};
