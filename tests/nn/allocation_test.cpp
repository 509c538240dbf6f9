// A call on packed weights allocates nothing: counted by replacing the program's operators new and delete, which the
// address sanitizer does itself.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__)
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <pare/nn/reordered.hpp>

#include "../cases/inputs.hpp"

namespace {
std::atomic<long> allocations{0};
void* count(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}
}  // namespace

// Not inlined: gcc would warn of free() on memory from new.
#define REPLACED __attribute__((noinline))
REPLACED void* operator new(std::size_t size) { return count(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
REPLACED void* operator new(std::size_t size, std::align_val_t alignment) {
  return count(size, std::size_t(alignment));
}
REPLACED void operator delete(void* memory) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
REPLACED void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace cases {
namespace {

template <class F, class Out, class Epilogue>
void check_allocates_nothing(const Epilogue& epilogue) {
  generator random{1};
  const extents size{5, 33, 18};
  const auto o = draw_operands<F>(random, size);
  loose_matrix<Out> y(size.m, size.n, 0);
  for (const pare::target t : available_targets()) {
    const long before = allocations;
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, epilogue, y.view(), t);
    const long after = allocations;
    CHECK(after == before);
  }
}

}  // namespace

TEST_CASE("a call on reordered weights allocates nothing, nor do those in the caller's memory") {
  generator random{1};
  const auto o = draw_operands<s8_s8n<pare::dense>>(random, {5, 33, 18});
  loose_matrix<std::int32_t> y(5, 33, 0);
  pare::aligned_storage<std::byte> memory(3 * 3 * 128);
  for (const pare::target t : available_targets()) {
    const long before = allocations;
    const pare::reordered_weights weights(o.packed, std::span(memory.data(), memory.bytes()), t);
    pare::linear(o.x.view(), o.zero_point, weights, pare::as_is, y.view(), t);
    const long after = allocations;
    CHECK(after == before);
  }
}

TEST_CASE("a call allocates nothing, whatever its formats and epilogue") {
  const pare::channels<std::int32_t> bias(33, 5);
  const pare::channels<float> scales(33, 0.5f);
  const pare::multipliers<pare::tflite> multipliers(std::vector<double>(33, 0.1));
  const pare::multipliers<pare::tflite_single> to_words(std::vector<double>(33, 0.1));
  const pare::multipliers<pare::float_nearest_even> to_halves(std::vector<double>(33, 0.1));
  const loose_matrix<std::int8_t> residual(5, 33, 0);
  check_allocates_nothing<s8_s8n<pare::dense>, std::int32_t>(pare::as_is);
  check_allocates_nothing<s16_s16<pare::block16>, std::int64_t>(pare::as_is);
  check_allocates_nothing<s8_s8n<pare::dense>, std::int8_t>(pare::bias(bias) |
                                                            pare::requantize(multipliers, {0, -128, 127}));
  check_allocates_nothing<s16_s8n_shallow<pare::dense>, std::int16_t>(pare::bias(bias) |
                                                                      pare::requantize(to_halves, {0, -32768, 32767}));
  check_allocates_nothing<q12_q12_shallow<pare::dense>, std::int32_t>(
      pare::bias(bias) | pare::requantize(to_words, {0, INT32_MIN, INT32_MAX}));
  check_allocates_nothing<s8_s8n<pare::dense>, std::int8_t>(pare::dequantize(scales) | pare::add(residual.view()) |
                                                            pare::relu | pare::quantize_to(0.3f, {0, -128, 127}));
}

}  // namespace cases
#endif
