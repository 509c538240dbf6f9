#include "pare/model/network.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "pare/nn/elementwise.hpp"

namespace pare::test {

TEST_CASE("tensors that live at the same time do not overlap, and the arena is no larger than it says") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<lifetime> tensors;
    for (int i = 0; i < 12; ++i) {
      const auto first = static_cast<index>(random() % 10);
      tensors.push_back({static_cast<index>(random() % 1000), first, first + static_cast<index>(random() % 4)});
    }
    const arena_plan plan = plan_arena(tensors);
    REQUIRE(plan.bytes >= live_bytes(tensors));
    for (std::size_t a = 0; a < tensors.size(); ++a) {
      REQUIRE(plan.offsets[a] % strip_bytes == 0);
      REQUIRE(plan.offsets[a] + tensors[a].bytes <= plan.bytes);
      for (std::size_t b = 0; b < a; ++b) {
        const bool together = tensors[a].first <= tensors[b].last && tensors[b].first <= tensors[a].last;
        const bool apart = plan.offsets[a] + tensors[a].bytes <= plan.offsets[b] ||
                           plan.offsets[b] + tensors[b].bytes <= plan.offsets[a];
        REQUIRE((!together || apart));
      }
    }
  }
}

TEST_CASE("a chain of layers needs the largest two neighbours") {
  const lifetime chain[] = {{100, 0, 0}, {640, 0, 1}, {320, 1, 2}, {700, 2, 3}, {10, 3, 4}};
  CHECK(live_bytes(chain) == 320 + 704);
  CHECK(plan_arena(chain).bytes == 320 + 704);
  CHECK_THROWS_WITH(plan_arena(std::vector<lifetime>{{1, 2, 1}}),
                    "pare: tensors.last: expected at least first 2, got 1");
}

TEST_CASE("a network runs its steps in order on tensors that share memory") {
  network net;
  const auto x = net.tensor<float>(1, 2, 2, 5), a = net.tensor<float>(1, 2, 2, 5), b = net.tensor<float>(1, 2, 2, 5);
  const auto flat = net.reshaped(b, 1, 1, 1, 20), y = net.tensor<float>(1, 1, 1, 20);
  net.step({x}, a, [=](const network& n, target on) { elementwise(real_sum{}, n.view(x), n.view(x), n.view(a), on); });
  net.step({x, a}, b,
           [=](const network& n, target on) { elementwise(real_product{}, n.view(x), n.view(a), n.view(b), on); });
  // What a step holds may be movable only.
  net.step({flat}, y, [=, one = std::make_unique<float>(1.f)](const network& n, target on) {
    elementwise(real_sum{}, n.view(flat), image_view<const float>{one.get(), 1, 1, 1, 1}, n.view(y), on);
  });
  net.plan({y});
  CHECK(net.arena_bytes() == 3 * 128);  // x, a, b; y lies where x or a was
  CHECK(net.arena_bytes() == live_bytes(net.lifetimes()));
  for (index i = 0; i < 20; ++i) net.view(x).data[i] = static_cast<float>(i);
  std::vector<std::size_t> order;
  net.run(best_target(), [&](std::size_t step) { order.push_back(step); });
  CHECK(order == std::vector<std::size_t>{0, 1, 2});
  for (index i = 0; i < 20; ++i) CHECK(net.view(y).data[i] == static_cast<float>(2 * i * i + 1));
}

TEST_CASE("a network computes in the caller's memory, which must be large enough and aligned") {
  network net;
  const auto x = net.tensor<float>(1, 2, 2, 5), y = net.tensor<float>(1, 2, 2, 5);
  net.step({x}, y, [=](const network& n, target on) { elementwise(real_sum{}, n.view(x), n.view(x), n.view(y), on); });
  aligned_storage<std::byte> memory(3 * 128);
  const std::span<std::byte> all(memory);
  CHECK_THROWS_WITH(net.use_memory(all),
                    "pare: network: expected plan() before use_memory(), got a network that is not planned");
  net.plan({y});
  REQUIRE(net.arena_bytes() == 2 * 128);
  CHECK_THROWS_WITH(net.use_memory(all.subspan(129)), "pare: memory: expected at least 256 bytes, got 255");
  CHECK_THROWS_WITH(net.use_memory(all.subspan(4)), "pare: memory: expected an address that 64 divides, got another");
  net.use_memory(all.subspan(128));
  const network moved = std::move(net);
  for (index i = 0; i < 20; ++i) moved.view(x).data[i] = static_cast<float>(i);
  moved.run();
  for (index i = 0; i < 20; ++i) CHECK(moved.view(y).data[i] == static_cast<float>(2 * i));
  const auto* const begin = reinterpret_cast<const std::byte*>(moved.view(y).data);
  CHECK((begin >= memory.data() + 128 && begin < memory.data() + 384));
  for (index i = 0; i < 128; ++i) CHECK(memory[i] == std::byte{0});
  CHECK(moved.arena_bytes() == 2 * 128);
}

TEST_CASE("a network says what is missing or too late") {
  network net;
  const auto x = net.tensor<float>(1, 1, 1, 4);
  CHECK_THROWS_WITH(net.run(), "pare: network: expected plan() before run(), got a network that is not planned");
  CHECK_THROWS_WITH(net.reshaped(x, 1, 1, 2, 3), "pare: the elements of the new shape: expected 4, got 6");
  CHECK_THROWS_WITH(net.tensor<float>(1, -1, 1, 4), "pare: tensor extent: expected at least 0, got -1");
  CHECK_THROWS_WITH(net.step({tensor_id{7}}, x, [](const network&, target) {}),
                    "pare: tensor: expected one of this network, got number 7");
  net.plan({x});
  CHECK_THROWS_WITH(net.plan({x}), "pare: network: expected tensors and steps before plan(), got one after it");
}

}  // namespace pare::test
