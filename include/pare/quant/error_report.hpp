// error_report.hpp: how far quantized numbers are from the original ones: whole, and channel by channel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "../core/error.hpp"

namespace pare {

/// Sums over pairs of an original number and what stands for it.
struct error_sums {
  double signal = 0;    ///< sum of x^2
  double noise = 0;     ///< sum of (x - y)^2
  double product = 0;   ///< sum of x * y
  double stand_in = 0;  ///< sum of y^2
  double greatest = 0;  ///< max |x - y|
  index clipped = 0;    ///< numbers beyond the range of the codes
  index count = 0;

  void add(double x, double y, bool is_clipped) noexcept {
    signal += x * x;
    noise += (x - y) * (x - y);
    product += x * y;
    stand_in += y * y;
    greatest = std::max(greatest, std::abs(x - y));
    clipped += is_clipped;
    ++count;
  }
  void add(const error_sums& other) noexcept {
    signal += other.signal;
    noise += other.noise;
    product += other.product;
    stand_in += other.stand_in;
    greatest = std::max(greatest, other.greatest);
    clipped += other.clipped;
    count += other.count;
  }

  /// 10 log10(signal / noise): infinite without noise.
  double snr_db() const noexcept {
    return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
  }
  /// 1 for two tensors of zeros, 0 if only one is.
  double cosine() const noexcept {
    if (signal == 0 || stand_in == 0) return signal == stand_in ? 1 : 0;
    return product / std::sqrt(signal * stand_in);
  }
  double mean_squared() const noexcept { return count == 0 ? 0 : noise / static_cast<double>(count); }
  double clipped_share() const noexcept {
    return count == 0 ? 0 : static_cast<double>(clipped) / static_cast<double>(count);
  }
};

/// Whole and per channel, one channel for each parameter of the quantization.
struct error_report {
  error_sums whole;
  std::vector<error_sums> channels;

  /// A line for the whole, and one for the channel with the least signal-to-noise ratio if there are several.
  std::string to_text() const {
    std::string all = line("whole", whole);
    if (channels.size() < 2) return all;
    const auto worst = std::min_element(channels.begin(), channels.end(),
                                        [](const auto& a, const auto& b) { return a.snr_db() < b.snr_db(); });
    return all + line(text("worst channel ", worst - channels.begin()).c_str(), *worst);
  }
  /// {"whole": {...}, "channels": [{...}, ...]}; an infinite ratio is null, since JSON has no infinity.
  std::string to_json() const {
    std::string all = text("{\"whole\": ", object(whole), ", \"channels\": [");
    for (std::size_t c = 0; c < channels.size(); ++c) all += text(c == 0 ? "" : ", ", object(channels[c]));
    return all + "]}";
  }

 private:
  static std::string line(const char* name, const error_sums& s) {
    char all[160];
    std::snprintf(all, sizeof all, "%-20s SNR %6.2f dB  cosine %.6f  max error %.4g  clipped %.2f %%\n", name,
                  s.snr_db(), s.cosine(), s.greatest, 100 * s.clipped_share());
    return all;
  }
  static std::string number(double x) {
    if (!(x - x == 0)) return "null";
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", x);
    return digits;
  }
  static std::string object(const error_sums& s) {
    return text("{\"snr_db\": ", number(s.snr_db()), ", \"cosine\": ", number(s.cosine()),
                ", \"max_error\": ", number(s.greatest), ", \"mean_squared_error\": ", number(s.mean_squared()),
                ", \"clipped\": ", number(s.clipped_share()), ", \"count\": ", s.count, "}");
  }
};

}  // namespace pare
