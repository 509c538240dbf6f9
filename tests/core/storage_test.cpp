#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <pare/core/storage.hpp>

using pare::aligned_storage;

TEST_CASE("storage is zeroed and starts on a cache line, whatever its size") {
  for (pare::index size = 1; size < 70; ++size) {
    const aligned_storage<std::int16_t> storage(size);
    REQUIRE(reinterpret_cast<std::uintptr_t>(storage.data()) % 64 == 0);
    REQUIRE(storage.size() == size);
    REQUIRE(storage.bytes() == static_cast<std::size_t>(size) * 2);
    REQUIRE(std::count(storage.begin(), storage.end(), 0) == size);
  }
}

TEST_CASE("empty storage owns nothing") {
  CHECK(aligned_storage<int>{}.data() == nullptr);
  CHECK(aligned_storage<int>(0).data() == nullptr);
  CHECK(aligned_storage<int>(0).clone().size() == 0);
}

TEST_CASE("storage moves its memory and leaves an empty one behind") {
  aligned_storage<int> first(3);
  first[1] = 7;
  const int* memory = first.data();
  aligned_storage<int> second = std::move(first);
  CHECK(second.data() == memory);
  aligned_storage<int> third(5);
  third = std::move(second);
  CHECK(third.data() == memory);
  CHECK(third.size() == 3);
  CHECK(third[1] == 7);
}

TEST_CASE("a clone has the same elements in its own memory") {
  aligned_storage<int> storage(3);
  storage[2] = 5;
  const aligned_storage<int> copy = storage.clone();
  storage[2] = 6;
  CHECK(copy[2] == 5);
  CHECK(copy.size() == 3);
}
