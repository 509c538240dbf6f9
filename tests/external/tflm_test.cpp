// The layers of TensorFlow Lite Micro's SEANet test: 16-bit activations, 8-bit weights, 64-bit bias.
#include <catch2/catch.hpp>
#include <pare/reference/arrange.hpp>
#include <pare/reference/conv2d.hpp>
#include <pare/reference/elementwise.hpp>
#include <pare/reference/requantize.hpp>

#include "case.hpp"

namespace pare::test {
namespace {

/// What model.txt says of a tensor and of the one operator: `tensor ID DTYPE NDIM dims scale S zp Z ...`, where S may
/// be the name of a file of one scale per channel; `op N NAME ... Key=Value...`.
struct layer {
  explicit layer(const std::filesystem::path& folder_) : folder(folder_) {
    std::ifstream file(folder / "model.txt");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string kind, id, word;
      words >> kind >> id;
      while (words >> word) {
        if (kind == "tensor" && word == "scale") words >> scale[id];
        const auto equals = word.find('=');
        if (kind == "op" && equals != std::string::npos) option[word.substr(0, equals)] = word.substr(equals + 1);
      }
    }
  }
  /// The scales of a tensor: one, or one per channel.
  std::vector<float> scales(const std::string& id) const {
    if (scale.at(id).ends_with(".npy")) return load_array<float>(folder / scale.at(id)).values;
    return {std::stof(scale.at(id))};
  }
  /// The map of a tensor of 16-bit codes, which have no zero point.
  affine_map map(const std::string& id) const { return {scales(id).at(0), 0}; }
  std::filesystem::path folder;
  std::map<std::string, std::string> scale, option;
};

std::vector<layer> layers(const std::string& kind) {
  std::vector<layer> found;
  for (const auto& folder : folders("tflm_seanet_int16")) {
    if (folder.filename().string().starts_with(kind)) found.emplace_back(folder);
  }
  if (!data_folder().empty()) REQUIRE_FALSE(found.empty());
  return found;
}

constexpr output_map whole_range{0, INT16_MIN, INT16_MAX};

/// A tensor of up to four axes, the last ones of an image.
image_view<const std::int16_t> as_image(const array<std::int16_t>& x) {
  std::array<index, 4> extents{1, 1, 1, 1};
  REQUIRE(x.shape.size() <= 4);
  std::copy(x.shape.rbegin(), x.shape.rend(), extents.rbegin());
  return {x.values.data(), extents[0], extents[1], extents[2], extents[3]};
}

/// ADD or SUB of two tensors.
template <class Op>
void check_sum(const layer& sum, const Op& op) {
  INFO(sum.folder.string());
  REQUIRE(sum.option.at("FusedActivationFunction") == "NONE");
  const auto a = load_array<std::int16_t>(sum.folder / "input0.npy");
  const auto b = load_array<std::int16_t>(sum.folder / "input1.npy");
  const auto golden = load_array<std::int16_t>(sum.folder / "golden.npy");
  array<std::int16_t> out{std::vector<std::int16_t>(golden.values.size()), golden.shape};
  const auto to = as_image(out);
  reference::elementwise(op, as_image(a), as_image(b),
                         image_view<std::int16_t>{out.values.data(), to.batch, to.height, to.width, to.channels});
  CHECK(differences(out.values, golden.values) == 0);
}

}  // namespace

TEST_CASE("the convolutions of SEANet give the recorded codes") {
  for (const auto& conv : layers("conv")) {
    INFO(conv.folder.string());
    REQUIRE(conv.option.at("Padding") == "VALID");
    REQUIRE(conv.option.at("FusedActivationFunction") == "NONE");
    const conv_geometry geometry{.stride_y = std::stoi(conv.option.at("StrideH")),
                                 .stride_x = std::stoi(conv.option.at("StrideW")),
                                 .dilation_y = std::stoi(conv.option.at("DilationHFactor")),
                                 .dilation_x = std::stoi(conv.option.at("DilationWFactor"))};
    const auto input = load_array<std::int16_t>(conv.folder / "input0.npy");
    const auto weights = load_array<std::int8_t>(conv.folder / "t1.npy");
    const auto bias = load_array<std::int64_t>(conv.folder / "t2.npy").values;
    const auto golden = load_array<std::int16_t>(conv.folder / "golden.npy");
    const auto& shape = golden.shape;

    std::vector<std::int64_t> sums(golden.values.size());
    const image_view<std::int64_t> out{sums.data(), shape.at(0), shape.at(1), shape.at(2), shape.at(3)};
    reference::conv2d(input.image(), 0, weights.image(), 0, geometry, out);
    reference::add_bias(std::span(bias), out.pixels());

    std::vector<requantize_terms<tflite_int64>> terms;
    for (const float scale : conv.scales("1")) {
      const double M = double{conv.scales("0")[0]} * double{scale} / double{conv.scales("3")[0]};
      terms.push_back(checked_terms<tflite_int64>("scales", M));
    }
    std::vector<std::int16_t> codes(sums.size());
    reference::requantize<tflite_int64>(out.pixels(), terms, {0, INT16_MIN, INT16_MAX},
                                        matrix_view(codes.data(), out.pixels().rows, out.channels));
    CHECK(differences(codes, golden.values) == 0);
  }
}

TEST_CASE("the int32 to int16 requantization of SEANet gives the recorded codes") {
  for (const auto& quantize : layers("quantize")) {
    INFO(quantize.folder.string());
    const auto input = load_array<std::int32_t>(quantize.folder / "input0.npy").values;
    const auto golden = load_array<std::int16_t>(quantize.folder / "golden.npy").values;
    const double M = double{quantize.scales("0")[0]} / double{quantize.scales("1")[0]};
    const std::vector terms = {checked_terms<tflite>("scales", M)};
    const auto rows = static_cast<index>(input.size());
    std::vector<std::int16_t> codes(input.size());
    reference::requantize<tflite>(matrix_view(input.data(), rows, 1), terms, {0, INT16_MIN, INT16_MAX},
                                  matrix_view(codes.data(), rows, 1));
    CHECK(differences(codes, golden) == 0);
  }
}

TEST_CASE("the sums and differences of SEANet give the recorded codes") {
  for (const auto& sum : layers("add"))
    check_sum(sum, sum_of<s16>(sum.map("0"), sum.map("1"), sum.map("2"), whole_range));
  for (const auto& sum : layers("sub"))
    check_sum(sum, difference_of<s16>(sum.map("0"), sum.map("1"), sum.map("2"), whole_range));
}

TEST_CASE("the leaky relus of SEANet give the recorded codes") {
  for (const auto& relu : layers("leaky_relu")) {
    INFO(relu.folder.string());
    const auto input = load_array<std::int16_t>(relu.folder / "input0.npy").values;
    std::vector<std::int16_t> codes(input.size());
    const auto op = leaky_relu_of<s16>(std::stof(relu.option.at("Alpha")), relu.map("0"), relu.map("1"), whole_range);
    reference::transform(op, std::span(input), std::span(codes));
    CHECK(differences(codes, load_array<std::int16_t>(relu.folder / "golden.npy").values) == 0);
  }
}

TEST_CASE("the paddings of SEANet give the recorded codes") {
  for (const auto& pad : layers("pad")) {
    INFO(pad.folder.string());
    const auto input = load_array<std::int16_t>(pad.folder / "input0.npy");
    const auto amounts = load_array<std::int32_t>(pad.folder / "t1.npy");
    const auto golden = load_array<std::int16_t>(pad.folder / "golden.npy");
    REQUIRE(amounts.shape == std::vector<index>{4, 2});
    padding amount;
    for (std::size_t axis = 0; axis < 4; ++axis) {
      amount.before[axis] = amounts.values[2 * axis];
      amount.after[axis] = amounts.values[2 * axis + 1];
    }
    std::vector<std::int16_t> codes(golden.values.size());
    const auto& shape = golden.shape;
    reference::pad(input.image(), amount, std::int16_t{0},
                   image_view<std::int16_t>{codes.data(), shape.at(0), shape.at(1), shape.at(2), shape.at(3)});
    CHECK(differences(codes, golden.values) == 0);
  }
}

}  // namespace pare::test
