#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <pare/nn/threads.hpp>
#include <thread>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// A caller's own scheduler with odd habits: more parts than most matrices have rows, last part first.
struct backwards {
  index parts;
  index concurrency() const { return parts; }
  template <class F>
  void bulk(index n, const F& f) const {
    while (n > 0) f(--n);
  }
};
static_assert(pare::Executor<backwards>);

template <class E>
void check_covers(const E& executor) {
  for (const index n : {0, 1, 2, 3, 7, 40}) {
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
    executor.bulk(n, [&](index i) { ++calls[static_cast<std::size_t>(i)]; });
    for (const auto& count : calls) CHECK(count == 1);
  }
}

// y as it is without an executor: bits must not depend on how the work is cut.
template <class F, class Out, class Epilogue>
void check_same(const extents& size, const Epilogue& epilogue) {
  generator random{5};
  const auto o = draw_operands<F>(random, size);
  loose_matrix<Out> alone(size.m, size.n, 1);
  const auto run_on = [&](pare::target t, auto& y, const auto&... executor) {
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, epilogue, y.view(), t, executor...);
  };
  for (const pare::target t : available_targets()) {
    run_on(t, alone);
    const auto check = [&](const auto& executor) {
      INFO(name(t) << ", m " << size.m << ", n " << size.n << ", " << executor.concurrency() << " at a time");
      auto y = alone.blank();
      run_on(t, y, executor);
      CHECK(difference(y, alone) == "");
    };
    check(pare::sequential{});
    for (index count = 1; count <= 5; ++count) check(pare::threads(count));
    for (const index parts : {1, 2, 9, 64}) check(backwards{parts});
    check(pare::executor_of{5, [](index n, const auto& f) { backwards{5}.bulk(n, f); }});
  }
}

}  // namespace

TEST_CASE("every executor calls every part once") {
  check_covers(pare::sequential{});
  for (index count = 1; count <= 5; ++count) check_covers(pare::threads(count));
  check_covers(backwards{3});
  check_covers(pare::executor_of{3, [](index n, const auto& f) { backwards{3}.bulk(n, f); }});
}

TEST_CASE("threads run on at least one thread, by default on all there are") {
  CHECK(pare::threads(0).concurrency() == 1);
  CHECK(pare::threads(-3).concurrency() == 1);
  CHECK(pare::threads(4).concurrency() == 4);
  CHECK(pare::threads().concurrency() >= 1);
  CHECK(pare::sequential::concurrency() == 1);
}

TEST_CASE("threads really run at the same time") {
  std::atomic<int> waiting{0};
  pare::threads(3).bulk(3, [&](index) {
    ++waiting;
    while (waiting < 3) std::this_thread::yield();
  });
  CHECK(waiting == 3);
}

TEST_CASE("threads take call after call, awake or asleep") {
  const pare::threads pool(3);
  for (int call = 0; call < 2000; ++call) {
    const index n = call % 9;
    std::atomic<index> sum{0};
    pool.bulk(n, [&](index i) { sum += i + 1; });
    REQUIRE(sum == n * (n + 1) / 2);
    if (call % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST_CASE("a call from inside a part, or from another thread, runs on its own thread") {
  const pare::threads pool(2);
  std::atomic<int> parts{0};
  pool.bulk(4, [&](index) {
    const auto here = std::this_thread::get_id();
    pool.bulk(5, [&](index) { parts += std::this_thread::get_id() == here; });
  });
  CHECK(parts == 20);
  std::thread other([&] {
    for (int call = 0; call < 200; ++call) pool.bulk(3, [&](index) { ++parts; });
  });
  for (int call = 0; call < 200; ++call) pool.bulk(3, [&](index) { ++parts; });
  other.join();
  CHECK(parts == 20 + 1200);
}

TEST_CASE("results do not depend on the executor") {
  for (const extents& size : {extents{13, 40, 9}, {3, 200, 17}, {1, 65, 5}, {64, 1, 8}, {0, 5, 3}, {5, 0, 3}}) {
    check_same<s8_s8n<pare::dense>, std::int32_t>(size, pare::as_is);
    check_same<s16_s8<pare::block16>, std::int64_t>(size, pare::as_is);
    check_same<f32_f32<pare::dense>, float>(size, pare::as_is);
  }
}

TEST_CASE("residuals in place and codes do not depend on the executor") {
  const pare::channels<std::int32_t> bias(70, 100);
  const pare::multipliers<pare::tflite> multipliers(std::vector<double>(70, 0.01));
  check_same<s8_s8n<pare::dense>, std::int8_t>({11, 70, 30},
                                               pare::bias(bias) | pare::requantize(multipliers, {2, -128, 127}));
}

}  // namespace cases
