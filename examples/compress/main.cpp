// compress: compresses a trained float network under several policies and says what each costs and gives.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "prune.hpp"
#include "report.hpp"
#include "structures.hpp"

namespace compress {
namespace {

struct options {
  std::string weights, channel_weights, block_weights;
  std::string images = PARE_DIGITS "/images.npy", labels = PARE_DIGITS "/labels.npy";
  int white = 16;
  std::string target{pare::name(pare::best_target())};
  bool json = false;
  std::string structures;
  index repeat = 20, batch = 1;
};

void describe(CLI::App& app, options& o) {
  app.add_option("--weights", o.weights,
                 "folder of conv1, conv2, conv3 .weight.npy [outputs, y, x, inputs], fc1, fc2 .weight.npy [outputs, "
                 "inputs] and .bias.npy [outputs] of each, all float32 (default: the digits network)");
  app.add_option("--channel-weights", o.channel_weights,
                 "the same with fewer channels (default: the digits', or --weights pruned without fine-tuning)");
  app.add_option("--block-weights", o.block_weights,
                 "the same with 80 % of the 16 x 4 blocks zero in all layers but the first and the last (default: as "
                 "above)");
  app.add_option("--images", o.images, "uint8 or float32 [n, height, width] or [n, height, width, channels]");
  app.add_option("--labels", o.labels, "the class of each image: uint8, int32 or int64 [n]");
  app.add_option("--white", o.white, "the byte that stands for 1.0 in images of bytes (default: 16)")
      ->check(CLI::Range(1, 255));
  app.add_option("--target", o.target, "instruction set to run (default: " + o.target + ")");
  app.add_option("--batch", o.batch, "images at a time (default: 1)")->check(CLI::Range(1, 1024));
  app.add_option("--repeat", o.repeat, "runs over the held-out images (default: 20)")->check(CLI::Range(1, 100000));
  app.add_option(
      "--structures", o.structures,
      "instead, prune the network to a structure, such as \"block<4, 4>\", or to \"all\" (some minutes), with and "
      "without compensation and fine-tuning, and print the accuracies");
  app.add_flag("--json", o.json, "print one JSON document instead of the table");
}

/// The network with pruned weights from `folder`; if none is given, the embedded one's; for a user's own weights,
/// those.
template <class Load, class Prune>
trained_model load_pruned(const options& o, const std::string& folder, const char* embedded, const model& dense,
                          const Load& load, const Prune& prune) {
  if (folder.empty() && !o.weights.empty()) return {prune(dense), "one-shot, not fine-tuned"};
  trained_model pruned{load(folder.empty() ? embedded : folder), "fine-tuned"};
  pare::expect_equal("classes of the pruned network", dense.back().outputs(), pruned.layers.back().outputs());
  return pruned;
}

/// Says on standard error what runs, on one line that is overwritten; nothing if nobody reads it.
class progress_line {
 public:
  explicit progress_line(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) != 0) {}
  ~progress_line() { (*this)(""); }
  void operator()(const std::string& text) const {
    if (shown_) std::cerr << "\r\033[K" << text << std::flush;
  }

 private:
  bool shown_;
};

void run(const options& o) {
  const progress_line progress(!o.json);
  const conditions how{pare::parse_target(o.target), o.batch, o.repeat};
  pare::expect_available(how.on);
  progress("loading");
  auto images = load_images(o.images, o.white);
  const pare::image_extents extents{static_cast<index>(images.shape(1)), static_cast<index>(images.shape(2))};
  const auto load = [&, channels = static_cast<index>(images.shape(3))](const std::string& folder) {
    return load_model(folder, extents, channels);
  };
  const trained_model dense{load(o.weights.empty() ? PARE_DIGITS "/dense" : o.weights), "as trained"};
  const trained_model channel =
      load_pruned(o, o.channel_weights, PARE_DIGITS "/channel", dense.layers, load, without_weak_channels);
  trained_model block = load_pruned(o, o.block_weights, PARE_DIGITS "/block", dense.layers, load,
                                    [](const model& layers) { return layers; });
  if (!is_block_pruned(block.layers)) block.training = "one-shot, not fine-tuned";
  const split data = load_split(std::move(images), o.labels, dense.layers.back().outputs());

  if (!o.structures.empty()) {
    const auto study = study_structures(o.structures, dense.layers, data, o.weights.empty() ? PARE_DIGITS "/tuned" : "",
                                        how, progress);
    progress("");
    return o.json ? write_json(std::cout, study) : write_table(std::cout, study);
  }
  progress("calibrating and packing");
  std::vector<contender> all{
      contend<float32>("float32", dense, data, how),
      contend<int8_per_tensor>("int8 per-tensor", dense, data, how),
      contend<int8_per_channel>("int8 per-channel", dense, data, how),
      contend<int16x8>("int16 x int8", dense, data, how),
      contend<int8_per_channel>("int8 + channel pruning", channel, data, how),
      contend<int8_blocks>("int8 + block pruning", block, data, how),
  };
  measure(all, data, how, progress);
  progress("");
  const circumstances facts{o.weights.empty() ? "examples/digits" : o.weights, dense.layers, data, how};
  o.json ? write_json(std::cout, facts, all) : write_table(std::cout, facts, all);
}

}  // namespace
}  // namespace compress

int main(int argc, char** argv) {
  compress::options o;
  CLI::App app{
      "Compresses a trained float network under several policies, and prints for each: accuracy, bytes of\n"
      "weights, time per image, and the kernels that ran. Every figure comes from running those kernels."};
  compress::describe(app, o);
  try {
    app.parse(argc, argv);
    compress::run(o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {  // a pare::error is one sentence
    std::cerr << e.what() << '\n';
    return 2;
  }
}
