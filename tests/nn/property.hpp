// property.hpp: what must hold for every shape: checks that any test of this folder may add, and that property_test.cpp
// draws thousands of shapes for.
#pragma once

#include <vector>

#include "../cases/inputs.hpp"

namespace cases {

/// check(seed, size) draws everything but the extents from the seed and compares with the definition by REQUIRE.
struct property {
  const char* name;
  void (*check)(std::uint64_t seed, const extents& size);
};

inline std::vector<property>& properties() {
  static std::vector<property> all;
  return all;
}
/// Adds a property while the program starts: `const added_property p{"...", check};`
struct added_property {
  added_property(const char* name, void (*check)(std::uint64_t, const extents&)) {
    properties().push_back({name, check});
  }
};

/// A filling of operands that depends on the seed: the ends of the ranges come up often.
inline filling draw_filling(generator& random) {
  constexpr filling all[] = {filling::any,  filling::any,   filling::any,
                             filling::ends, filling::least, filling::greatest};
  return all[random.next() % std::size(all)];
}

/// Cuts a call into as many parts as the caller likes, last part first.
struct in_parts {
  index parts;
  index concurrency() const { return parts; }
  template <class F>
  void bulk(index n, const F& f) const {
    while (n > 0) f(--n);
  }
};

}  // namespace cases
