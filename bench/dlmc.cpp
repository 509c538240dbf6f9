// dlmc.cpp: layers as somebody else pruned them, in the patterns of the Deep Learning Matrix Collection (Gale et al.
// 2020): what each format makes of zeros that were not chosen for it.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "ours.hpp"
#include "row.hpp"

namespace pare::bench {
namespace {

/// The numbers of a .npy file of int32 in one dimension (format 1.0, little-endian).
std::vector<std::int32_t> read_npy(const std::filesystem::path& path, index count) {
  std::ifstream file(path, std::ios::binary);
  char lead[10] = {};
  file.read(lead, sizeof lead);
  const auto header = static_cast<unsigned char>(lead[8]) + 256 * static_cast<unsigned char>(lead[9]);
  if (!file || std::string(lead + 1, 5) != "NUMPY") fail("file", "a .npy file", path.string());
  file.ignore(header);
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(count));
  file.read(reinterpret_cast<char*>(numbers.data()), count * 4);
  if (!file) fail("file", text(count, " numbers of int32"), path.string());
  return numbers;
}

struct layer {
  std::string name;
  bench::shape shape;
  std::vector<bool> kept;
};

/// The layer in a folder: case.txt has its extents, row_offsets and col_indices which weights are not zero.
layer read_layer(const std::filesystem::path& folder) {
  std::ifstream file(folder / "case.txt");
  std::map<std::string, index> attributes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, key;
    index value = 0;
    if (words >> kind >> key >> value && kind == "attr") attributes[key] = value;
  }
  const index n = attributes["rows"], k = attributes["cols"];
  if (n < 1 || k < 1) fail("case.txt", "rows and cols of at least 1", folder.string());
  layer read{
      folder.filename().string(), {attributes["dense_n"], n, k}, std::vector<bool>(static_cast<std::size_t>(n * k))};
  const auto offsets = read_npy(folder / "row_offsets.npy", n + 1);
  const auto columns = read_npy(folder / "col_indices.npy", attributes["nnz"]);
  for (index j = 0; j < n; ++j)
    for (auto i = offsets[static_cast<std::size_t>(j)]; i < offsets[static_cast<std::size_t>(j + 1)]; ++i)
      read.kept.at(static_cast<std::size_t>(j * k + columns.at(static_cast<std::size_t>(i)))) = true;
  return read;
}

}  // namespace

void add_real_patterns(const std::string& folder, const std::vector<variant>& variants, target cap) {
  static std::deque<layer> layers;
  static std::deque<variant> rows;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  constexpr const char* formats[][2] = {{"s8", "s8"},
                                        {"s8-block16@80", "s8-block16"},
                                        {"s8-block4x4@80", "s8-block4x4"},
                                        {"s8-block2x4@80", "s8-block2x4"},
                                        {"s8-block1x4@80", "s8-block1x4"},
                                        {"f32", "f32"},
                                        {"f32-unstructured@90", "f32-unstructured"}};
  for (const auto& path : folders) {
    layers.push_back(read_layer(path));
    for (const auto& format : formats) {
      const auto found =
          std::find_if(variants.begin(), variants.end(), [&](const variant& v) { return v.name == format[0]; });
      if (found == variants.end()) continue;
      rows.push_back(*found);
      rows.back().name = format[1];
      rows.back().group = "dlmc";
      rows.back().zeros = {};
      rows.back().zeros.kept = &layers.back().kept;
      add_row(rows.back(), layers.back().name, layers.back().shape, cap);
    }
  }
}

}  // namespace pare::bench
