// summary.cpp: pare_bench_summary <file.json>...: tables (Markdown) of what pare_bench --benchmark_out wrote. Rows of
// the files after the first get the target of their run (--pare_target): s8 becomes s8@avx2.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/// The rows of one shape, by variant.
using shape_rows = std::map<std::string, nlohmann::json>;
struct shape_results {
  std::string shape;
  shape_rows rows;
};

/// One column of a table: what stands in it for a shape, and what its geometric mean is taken of.
struct column {
  std::string head;
  std::function<std::string(const shape_rows&)> text;
  std::function<double(const shape_rows&)> factor{};  // none: no mean
};

const double missing = std::nan("");

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

/// A counter of a row; not-a-number if the row or the counter is missing.
double value(const shape_rows& rows, const std::string& variant, const char* counter) {
  const auto row = rows.find(variant);
  return row == rows.end() ? missing : row->second.value(counter, missing);
}
double best_gops(const shape_rows& rows, const std::vector<std::string>& variants) {
  double best = missing;
  for (const std::string& v : variants) best = std::fmax(best, value(rows, v, "GOPS"));
  return best;
}

/// Adds rows gemm/<variant>/<shape>, shapes in the order of the file; the target of the run follows the variant if
/// asked for.
void read(const char* path, bool with_target, std::vector<shape_results>& all) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  const nlohmann::json document = nlohmann::json::parse(file);
  const std::string suffix = with_target ? "@" + document.at("context").at("pare_target").get<std::string>() : "";
  for (const auto& row : document.at("benchmarks")) {
    const auto name = row.at("name").get<std::string>();
    if (name.starts_with("quantize/")) continue;  // the tables are of products
    if (row.contains("error_occurred")) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), row.at("error_message").get<std::string>().c_str());
      continue;
    }
    const auto first = name.find('/'), second = name.find('/', first + 1);
    const std::string variant = name.substr(first + 1, second - first - 1) + suffix, shape = name.substr(second + 1);
    auto known = std::find_if(all.begin(), all.end(), [&](const shape_results& r) { return r.shape == shape; });
    if (known == all.end()) known = all.insert(known, {shape, {}});
    known->rows[variant] = row;
  }
}

std::string mean_of(const std::vector<shape_results>& all, const column& c) {
  double logarithms = 0;
  int count = 0;
  for (const shape_results& s : all) {
    const double factor = c.factor ? c.factor(s.rows) : missing;
    if (std::isnan(factor)) continue;
    logarithms += std::log(factor);
    ++count;
  }
  return count == 0 ? "" : format("%.2fx", std::exp(logarithms / count));
}

void print(const char* title, const std::vector<shape_results>& all, const std::vector<column>& columns) {
  std::printf("\n%s\n\n| %-15s |", title, "m x n x k");
  for (const column& c : columns) std::printf(" %17s |", c.head.c_str());
  std::printf("\n|%s|", std::string(17, '-').c_str());
  for (std::size_t i = 0; i < columns.size(); ++i) std::printf("%s:|", std::string(18, '-').c_str());
  for (const shape_results& s : all) {
    std::printf("\n| %-15s |", s.shape.c_str());
    for (const column& c : columns) std::printf(" %17s |", c.text(s.rows).c_str());
  }
  std::printf("\n");
  if (std::none_of(columns.begin(), columns.end(), [](const column& c) { return c.factor != nullptr; })) return;
  std::printf("| %-15s |", "geometric mean");
  for (const column& c : columns) std::printf(" %17s |", mean_of(all, c).c_str());
  std::printf("\n");
}

const std::vector<std::string> floats{"f32", "onednn-f32", "openblas-f32"};

/// "GOPS (% of peak) speed-up".
column speed(const std::string& head, const std::string& variant) {
  const auto factor = [=](const shape_rows& rows) { return value(rows, variant, "GOPS") / best_gops(rows, floats); };
  const auto text = [=](const shape_rows& rows) {
    const double gops = value(rows, variant, "GOPS"), of_peak = value(rows, variant, "of_peak");
    return std::isnan(gops) ? "" : format("%.0f (%.0f %%) %.1fx", gops, 100 * of_peak, factor(rows));
  };
  return {head, text, factor};
}

column counter(const std::string& variant, const char* counter, const char* pattern) {
  const auto text = [=](const shape_rows& rows) {
    const double number = value(rows, variant, counter);
    return std::isnan(number) ? "" : format(pattern, number);
  };
  return {variant, text};
}

/// Ours beside the peers that do the same job; those that are not installed are left out.
void compare(const std::vector<shape_results>& all, const std::string& ours, const std::vector<std::string>& peers) {
  std::vector<column> columns{counter(ours, "GOPS", "%.0f")};
  for (const std::string& peer : peers) {
    const bool present = std::any_of(all.begin(), all.end(), [&](const auto& s) { return s.rows.contains(peer); });
    if (present) columns.push_back(counter(peer, "GOPS", "%.0f"));
  }
  if (columns.size() == 1) return;
  const auto factor = [=](const shape_rows& rows) { return value(rows, ours, "GOPS") / best_gops(rows, peers); };
  const auto text = [=](const shape_rows& rows) {
    return std::isnan(factor(rows)) ? "" : format("%.2fx", factor(rows));
  };
  columns.push_back({"ours / best peer", text, factor});
  print(("GOPS of " + ours + " and of other libraries on the same operands").c_str(), all, columns);
}

void summarize(const std::vector<const char*>& paths) {
  std::vector<shape_results> all;
  for (const char* path : paths) read(path, path != paths.front(), all);
  print("GOPS (of the instruction's peak) and speed-up over the fastest float of any library here", all,
        {speed("float", "f32"), speed("int16 x int8", "s16s8"), speed("int8", "s8"),
         speed("int8, 80 % zero", "s8-block16@80")});
  compare(all, "s8", {"onednn-s8", "xnnpack-qs8"});
  compare(all, "u8s8", {"onednn-u8", "gemmlowp-u8"});
  compare(all, "f32", {"onednn-f32", "openblas-f32"});
  compare(all, "s8@avx2", {"onednn-s8@avx2"});
  compare(all, "s8-w7@avx2", {"onednn-s8@avx2"});
  std::vector<column> bytes, errors;
  for (const char* variant : {"f32", "s16s8", "s8", "s8-block16@80"}) {
    bytes.push_back(counter(variant, "bytes", "%.0f"));
    errors.push_back(counter(variant, "rel_error", "%.1e"));
  }
  print("Bytes of packed weights and per-channel terms", all, bytes);
  print("Relative error (Frobenius) against double precision", all, errors);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: pare_bench_summary <file written by pare_bench --benchmark_out>...\n");
    return 2;
  }
  try {
    summarize({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
