// network.hpp: layers in order, whose tensors share one arena that is planned before anything runs.
//
//   pare::network net;
//   const auto x = net.tensor<std::int8_t>(1, 32, 32, 3);
//   const auto y = net.tensor<std::int8_t>(1, 32, 32, 16);
//   net.step({x}, y, [w = std::move(weights), =](const pare::network& n, pare::target on) {
//     pare::conv2d(n.view(x), zero_point, w, geometry, stages, n.view(y), on);
//   });
//   net.plan({y});                                  // allocates: net.arena_bytes()
//   fill(net.view(x)), net.run(), use(net.view(y)); // allocates nothing
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../core/storage.hpp"
#include "../core/view.hpp"
#include "../simd/target.hpp"
#include "arena.hpp"

namespace pare {

/// A tensor of a network without its type.
struct tensor_id {
  std::size_t buffer = 0;  ///< a number that tensors of one memory share
};

/// A tensor of a network: NHWC extents and the buffer that holds it.
template <class T>
struct tensor_of : tensor_id {
  index batch = 0, height = 0, width = 0, channels = 0;
  constexpr index size() const noexcept { return batch * height * width * channels; }
};

inline namespace PARE_UNIT {

/// Steps that read and write tensors. A step is any function of (const network&, target): one call of a layer, or
/// several. What it holds (packed weights, multipliers, tables) lives as long as the network.
class network {
 public:
  /// Declares a tensor. Fails if an extent is negative, or after plan().
  template <class T>
  tensor_of<T> tensor(index batch, index height, index width, index channels) {
    expect_open();
    const tensor_of<T> made{{lives_.size()}, batch, height, width, channels};
    for (const index extent : {batch, height, width, channels}) {
      if (extent < 0) fail("tensor extent", "at least 0", extent);
    }
    lives_.push_back({made.size() * index{sizeof(T)}, never, never});
    return made;
  }
  /// The same memory under other extents. Fails if the number of elements changes.
  template <class T>
  tensor_of<T> reshaped(tensor_of<T> x, index batch, index height, index width, index channels) const {
    const tensor_of<T> y{{x.buffer}, batch, height, width, channels};
    expect_equal("the elements of the new shape", x.size(), y.size());
    return y;
  }

  /// Appends a step. Tensors that no step writes are inputs, filled by the caller before each run. Fails after plan(),
  /// or for a tensor of another network.
  template <class F>
  void step(std::initializer_list<tensor_id> reads, tensor_id writes, F run) {
    expect_open();
    const auto now = static_cast<index>(steps_.size());
    for (const tensor_id& x : reads) {
      lifetime& life = life_of(x);
      if (life.first == never) life.first = 0;  // an input: the caller's from the start
      life.last = now;
    }
    lifetime& life = life_of(writes);
    if (life.first == never) life.first = now;
    life.last = now;
    steps_.push_back(std::make_unique<step_of<F>>(std::move(run)));
  }

  /// Ends the declaration: tensors in `outputs` live to the end; places all tensors and allocates the arena. Fails if
  /// called twice.
  void plan(std::initializer_list<tensor_id> outputs) {
    expect_open();
    for (const tensor_id& x : outputs) life_of(x).last = static_cast<index>(steps_.size());
    for (lifetime& life : lives_) {
      if (life.first == never) life = {life.bytes, 0, static_cast<index>(steps_.size())};  // that no step uses
    }
    arena_plan made = plan_arena(lives_);
    offsets_ = std::move(made.offsets);
    arena_ = aligned_storage<std::byte>(made.bytes);
    memory_ = arena_.data();
    bytes_ = made.bytes;
    planned_ = true;
  }
  /// Lets the tensors live in the caller's memory, which must outlive the network, and gives back that of plan(). What
  /// the tensors held is lost. Fails before plan(), or unless the memory holds arena_bytes() from a cache line on.
  void use_memory(std::span<std::byte> memory) {
    if (!planned_) fail("network", "plan() before use_memory()", "a network that is not planned");
    if (static_cast<index>(memory.size()) < bytes_)
      fail("memory", text("at least ", bytes_, " bytes"), static_cast<index>(memory.size()));
    if (reinterpret_cast<std::uintptr_t>(memory.data()) % strip_bytes != 0)
      fail("memory", text("an address that ", strip_bytes, " divides"), "another");
    arena_ = {};
    memory_ = memory.data();
  }

  /// The memory of a tensor: valid between the steps that write and read it, for outputs until the next run.
  /// Pre: planned, and x is of this network.
  template <class T>
  image_view<T> view(const tensor_of<T>& x) const noexcept {
    return {reinterpret_cast<T*>(memory_ + offsets_[x.buffer]), x.batch, x.height, x.width, x.channels};
  }

  /// Runs all steps; after each, observe(number of the step). Fails before plan(), or if the target is not available.
  /// Allocates nothing if no step does.
  template <class Observer>
  void run(target on, const Observer& observe) const {
    if (!planned_) fail("network", "plan() before run()", "a network that is not planned");
    expect_available(on);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i]->run(*this, on);
      observe(i);
    }
  }
  void run(target on = best_target()) const {
    run(on, [](std::size_t) {});
  }

  std::size_t steps() const noexcept { return steps_.size(); }
  /// Bytes of all activations. Pre: planned.
  index arena_bytes() const noexcept { return bytes_; }
  /// When each tensor lives: arena_bytes() is at least live_bytes() of it.
  std::span<const lifetime> lifetimes() const noexcept { return lives_; }

 private:
  static constexpr index never = -1;

  struct any_step {
    virtual ~any_step() = default;
    virtual void run(const network&, target) const = 0;
  };
  template <class F>
  struct step_of final : any_step {
    explicit step_of(F f) : function(std::move(f)) {}
    void run(const network& net, target on) const override { function(net, on); }
    F function;
  };

  void expect_open() const {
    if (planned_) fail("network", "tensors and steps before plan()", "one after it");
  }
  lifetime& life_of(const tensor_id& x) {
    if (x.buffer >= lives_.size()) fail("tensor", "one of this network", text("number ", x.buffer));
    return lives_[x.buffer];
  }

  std::vector<lifetime> lives_;
  std::vector<index> offsets_;
  std::vector<std::unique_ptr<any_step>> steps_;
  aligned_storage<std::byte> arena_;
  std::byte* memory_ = nullptr;  ///< the arena, or the caller's: scratch memory that a const network computes with
  index bytes_ = 0;
  bool planned_ = false;
};

}  // namespace PARE_UNIT
}  // namespace pare
