// npy.hpp: reads a .npy file after checking that it is what the program needs; everything else is one clear sentence.
#pragma once

#include <pare/core/error.hpp>
#include <pare/expr/xtensor.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>  // from xtensor 0.26 on
#else
#include <xtensor/xnpy.hpp>
#endif

namespace compress {

/// What the header of a .npy file says.
struct npy_header {
  std::string type;  ///< as NumPy spells it: "<f4"
  bool column_major = false;
  std::vector<std::size_t> shape;
  std::uintmax_t data_begin = 0;
};

/// "(32, 3, 3, 1)"
inline std::string spelled(const std::vector<std::size_t>& shape) {
  std::string all = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) all = pare::text(all, axis == 0 ? "" : ", ", shape[axis]);
  return all + ")";
}

/// The text between `before` and the next of `after`; empty if there is no such thing.
inline std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == text.npos) return {};
  text.remove_prefix(begin + before.size());
  return text.substr(0, std::min(text.find_first_of(after), text.size()));
}

/// Reads the header; fails if the file is missing or not a .npy file. Source: NumPy, format specification 1.0 and 2.0.
inline npy_header read_header(const std::filesystem::path& path) {
  constexpr const char* wanted = "a NumPy .npy file";
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) pare::fail(path.string(), wanted, "no file that can be read");
  std::array<char, 8> magic{};  // the name, major and minor version
  file.read(magic.data(), magic.size());
  const bool first_version = magic[6] == 1;
  if (!file || std::string_view(magic.data(), 6) != "\x93NUMPY" || (!first_version && magic[6] != 2))
    pare::fail(path.string(), wanted, "a file of another format");
  std::array<unsigned char, 4> length{};
  file.read(reinterpret_cast<char*>(length.data()), first_version ? 2 : 4);
  const std::size_t size = length[0] + (std::size_t{length[1]} << 8) + (std::size_t{length[2]} << 16);
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));

  npy_header header;
  header.type = between(text, "'descr': '", "'");
  header.column_major = between(text, "'fortran_order': ", ",}") == "True";
  const std::string_view digits = " ,0123456789", extents = between(text, "'shape': (", ")");
  if (!file || header.type.empty() || extents.find_first_not_of(digits) != extents.npos)
    pare::fail(path.string(), wanted, "one with a broken header");
  std::istringstream numbers{std::string(extents)};
  for (std::size_t extent; numbers >> extent; numbers.ignore(1, ',')) header.shape.push_back(extent);
  header.data_begin = static_cast<std::uintmax_t>(file.tellg());
  return header;
}

/// How NumPy spells the type of T in a file of this machine's byte order.
template <class T>
std::string type_of() {
  const char* kind = std::floating_point<T> ? "f" : std::signed_integral<T> ? "i" : "u";
  return pare::text(sizeof(T) == 1 ? "|" : "<", kind, sizeof(T));
}

/// Fails unless the file holds row-major elements of type T, all of them, with `axes` as "[outputs, inputs]" names
/// them.
template <class T>
void expect_contents(const std::filesystem::path& path, const npy_header& header, std::size_t rank,
                     const std::string& axes) {
  if (header.type != type_of<T>())
    pare::fail(path.string(), pare::text("elements of type '", type_of<T>(), "'"), pare::text("'", header.type, "'"));
  if (header.column_major) pare::fail(path.string(), "row-major (C) order", "Fortran order");
  std::uintmax_t count = 1;
  for (const std::size_t extent : header.shape) {
    if (extent == 0 || count > (std::uintmax_t{1} << 40) / extent)
      pare::fail(path.string(), "extents that are not zero, and less than 2^40 elements", spelled(header.shape));
    count *= extent;
  }
  if (header.shape.size() != rank)
    pare::fail(path.string(), pare::text(rank, " axes ", axes), pare::text("shape ", spelled(header.shape)));
  const std::uintmax_t bytes = std::filesystem::file_size(path) - header.data_begin;
  if (bytes != count * sizeof(T))
    pare::fail(path.string(), pare::text(count * sizeof(T), " bytes of elements, as its header says"), bytes);
}

/// The tensor in a .npy file. Fails unless it holds finite elements of type T along `rank` axes.
template <class T>
xt::xarray<T> load_npy(const std::filesystem::path& path, std::size_t rank, const std::string& axes) {
  expect_contents<T>(path, read_header(path), rank, axes);
  xt::xarray<T> values;
  try {
    values = xt::load_npy<T>(path.string());
  } catch (const std::runtime_error& e) {  // its parser is the stricter one
    pare::fail(path.string(), "a NumPy .npy file", pare::text("one with a broken header (", e.what(), ")"));
  }
  if constexpr (std::floating_point<T>) {
    const auto odd = std::find_if(values.begin(), values.end(), [](T x) { return !std::isfinite(x); });
    if (odd != values.end())
      pare::fail(path.string(), "finite numbers", pare::text(*odd, " at element ", odd - values.begin()));
  }
  return values;
}

}  // namespace compress
