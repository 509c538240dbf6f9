#include <catch2/catch.hpp>
#include <functional>
#include <pare/prune/prune_channels.hpp>
#include <random>

using pare::connected_layer;
using pare::index;
using pare::layer_kind;

namespace {

using network = std::vector<connected_layer>;
using numbers = std::vector<float>;

/// Builds networks with random weights, a bias for every layer that has weights.
struct builder {
  std::mt19937 generator{11};
  network layers;

  numbers draw(index count) {
    std::normal_distribution<float> normal;
    numbers values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal(generator);
    return values;
  }
  index add(connected_layer layer) {
    layers.push_back(std::move(layer));
    return static_cast<index>(layers.size()) - 1;
  }
  index input(index channels) { return add({"input", layer_kind::input, {}, {.rows = channels}}); }
  index weighted(const char* name, layer_kind kind, index from, pare::weight_shape shape) {
    const index size = kind == layer_kind::depthwise ? shape.rows * shape.taps : shape.size();
    return add({name, kind, {from}, shape, draw(size), {draw(shape.rows)}});
  }
  index conv(const char* name, index from, index rows, index inputs, index taps = 1) {
    return weighted(name, layer_kind::conv, from, {rows, taps, inputs});
  }
  index norm(index from, index channels) {
    return add({"norm", layer_kind::pointwise, {from}, {}, {}, {draw(channels), draw(channels)}});
  }
};

/// Values of all layers of a network whose images are one pixel; `off` channels of a layer are 0.
std::vector<numbers> run(const network& layers, const numbers& image,
                         const std::vector<std::vector<index>>& kept = {}) {
  std::vector<numbers> values;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& layer = layers[i];
    const auto from = [&](std::size_t which) -> const numbers& {
      return values[static_cast<std::size_t>(layer.inputs[which])];
    };
    numbers y;
    const auto rows = static_cast<std::size_t>(layer.shape.rows);
    switch (layer.kind) {
      case layer_kind::input:
        y = image;
        break;
      case layer_kind::conv:
      case layer_kind::dense:
        for (std::size_t row = 0; row < rows; ++row) {
          y.push_back(layer.per_channel[0][row]);
          for (std::size_t j = 0; j < from(0).size(); ++j)
            y[row] += layer.weights[row * from(0).size() + j] * from(0)[j];
        }
        break;
      case layer_kind::depthwise:
        for (std::size_t c = 0; c < rows; ++c)
          y.push_back(layer.per_channel[0][c] + layer.weights[c] * from(0)[c / (rows / from(0).size())]);
        break;
      case layer_kind::pointwise:
        for (std::size_t c = 0; c < from(0).size(); ++c)
          y.push_back(std::max(0.f, layer.per_channel[0][c] * from(0)[c] + layer.per_channel[1][c]));
        break;
      case layer_kind::add:
        y = from(0);
        for (std::size_t which = 1; which < layer.inputs.size(); ++which)
          for (std::size_t c = 0; c < y.size(); ++c) y[c] += from(which)[c];
        break;
      case layer_kind::concat:
        for (std::size_t which = 0; which < layer.inputs.size(); ++which)
          y.insert(y.end(), from(which).begin(), from(which).end());
        break;
    }
    if (!kept.empty())
      for (std::size_t c = 0; c < y.size(); ++c)
        if (std::find(kept[i].begin(), kept[i].end(), static_cast<index>(c)) == kept[i].end()) y[c] = 0;
    values.push_back(std::move(y));
  }
  return values;
}

/// A thinned network computes what the whole one does with the removed channels at 0.
void check_computes_the_same(const network& layers, const pare::thinned_network& thin) {
  builder random;
  const numbers image = random.draw(layers[0].shape.rows);
  const auto expected = run(layers, image, thin.kept), got = run(thin.layers, image);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(i, layers[i].name);
    REQUIRE(got[i].size() == thin.kept[i].size());
    for (std::size_t c = 0; c < got[i].size(); ++c)
      CHECK(got[i][c] == Approx(expected[i][static_cast<std::size_t>(thin.kept[i][c])]).margin(1e-4));
  }
}

/// A residual stage, a depthwise layer with a multiplier, two branches side by side, and a classifier.
network everything() {
  builder b;
  const index x = b.norm(b.conv("first", b.input(3), 8, 3), 8);
  const index inner = b.norm(b.conv("inner", x, 12, 8), 12);
  const index sum = b.add({"sum", layer_kind::add, {x, b.conv("outer", inner, 8, 12)}});
  const index deep = b.norm(b.weighted("deep", layer_kind::depthwise, sum, {16, 1, 2}), 16);
  const index left = b.conv("left", deep, 6, 16), right = b.conv("right", deep, 10, 16);
  const index both = b.norm(b.add({"both", layer_kind::concat, {left, right}}), 16);
  b.weighted("classes", layer_kind::dense, both, {5, 1, 16});
  return b.layers;
}

}  // namespace

TEST_CASE("channels that are tied go together: sums, depthwise layers, norms and what reads them") {
  const network layers = everything();
  const pare::connected_channels connected(layers);
  std::vector<std::pair<std::size_t, bool>> groups;  // sets, prunable
  for (const auto& group : connected.groups()) groups.emplace_back(group.sets.size(), group.prunable);
  CHECK(groups == std::vector<std::pair<std::size_t, bool>>{
                      {3, false}, {8, true}, {12, true}, {6, true}, {10, true}, {5, false}});
  CHECK(connected.groups()[1].layers == std::vector<std::size_t>{1, 2, 5, 6, 7, 8});
  CHECK(connected.groups()[1].sets[3].size() == 8);  // of the depthwise layer and its norm two each

  const auto thin = pare::prune_channels<pare::magnitude>(layers, 0.5);
  CHECK(thin.kept[1].size() == 4);
  for (const std::size_t tied : {2u, 5u, 6u}) CHECK(thin.kept[tied] == thin.kept[1]);
  CHECK(thin.kept[7].size() == 8);
  for (const index c : thin.kept[1]) CHECK(std::count(thin.kept[7].begin(), thin.kept[7].end(), 2 * c + 1) == 1);
  CHECK(thin.kept[3].size() == 6);
  CHECK(thin.kept[9].size() == 3);
  CHECK(thin.kept[10].size() == 5);
  CHECK(thin.kept[13].size() == 5);  // the classes stay
  CHECK(thin.layers[13].shape == pare::weight_shape{5, 1, 8});
  check_computes_the_same(layers, thin);
}

TEST_CASE("a thinned network computes what the whole one does without those channels, at any sparsity and multiple") {
  const network layers = everything();
  for (const double sparsity : {0.0, 0.25, 0.6, 0.999})
    for (const index multiple : {1, 4}) {
      const auto thin = pare::prune_channels<pare::group_l2>(layers, sparsity, {}, {.multiple = multiple});
      for (const std::size_t conv : {1u, 3u, 9u, 10u}) {
        const auto all = static_cast<index>(layers[conv].per_channel[0].size());
        const index wanted = pare::round_up(all - pare::pruned_count(sparsity, all), multiple);
        CHECK(static_cast<index>(thin.kept[conv].size()) == std::min(wanted, all));
      }
      check_computes_the_same(layers, thin);
    }
}

TEST_CASE("the sets with the greatest sums over their filters stay") {
  builder b;
  const index x = b.input(1);
  const index one = b.conv("one", x, 3, 1), two = b.conv("two", x, 3, 1);
  b.layers[1].weights = {1, 5, 2};
  b.layers[2].weights = {-9, 1, 2};
  b.conv("last", b.add({"sum", layer_kind::add, {one, two}}), 2, 3);
  CHECK(pare::prune_channels<pare::magnitude>(b.layers, 0.4).kept[1] == std::vector<index>{0, 1});  // 10, 6, 4
  CHECK(pare::prune_channels<pare::magnitude>(b.layers, 0.7).kept[2] == std::vector<index>{0});
  const auto by_norm = pare::prune_channels(b.layers, 0.4, [](std::size_t layer) {
    return layer == 3 ? std::vector<double>{1, 2, 3} : std::vector<double>{};
  });
  CHECK(by_norm.kept[1] == std::vector<index>{1, 2});
  b.layers[2].fixed = true;
  CHECK(pare::prune_channels<pare::magnitude>(b.layers, 0.7).kept[1].size() == 3);
}

TEST_CASE("a removed channel goes out of every tap of a window and every pixel of a flattened image") {
  builder b;
  const index first = b.conv("first", b.input(2), 3, 2, 9);
  const index deep = b.weighted("deep", layer_kind::depthwise, first, {3, 4, 1});
  b.conv("second", deep, 4, 3, 9);
  b.weighted("flat", layer_kind::dense, 3, {2, 1, 20});
  for (auto& layer : b.layers)
    for (std::size_t i = 0; i < layer.weights.size(); ++i) layer.weights[i] = static_cast<float>(i);
  const auto importances = [&](std::size_t i) {
    return i == 1 ? std::vector<double>{3, 1, 2} : i == 3 ? std::vector<double>{1, 2, 0, 3} : std::vector<double>{};
  };
  const auto thin = pare::prune_channels(b.layers, 0.34, importances);
  CHECK(thin.kept[1] == std::vector<index>{0, 2});
  CHECK(thin.kept[3] == std::vector<index>{0, 1, 3});
  CHECK(thin.layers[2].weights == numbers{0, 2, 3, 5, 6, 8, 9, 11});
  CHECK(thin.layers[3].shape == pare::weight_shape{3, 9, 2});
  CHECK(thin.layers[4].shape == pare::weight_shape{2, 1, 15});
  for (index row = 0; row < 3; ++row)
    for (index tap = 0; tap < 9; ++tap)
      for (index c = 0; c < 2; ++c)
        CHECK(thin.layers[3].weights[static_cast<std::size_t>((row * 9 + tap) * 2 + c)] ==
              static_cast<float>((thin.kept[3][static_cast<std::size_t>(row)] * 9 + tap) * 3 + 2 * c));
  CHECK(thin.layers[4].weights[3] == 4);
  CHECK(thin.layers[4].weights[29] == 39);
}

TEST_CASE("networks whose layers do not fit are refused by the layer's name") {
  const auto refused = [](const std::function<void(network&)>& spoil, const std::string& sentence) {
    network layers = everything();
    spoil(layers);
    CHECK_THROWS_WITH(pare::prune_channels<pare::magnitude>(layers, 0.5), Catch::Contains(sentence));
  };
  refused([](network& n) { n[3].shape.inputs = 7; }, "layers[3] (inner).shape.inputs: expected 8, got 7");
  refused([](network& n) { n[3].weights.pop_back(); }, "layers[3] (inner).weights.size: expected 96, got 95");
  refused([](network& n) { n[6].inputs = {2, 3}; }, "layers[6] (sum).inputs' channels: expected 8, got 12");
  refused([](network& n) { n[6].inputs = {2, 6}; }, "layers[6] (sum).inputs: expected earlier layers, got 6");
  refused([](network& n) { n[6].inputs = {2}; }, "layers[6] (sum).inputs: expected at least 2, got 1 of them");
  refused([](network& n) { n[7].shape.rows = 12; }, "layers[7] (deep).shape.rows: expected a multiple of the 8");
  refused([](network& n) { n[4].per_channel[1].pop_back(); }, "layers[4] (norm).per_channel.size: expected 12, got 11");
  refused([](network& n) { n[13].shape.inputs = 15; },
          "layers[13] (classes).shape.inputs: expected a multiple of the 16");
  refused([](network& n) { n[0].shape.rows = 0; }, "layers[0] (input).shape.rows: expected at least 1 channel, got 0");
  refused([](network& n) { n[9].weights[0] = std::nanf(""); }, "expected finite importance");
  CHECK_THROWS_WITH(pare::prune_channels<pare::magnitude>(everything(), 1),
                    Catch::Contains("sparsity: expected a number in"));
}
