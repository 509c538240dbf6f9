// The program compress as its users meet it: what it prints, and what it says of wrong input.
#include <pare/expr/xtensor.hpp>
#include <pare/simd/target.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

namespace {

namespace fs = std::filesystem;
const fs::path digits = PARE_DIGITS, scratch = PARE_SCRATCH;

struct outcome {
  int exit_code;
  std::string out, err;
};

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string quoted(const fs::path& path) { return pare::text("'", path.string(), "'"); }

/// Runs the program with these arguments, through the shell.
outcome compress(const std::string& arguments) {
  fs::create_directories(scratch);
  const fs::path out = scratch / "out", err = scratch / "err";
  const std::string command = pare::text(quoted(PARE_COMPRESS), " ", arguments, " >", quoted(out), " 2>", quoted(err));
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(out), contents(err)};
}

nlohmann::json report(const std::string& arguments) {
  const outcome result = compress("--json --repeat 1 " + arguments);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  return nlohmann::json::parse(result.out);
}

/// The program must refuse this, in one sentence that contains `words`.
void expect_refusal(const std::string& arguments, const std::string& words) {
  const outcome result = compress("--repeat 1 " + arguments);
  CAPTURE(arguments, result.err);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Catch::Contains(words));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

/// Leaves a copy of `from`.
auto copy_of(const fs::path& from) {
  return [from](const fs::path& to) { fs::copy(from, to); };
}

/// A copy of the dense network's folder in which `file` is what `write(path)` makes of it; the argument that names it.
template <class Write>
std::string weights_with(const std::string& file, const Write& write) {
  const fs::path folder = scratch / "weights";
  fs::remove_all(folder);
  fs::create_directories(scratch);
  fs::copy(digits / "dense", folder);
  fs::remove(folder / file);
  write(folder / file);
  return "--weights " + quoted(folder);
}

template <class T>
std::string saved(const std::string& name, const xt::xarray<T>& values) {
  fs::create_directories(scratch);
  xt::dump_npy((scratch / name).string(), values);
  return quoted(scratch / name);
}

}  // namespace

TEST_CASE("every policy keeps the accuracy that the README promises") {
  const auto document = report("");
  CHECK(document["held_out"]["images"] == 359);
  const auto& policies = document["policies"];
  REQUIRE(policies.size() == 6);
  CHECK(policies[0]["policy"] == "float32");
  CHECK(policies[0]["accuracy"] > 0.98);
  for (const auto& row : policies) {
    CAPTURE(row.dump());
    CHECK(row["accuracy"] > policies[0]["accuracy"].get<double>() - 0.006);  // two images
    CHECK(row["seconds_per_image"] > 0);
    CHECK(row["weights"] != "one-shot, not fine-tuned");
  }
}

TEST_CASE("compressed weights take the memory that their format says") {
  const auto policies = report("")["policies"];
  const double real = policies[0]["bytes"];
  for (const std::size_t int8 : {1u, 2u, 3u}) CHECK(policies[int8]["bytes"] < 0.27 * real);
  for (const std::size_t pruned : {4u, 5u}) CHECK(policies[pruned]["bytes"] < 0.08 * real);
}

TEST_CASE("integer policies give the same answers on every target") {
  const auto expected = report("")["policies"];
  for (const pare::target on : pare::all_targets) {
    if (!pare::available(on)) continue;
    const auto document = report(pare::text("--target ", pare::name(on)));
    CHECK(document["target"] == pare::name(on));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(pare::name(on), expected[i]["policy"]);
      CHECK(document["policies"][i]["right"] == expected[i]["right"]);
    }
  }
}

TEST_CASE("the size of the batch does not change the answers") {
  const auto one = report("")["policies"], many = report("--batch 50")["policies"];
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i]["right"] == many[i]["right"]);
}

TEST_CASE("a user's own weights are pruned one-shot and the table says so") {
  const outcome result = compress("--repeat 1 --weights " + quoted(digits / "dense"));
  REQUIRE(result.exit_code == 0);
  std::size_t said = 0;
  for (std::size_t at = 0; (at = result.out.find("one-shot, not fine-tuned", at)) != std::string::npos; ++at) ++said;
  CHECK(said == 2);
  CHECK_THAT(result.out, Catch::Contains("index is 4 modulo 5"));
}

TEST_CASE("images with channels, float images and wide labels are read") {
  xt::xarray<std::uint8_t> bytes = xt::load_npy<std::uint8_t>((digits / "images.npy").string());
  xt::xarray<float> reals = xt::cast<float>(bytes);
  for (float& x : reals) x /= 16;
  reals.reshape({1797, 8, 8, 1});
  const xt::xarray<std::int64_t> labels =
      xt::cast<std::int64_t>(xt::load_npy<std::uint8_t>((digits / "labels.npy").string()));
  const auto document =
      report(pare::text("--images ", saved("reals.npy", reals), " --labels ", saved("wide.npy", labels)));
  CHECK(document["policies"].size() == 6);
  CHECK(document["policies"][0]["right"] == report("")["policies"][0]["right"]);
}

TEST_CASE("files that are not what they should be are refused in one sentence") {
  expect_refusal("--weights /nowhere", "conv1.weight.npy: expected a NumPy .npy file, got no file that can be read");
  expect_refusal("--images " + quoted(digits), "expected a NumPy .npy file, got no file that can be read");
  expect_refusal("--images " + quoted(digits / "train.py"),
                 "train.py: expected a NumPy .npy file, got a file of another");
  const auto broken = [](const fs::path& path) { std::ofstream(path) << "\x93NUMPY\x01" << std::string(200, ' '); };
  expect_refusal(weights_with("fc2.bias.npy", broken),
                 "fc2.bias.npy: expected a NumPy .npy file, got one with a broken");
  expect_refusal(weights_with("conv2.weight.npy", copy_of(digits / "labels.npy")), "elements of type '<f4', got '|u1'");
  expect_refusal("--images " + quoted(digits / "dense/fc1.bias.npy"), "3 axes [n, height, width], got shape (64)");
  expect_refusal(weights_with("fc1.weight.npy", copy_of(digits / "dense/conv2.weight.npy")),
                 "fc1.weight.npy: expected 2 axes [outputs, inputs], got shape (64, 3, 3, 32)");
  expect_refusal(weights_with("conv3.weight.npy",
                              [](const fs::path& path) {
                                fs::copy(digits / "dense/conv3.weight.npy", path);
                                fs::resize_file(path, 1000);
                              }),
                 "conv3.weight.npy: expected 147456 bytes of elements");
  expect_refusal("--images " + saved<std::uint8_t>("few.npy", xt::zeros<std::uint8_t>({4, 8, 8})), "at least 5, got 4");
}

TEST_CASE("layers that do not fit together are refused in one sentence") {
  expect_refusal(weights_with("conv2.weight.npy", copy_of(digits / "channel/conv3.weight.npy")),
                 "one for each output of conv2");
  expect_refusal(weights_with("conv2.weight.npy", copy_of(digits / "dense/conv3.weight.npy")), "expected 32 inputs");
  expect_refusal(weights_with("fc2.weight.npy", copy_of(digits / "channel/fc2.weight.npy")),
                 "fc2.weight.npy: expected 64 inputs");
  const auto images = saved<float>("large.npy", xt::zeros<float>({5, 12, 12}));
  expect_refusal("--images " + images, "fc1.weight.npy: expected 2304 inputs, the 6 x 6 x 64 numbers");
}

TEST_CASE("numbers that make no sense are refused in one sentence") {
  const auto nan = [](const fs::path& path) {
    xt::xarray<float> bias = xt::zeros<float>({64});
    bias(3) = std::numeric_limits<float>::quiet_NaN();
    xt::dump_npy(path.string(), bias);
  };
  expect_refusal(weights_with("conv2.bias.npy", nan), "conv2.bias.npy: expected finite numbers, got nan at element 3");
  const auto labels = [](xt::xarray<std::int32_t> values) { return "--labels " + saved("labels.npy", values); };
  expect_refusal(labels(xt::zeros<std::int32_t>({1796})), "expected 1797 labels, one for each image, got 1796");
  expect_refusal(labels(xt::zeros<std::int32_t>({1797}) + 10), "classes in [0, 10), the network's outputs, got 10");
  expect_refusal(labels(xt::zeros<std::int32_t>({1797}) - 1), "got -1");
  expect_refusal("--white 15", "expected bytes up to 15 (see --white), got 16");
}

TEST_CASE("a structure that costs accuracy by magnitude alone costs next to none refitted, and none fine-tuned") {
  const auto study = report("--structures 'n_of_m<4, 16>'");
  REQUIRE(study["structures"].size() == 1);
  const auto& row = study["structures"][0];
  CAPTURE(row.dump());
  const double dense = study["int8"], magnitude = row["magnitude"];
  CHECK(magnitude < dense - 0.03);
  CHECK(dense - row["refit"].get<double>() < 0.3 * (dense - magnitude));
  CHECK(row["obs"] > dense - 0.01);
  CHECK(row["fine_tuned"] > dense - 0.005);
  expect_refusal("--structures diagonal", "--structures: expected \"all\" or the name of a structure");
}

TEST_CASE("targets that cannot run are refused in one sentence") {
  expect_refusal("--target mmx", "expected one of scalar, ");
  for (const pare::target on : pare::all_targets)
    if (!pare::available(on)) expect_refusal(pare::text("--target ", pare::name(on)), std::string(pare::name(on)));
}

TEST_CASE("arguments that do not parse give exit code 2, asking for help does not") {
  CHECK(compress("--repeat 0").exit_code == 2);
  CHECK(compress("--nonsense").exit_code == 2);
  CHECK(compress("--help").exit_code == 0);
}
