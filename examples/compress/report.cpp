#include "report.hpp"

#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace compress {
namespace {

/// "8x8x1 > conv1 32 > ... > fc2 10": the image, then each layer and its outputs.
std::string architecture(const model& layers) {
  std::string all = pare::text(layers[0].image.height, "x", layers[0].image.width, "x", layers[0].inputs());
  for (const layer_weights& layer : layers) all = pare::text(all, " > ", layer.name, " ", layer.outputs());
  return all;
}

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

double accuracy(const contender& c, const circumstances& facts) {
  return static_cast<double>(c.right) / static_cast<double>(facts.data.held_out.count());
}

/// Writes rows of cells in columns as wide as their widest cell; numbers, all but the first and the last two columns,
/// to the right.
void write_columns(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  const std::size_t columns = rows[0].size();
  for (const auto& row : rows) {
    std::ostringstream line;
    for (std::size_t j = 0; j < columns; ++j) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[j].size());
      const bool is_text = j == 0 || j + 2 >= columns;
      line << (j == 0 ? "" : "  ") << (is_text ? std::left : std::right)
           << std::setw(j + 1 == columns ? 0 : static_cast<int>(width)) << row[j];
    }
    out << line.str() << '\n';
  }
}

}  // namespace

void write_table(std::ostream& out, const circumstances& facts, const std::vector<contender>& all) {
  out << "network   " << architecture(facts.layers) << ", weights from " << facts.weights << '\n'
      << "accuracy  on the " << facts.data.held_out.count() << " held-out images (" << split::description
      << "); the other " << facts.data.training.count() << " calibrate\n"
      << "time      per image, CPU time of one thread, median of " << facts.how.repeat
      << " runs over the held-out images, "
      << "batch " << facts.how.batch
      << ",\n          quantization of the image included; the accuracy is of these same runs\n"
      << "target    " << pare::name(facts.how.on) << "\n\n";
  std::vector<std::vector<std::string>> rows{
      {"policy", "accuracy", "bytes", "us/image", "speed-up", "kernels", "weights"}};
  for (const contender& c : all)
    rows.push_back({c.policy, fixed(100 * accuracy(c, facts), 2) + " %", pare::text(c.bytes),
                    fixed(1e6 * c.median_seconds(), 1), fixed(all[0].median_seconds() / c.median_seconds(), 2),
                    c.kernels, c.training});
  write_columns(out, rows);
}

void write_json(std::ostream& out, const circumstances& facts, const std::vector<contender>& all) {
  using nlohmann::ordered_json;
  ordered_json document{{"network", architecture(facts.layers)},
                        {"weights", facts.weights},
                        {"target", pare::name(facts.how.on)},
                        {"held_out", {{"images", facts.data.held_out.count()}, {"split", split::description}}},
                        {"calibration_images", facts.data.training.count()},
                        {"batch", facts.how.batch},
                        {"repeat", facts.how.repeat},
                        {"policies", ordered_json::array()}};
  for (const contender& c : all)
    document["policies"].push_back({{"policy", c.policy},
                                    {"accuracy", accuracy(c, facts)},
                                    {"right", c.right},
                                    {"bytes", c.bytes},
                                    {"seconds_per_image", c.median_seconds()},
                                    {"speed_up", all[0].median_seconds() / c.median_seconds()},
                                    {"kernels", c.kernels},
                                    {"weights", c.training}});
  out << document.dump(2) << '\n';
}

}  // namespace compress
