// packed_bytes.cpp: a libFuzzer target for the reader of packed weights: whatever the bytes, it refuses them with a
// pare::error or returns an operand of which every element, list and place can be followed.
//
// The first byte chooses the format. The checksum is made right first, or hardly any input would get beyond it.
#include <pare/nn/bytes.hpp>

#include <cstdlib>

namespace {

/// Follows everything that a kernel would follow, and sums what it finds.
template <class P>
long long follow(const P& weights) {
  using structure = typename P::structure;
  const auto view = weights.view();
  long long sum = 0;
  const auto add = [&](const std::byte* from, pare::index count) {
    for (pare::index i = 0; i < count; ++i) sum += static_cast<int>(from[i]);
  };
  if constexpr (P::range::min < 0 && sizeof(typename P::range::type) == 1)
    for (pare::index j = 0; j < pare::round_up(weights.n(), 16); ++j) sum += view.sums[j];
  if (weights.k() == 0) return sum;  // any number of rows
  if constexpr (pare::is_listed<structure>) {
    const pare::index cells = pare::strips_per_panel<typename P::range::type>(weights.k());
    for (pare::index p = 0; p < pare::panel_count(weights.n()) * 16 / structure::rows; ++p) {
      for (pare::index b = view.first[p]; b < view.first[p + 1]; ++b) {
        if (view.cells[b] >= cells) std::abort();
        add(view.strips + b * structure::rows * 4, structure::rows * 4);
      }
    }
  } else {
    if constexpr (pare::window_depth<structure> != 0) {
      using element = typename P::range::type;
      for (pare::index j = 0; j < weights.n(); ++j)
        for (pare::index l = 0; l < weights.k(); l += structure::window)
          for (pare::index e = 0; e < structure::kept; ++e) {
            element place;
            std::memcpy(&place,
                        view.strips + j / 16 * view.panel_bytes +
                            pare::place_position<structure, element>(j % 16, l, e, weights.k()),
                        sizeof place);
            if (place < 0 || place >= 64) std::abort();
          }
    }
    for (pare::index panel = 0; panel < pare::panel_count(weights.n()); ++panel)
      add(view.strips + panel * view.panel_bytes, view.panel_bytes);
  }
  return sum;
}

template <class W, class Structure>
void read(std::span<const std::byte> bytes) {
  volatile long long sum = follow(pare::packed_from_bytes<W, Structure>(bytes));
  static_cast<void>(sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = static_cast<pare::index>(size - 1);
  pare::aligned_storage<std::byte> bytes(rest);  // of exactly this size, so that a byte too many is noticed
  if (rest != 0) std::memcpy(bytes.data(), data + 1, size - 1);
  const std::span<const std::byte> all(bytes.data(), size - 1);
  pare::detail::packed_header header;
  if (all.size() >= sizeof header && all.size() % 8 == 0) {
    std::memcpy(&header, bytes.data(), sizeof header);
    header.total_bytes = all.size();
    header.checksum = pare::detail::checksum_of(header, all.data() + sizeof header, all.size() - sizeof header);
    std::memcpy(bytes.data(), &header, sizeof header);
  }
  try {
    switch (data[0] % 10) {
      case 0:
        return read<pare::s8_narrow, pare::dense>(all), 0;
      case 1:
        return read<pare::s8_narrow, pare::block<4, 4>>(all), 0;
      case 2:
        return read<pare::s16_narrow, pare::block<16, 2>>(all), 0;
      case 3:
        return read<pare::s8_narrow, pare::n_of_m<2, 4>>(all), 0;
      case 4:
        return read<pare::s8_narrow, pare::n_of_m<4, 32>>(all), 0;
      case 5:
        return read<pare::s8_narrow, pare::n_of_m<2, 4, 16>>(all), 0;
      case 6:
        return read<pare::s8_narrow, pare::n_of_m<4, 16, 16>>(all), 0;
      case 7:
        return read<pare::s16_narrow, pare::n_of_m<4, 32>>(all), 0;
      case 8:
        return read<pare::s16_narrow, pare::n_of_m<2, 4, 16>>(all), 0;
      default:
        return read<pare::s8_narrow, pare::block<1, 4>>(all), 0;
    }
  } catch (const pare::error&) {
    return 0;
  }
}
