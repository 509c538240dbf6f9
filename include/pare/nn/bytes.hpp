// bytes.hpp: packed weights as bytes, for a file or for constant data: written once, used in place on any target.
// (Weights of which N of every M stay are unpacked once.)
//
// A header of three cache lines, then the arrays of the operand, each from a multiple of 64 bytes on, and a cache line
// of zeros at the end. Numbers are little-endian. The header names the format in words; its checksum covers all else.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>

#include "../core/standard.hpp"
#include "../kernel/store_windows.hpp"
#include "packed.hpp"

namespace pare {

/// Weights in somebody else's memory, as packed_from_bytes found them. The bytes must outlive it.
template <Element W, class Structure = dense>
class packed_view {
 public:
  using range = W;
  using structure = Structure;
  packed_view() = default;
  packed_view(index n, index k, const packed_parts& parts) noexcept
      : n_(n), k_(k), view_(view_of<W, Structure>(parts, k)) {}
  index n() const noexcept { return n_; }
  index k() const noexcept { return k_; }
  panel_view<Structure> view() const noexcept { return view_; }

 private:
  index n_ = 0, k_ = 0;
  panel_view<Structure> view_;
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "pare: packed bytes are used in place, in little-endian");

struct packed_header {
  char magic[8] = {'p', 'a', 'r', 'e', '\r', '\n', '\x1a', '\n'};  // shows a transfer that changed line ends
  std::uint32_t version = 1;
  std::uint32_t header_bytes = 192;
  std::uint64_t total_bytes = 0;
  std::uint64_t checksum = 0;
  std::int64_t n = 0, k = 0;
  std::uint64_t part_bytes[6] = {};
  char format[96] = {};  ///< range and structure in words: "s8[-127, 127] block<16, 4>"; others are refused
};
static_assert(sizeof(packed_header) == 3 * strip_bytes);

/// A header without numbers. Ranges are called "s8[-127, 127]", "u16[0, 65535]", "f32", "f16".
template <Element W, class Structure>
packed_header header_of_format() {
  packed_header header;
  const auto write = [&](const text_part& range_name) {
    const std::string name = text(range_name, " ", Structure::name());
    assert(name.size() < sizeof header.format);
    name.copy(header.format, sizeof header.format - 1);
  };
  if constexpr (IntegerRange<W>) {
    write(words(std::is_signed_v<typename W::type> ? "s" : "u", bits_of<W>, "[", W::min, ", ", W::max, "]"));
  } else {
    write(std::is_same_v<W, f16> ? "f16" : "f32");
  }
  return header;
}

/// Of whole words: every step is one-to-one in the word and in the state, so no single change goes unnoticed. The
/// multiplier is that of splitmix64.
inline std::uint64_t checksum(std::uint64_t state, const void* words, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, static_cast<const std::byte*>(words) + i, 8);
    state = std::rotl((state ^ word) * 0x9E3779B97F4A7C15u, 29);
  }
  return state;
}
inline std::uint64_t checksum_of(packed_header header, const std::byte* rest, std::size_t bytes) noexcept {
  header.checksum = 0;
  return checksum(checksum(1, &header, sizeof header), rest, bytes);
}

constexpr std::size_t padded(std::size_t bytes) noexcept {
  constexpr auto line = static_cast<std::size_t>(strip_bytes);
  return (bytes + line - 1) / line * line;
}

/// Fails unless the header is one of ours and its lengths are those of `bytes`. Arguments are named as the caller knows
/// them.
inline packed_header checked_header(std::span<const std::byte> bytes, const packed_header& model) {
  packed_header header;
  if (bytes.size() < sizeof header) fail("bytes.size", "at least the header's 192", bytes.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, model.magic, sizeof model.magic) != 0)
    fail("bytes", "packed weights, which begin with \"pare\"", "something else");
  if (header.version != model.version || header.header_bytes != model.header_bytes)
    fail("bytes.version", words(model.version), header.version);
  if (header.total_bytes != bytes.size()) fail("bytes.size", words("the header's ", header.total_bytes), bytes.size());
  if (bytes.size() % sizeof(std::uint64_t) != 0 ||
      header.checksum != checksum_of(header, bytes.data() + sizeof header, bytes.size() - sizeof header))
    fail("bytes.checksum", "that of the contents", "another: they are damaged");
  if (std::memcmp(header.format, model.format, sizeof model.format) != 0) {
    char given[sizeof header.format + 1] = {};
    std::memcpy(given, header.format, sizeof header.format);
    fail("bytes.format", model.format, given);
  }
  return header;
}

/// Fails unless a list of kept blocks stays inside its operand: what a kernel relies on.
template <class T, index R, index C>
void expect_list(const panel_view<block<R, C>>& view, index groups, index k, index kept) {
  bool right = view.first[0] == 0 && view.first[groups] == kept;
  for (index p = 0; right && p < groups; ++p) {
    right = view.first[p] <= view.first[p + 1] && view.first[p + 1] <= kept;
    for (index b = view.first[p]; right && b < view.first[p + 1]; ++b)
      right = view.cells[b] < strips_per_panel<T>(k) && (b == view.first[p] || view.cells[b - 1] < view.cells[b]);
  }
  if (!right) fail("bytes", "cells that rise within k in every group of channels", "others");
}

/// Fails unless the lengths of the arrays follow from n and k, and lists stay inside.
template <Element W, class Structure>
void expect_parts(const packed_parts& parts, index n, index k) {
  using element = typename W::type;
  const auto expect_bytes = [&](std::size_t part, index expected) {
    expect_equal(words("bytes.part_bytes[", part, "]"), expected, static_cast<index>(parts[part].size()));
  };
  const index panels = panel_count(n);
  expect_bytes(1, sizeof(element) == 1 ? panels * strip_bytes : 0);
  if constexpr (window_depth<Structure> != 0) {
    const stored_windows<Structure, element> bytes(k);
    expect_bytes(0, n * bytes.values);
    expect_bytes(2, ceil_div(n, Structure::shared) * bytes.places);
    expect_bytes(3, 0);
  } else if constexpr (!is_listed<Structure>) {
    expect_bytes(0, panels * panel_bytes_of<W, Structure>(k));
    expect_bytes(2, 0);
    expect_bytes(3, 0);
  } else {
    constexpr index block_bytes = Structure::rows * cell_bytes;
    const index groups = panels * strip_lanes / Structure::rows,
                kept = static_cast<index>(parts[0].size()) / block_bytes;
    if (k > most_listed_cells * cell_depth<element>) fail("bytes.k", "at most 65536 cells", k);
    expect_bytes(0, kept * block_bytes);
    expect_bytes(2, (groups + 1) * index{sizeof(std::uint32_t)});
    expect_bytes(3, kept * index{sizeof(std::uint16_t)});
    expect_list<element>(view_of<W, Structure>(parts, k), groups, k, kept);
  }
}

/// The arrays of an operand as they are written: in `own` where they do not lie so in memory.
template <Element W, class Structure>
packed_parts stored_parts(const packed_weights<W, Structure>& weights,
                          [[maybe_unused]] aligned_storage<std::byte> (&own)[2]) {
  packed_parts parts = weights.parts();
  if constexpr (window_depth<Structure> != 0) {
    using element = typename W::type;
    const stored_windows<Structure, element> bytes(weights.k());
    own[0] = aligned_storage<std::byte>(weights.n() * bytes.values);
    own[1] = aligned_storage<std::byte>(ceil_div(weights.n(), Structure::shared) * bytes.places);
    store_windows<element>(weights.view(), weights.n(), weights.k(), own[0].data(), own[1].data());
    parts[0] = own[0].as_bytes();
    parts[2] = own[1].as_bytes();
  }
  return parts;
}

/// What packed_from_bytes returns: windows are unpacked, all others stay where they are.
template <Element W, class Structure>
auto operand_of(const packed_parts& parts, index n, index k) {
  if constexpr (window_depth<Structure> != 0) {
    using element = typename W::type;
    constexpr index shared = Structure::shared;
    const stored_windows<Structure, element> bytes(k);
    packed_weights<W, Structure> weights(n, k, [&](index first, const matrix_view<element>& tile) {
      for (index j = 0; j < tile.rows; j += shared) {
        const matrix_view<element> group(tile.row(j), smaller(shared, tile.rows - j), k);
        fill_elements(group.data, group.rows * k, element{0});
        if (!load_windows<Structure>(parts[0].data() + (first + j) * bytes.values,
                                     parts[2].data() + (first + j) / shared * bytes.places, group))
          fail("bytes", words("places that rise within every window of ", Structure::window), "others");
      }
    });
    const auto sums = weights.parts()[1];  // none of 16-bit weights
    if (!sums.empty() && std::memcmp(sums.data(), parts[1].data(), sums.size()) != 0)
      fail("bytes", "sums of the weights", "others");
    return weights;
  } else {
    return packed_view<W, Structure>(n, k, parts);
  }
}

}  // namespace detail

/// The operand as bytes that packed_from_bytes reads, on any machine.
template <Element W, class Structure>
aligned_storage<std::byte> to_bytes(const packed_weights<W, Structure>& weights) {
  detail::packed_header header = detail::header_of_format<W, Structure>();
  header.n = weights.n();
  header.k = weights.k();
  aligned_storage<std::byte> own[2];
  const packed_parts parts = detail::stored_parts(weights, own);
  header.total_bytes = sizeof header + strip_bytes;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    header.part_bytes[i] = parts[i].size();
    header.total_bytes += detail::padded(parts[i].size());
  }
  aligned_storage<std::byte> bytes(static_cast<index>(header.total_bytes));
  std::byte* to = bytes.data() + sizeof header;
  for (const auto& part : parts) {
    copy_elements(part.data(), static_cast<index>(part.size()), to);
    to += detail::padded(part.size());
  }
  header.checksum = detail::checksum_of(header, bytes.data() + sizeof header, bytes.bytes() - sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

/// The operand that to_bytes wrote, in place: nothing is copied, the bytes must outlive it. Fails unless they are
/// aligned to 64 bytes, complete, undamaged and of this very format. Only n_of_m is unpacked to memory of its own, as
/// packed_weights: its places take fewer bits in a file (see kernel/store_windows.hpp).
template <Element W, class Structure = dense>
auto packed_from_bytes(std::span<const std::byte> bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % strip_bytes != 0)
    fail("bytes.data", "memory aligned to 64 bytes", "an address that is not");
  const detail::packed_header header = detail::checked_header(bytes, detail::header_of_format<W, Structure>());
  if (header.n < 0 || header.n > INT32_MAX) fail("bytes.n", "at least 0 and below 2^31", header.n);
  if (header.k < 0 || header.k > INT32_MAX) fail("bytes.k", "at least 0 and below 2^31", header.k);
  packed_parts parts;
  auto rest = bytes.subspan(sizeof header);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t stored = header.part_bytes[i];
    const auto size = static_cast<std::size_t>(stored);
    if (stored > rest.size() || detail::padded(size) > rest.size())
      fail(words("bytes.part_bytes[", i, "]"), words("at most the ", rest.size(), " that are left"), stored);
    if (size != 0) parts[i] = rest.first(size);
    rest = rest.subspan(detail::padded(size));
  }
  detail::expect_parts<W, Structure>(parts, header.n, header.k);
  return detail::operand_of<W, Structure>(parts, header.n, header.k);
}

}  // namespace pare
