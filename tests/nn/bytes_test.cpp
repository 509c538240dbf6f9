#include <pare/nn/bytes.hpp>

#include <catch2/catch.hpp>

#include <cstddef>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

using pare::block16;

std::span<const std::byte> span_of(const pare::aligned_storage<std::byte>& bytes) { return std::span(bytes); }

/// Bytes with another value in place of the one at `offset`, and with the checksum that belongs to them.
template <class T>
pare::aligned_storage<std::byte> forged(const pare::aligned_storage<std::byte>& bytes, std::size_t offset, T value) {
  auto copy = bytes.clone();
  std::memcpy(copy.data() + offset, &value, sizeof value);
  pare::detail::packed_header header;
  std::memcpy(&header, copy.data(), sizeof header);
  header.checksum = pare::detail::checksum_of(header, copy.data() + sizeof header, copy.bytes() - sizeof header);
  std::memcpy(copy.data(), &header, sizeof header);
  return copy;
}

template <class F>
void check_round_trip(const extents& size) {
  generator random{11};
  const auto o = draw_operands<F>(random, size);
  const auto bytes = pare::to_bytes(o.packed);
  CHECK(bytes.bytes() % 64 == 0);
  const auto read = pare::packed_from_bytes<typename F::W, typename F::structure>(span_of(bytes));
  CHECK(read.n() == size.n);
  CHECK(read.k() == size.k);
  for (const pare::target t : available_targets()) {
    loose_matrix<typename F::sum> expected(size.m, size.n, 1), y = expected.blank();
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, pare::as_is, expected.view(), t);
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, read, pare::as_is, y.view(), t);
    CHECK(difference(y, expected) == "");
  }
}

}  // namespace

TEST_CASE("weights come back from their bytes and multiply as before") {
  for (const extents& size : {extents{3, 37, 21}, {2, 0, 4}, {2, 20, 0}, {1, 16, 64}}) {
    check_round_trip<s8_s8n<pare::dense>>(size);
    check_round_trip<s8_s8n<block16>>(size);
    check_round_trip<s16_s16<block16>>(size);
    check_round_trip<f32_f32<pare::dense>>(size);
  }
}

TEST_CASE("every flipped bit and every missing byte of packed weights is noticed") {
  generator random{12};
  const auto o = draw_operands<s8_s8n<block16>>(random, {1, 20, 9});
  auto bytes = pare::to_bytes(o.packed);
  const auto read = [&](std::size_t size) {
    return pare::packed_from_bytes<pare::s8_narrow, block16>(span_of(bytes).first(size));
  };
  REQUIRE_NOTHROW(read(bytes.bytes()));
  for (std::size_t size = 0; size < bytes.bytes(); ++size) REQUIRE_THROWS_AS(read(size), pare::error);
  for (std::size_t bit = 0; bit < 8 * bytes.bytes(); ++bit) {
    std::byte& byte = bytes[static_cast<index>(bit / 8)];
    byte ^= std::byte{1} << bit % 8;
    REQUIRE_THROWS_AS(read(bytes.bytes()), pare::error);
    byte ^= std::byte{1} << bit % 8;
  }
  REQUIRE_NOTHROW(read(bytes.bytes()));
}

TEST_CASE("bytes that are no weights, or other weights, are refused in words") {
  generator random{13};
  const auto o = draw_operands<s8_s8n<pare::dense>>(random, {1, 20, 9});
  const auto bytes = pare::to_bytes(o.packed);
  const auto read = [](const auto& from) { return pare::packed_from_bytes<pare::s8_narrow>(span_of(from)); };
  CHECK_THROWS_WITH((pare::packed_from_bytes<pare::s8>(span_of(bytes))),
                    "pare: bytes.format: expected s8[-128, 127] dense, got s8[-127, 127] dense");
  CHECK_THROWS_WITH((pare::packed_from_bytes<pare::s8_narrow, block16>(span_of(bytes))),
                    "pare: bytes.format: expected s8[-127, 127] block<16, 4>, got s8[-127, 127] dense");
  CHECK_THROWS_WITH(read(pare::aligned_storage<std::byte>(0)),
                    "pare: bytes.size: expected at least the header's 192, got 0");
  CHECK_THROWS_WITH(read(pare::aligned_storage<std::byte>(256)),
                    "pare: bytes: expected packed weights, which begin with \"pare\", got something else");
  CHECK_THROWS_WITH(
      pare::packed_from_bytes<pare::s8_narrow>(span_of(bytes).first(bytes.bytes() - 64)),
      pare::text("pare: bytes.size: expected the header's ", bytes.bytes(), ", got ", bytes.bytes() - 64));
  CHECK_THROWS_WITH(pare::packed_from_bytes<pare::s8_narrow>(span_of(bytes).subspan(8)),
                    "pare: bytes.data: expected memory aligned to 64 bytes, got an address that is not");
  CHECK_THROWS_WITH(read(forged(bytes, 8, 2)), "pare: bytes.version: expected 1, got 2");
}

TEST_CASE("forged extents and lists are refused though their checksum is right") {
  generator random{14};
  const auto o = draw_operands<s8_s8n<block16>>(random, {1, 40, 64});
  const auto bytes = pare::to_bytes(o.packed);
  const auto read = [](const auto& from) { return pare::packed_from_bytes<pare::s8_narrow, block16>(span_of(from)); };
  REQUIRE_NOTHROW(read(forged(bytes, 32, index{40})));
  constexpr std::size_t n = 32, k = 40, part_bytes = 48;
  for (const index extent : {index{-1}, index{33}, index{1000}, index{1} << 31, INT64_MAX})
    CHECK_THROWS_AS(read(forged(bytes, n, extent == 33 ? index{17} : extent)), pare::error);
  CHECK_THROWS_WITH(read(forged(bytes, k, index{-4})), "pare: bytes.k: expected at least 0 and below 2^31, got -4");
  CHECK_THROWS_WITH(read(forged(bytes, k, index{16})),
                    "pare: bytes: expected cells that rise within k in every group of channels, got others");
  for (std::size_t part = 0; part < 4; ++part)
    for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{1} << 20, UINT64_MAX})
      CHECK_THROWS_AS(read(forged(bytes, part_bytes + 8 * part, size)), pare::error);
  // The lists are the last two arrays before the line of zeros.
  const auto parts = o.packed.parts();
  const std::size_t cells = bytes.bytes() - 64 - pare::detail::padded(parts[3].size());
  const std::size_t first = cells - pare::detail::padded(parts[2].size());
  CHECK_THROWS_AS(read(forged(bytes, cells, std::uint16_t{16})), pare::error);
  CHECK_THROWS_AS(read(forged(bytes, cells + 2, std::uint16_t{0})), pare::error);
  CHECK_THROWS_AS(read(forged(bytes, first, 1)), pare::error);
  CHECK_THROWS_AS(read(forged(bytes, first + 4, 1 << 20)), pare::error);
}

}  // namespace cases
