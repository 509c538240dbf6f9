// case.hpp: reads test cases of other projects: folders with a case.txt (or a model.txt) and arrays in .npy files.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <pare/core/view.hpp>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace pare::test {

/// The folder of outside cases: the environment's PARE_TEST_DATA, else the build's; empty if there is none.
inline std::filesystem::path data_folder() {
  const char* variable = std::getenv("PARE_TEST_DATA");
  const std::filesystem::path folder = variable != nullptr ? variable : PARE_TEST_DATA;
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

template <class T>
struct array {
  std::vector<T> values;
  std::vector<index> shape;

  /// For arrays of four extents: images NHWC, weights OHWI or 1HWO.
  image_view<const T> image() const { return {values.data(), shape.at(0), shape.at(1), shape.at(2), shape.at(3)}; }
  /// For arrays of two extents.
  matrix_view<const T> matrix() const { return {values.data(), shape.at(0), shape.at(1)}; }
  T scalar() const { return values.at(0); }
};

/// The name of T in a .npy header: "i1", "u2", "f4", ...
template <class T>
std::string npy_type() {
  return (std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T));
}

/// Row-major what lies with the first axis innermost.
template <class T>
std::vector<T> turned(const std::vector<T>& values, const std::vector<index>& shape) {
  std::vector<T> result;
  for (index i = 0; i < static_cast<index>(values.size()); ++i) {
    index at = 0, stride = static_cast<index>(values.size()), rest = i;
    for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
      stride /= shape[axis];
      at += rest % shape[axis] * stride;
    }
    result.push_back(values[static_cast<std::size_t>(at)]);
  }
  return result;
}

/// A little-endian .npy file, version 1.0: 10 bytes that end in the header's length, the header (a Python
/// dict), the elements.
template <class T>
array<T> load_array(const std::filesystem::path& path) {
  INFO(path.string());
  std::ifstream file(path, std::ios::binary);
  std::string prefix(10, '\0');
  file.read(prefix.data(), 10);
  REQUIRE(prefix.starts_with("\x93NUMPY\x01"));
  std::string header(static_cast<std::size_t>(static_cast<unsigned char>(prefix[8])) +
                         (static_cast<std::size_t>(static_cast<unsigned char>(prefix[9])) << 8),
                     ' ');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  REQUIRE(header.find(npy_type<T>() + "'") != std::string::npos);
  const bool first_axis_innermost = header.find("'fortran_order': True") != std::string::npos;
  array<T> result;
  std::istringstream extents(header.substr(header.find("'shape': (") + 10));
  index size = 1;
  char comma = 0;
  for (index extent = 0; extents >> extent; extents >> comma) {
    result.shape.push_back(extent);
    size *= extent;
  }
  result.values.resize(static_cast<std::size_t>(size));
  const auto bytes = static_cast<std::streamsize>(result.values.size() * sizeof(T));
  file.read(reinterpret_cast<char*>(result.values.data()), bytes);
  REQUIRE(file.gcount() == bytes);
  if (first_axis_innermost) result.values = turned(result.values, result.shape);
  return result;
}

/// Lines of case.txt: `op NAME`, `attr KEY VALUE...`, `array ROLE FILE DTYPE NDIM D0 D1 ...`.
class external_case {
 public:
  explicit external_case(const std::filesystem::path& folder) : folder_(folder) {
    std::ifstream file(folder / "case.txt");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string kind, key;
      words >> kind >> key;
      if (kind == "op") op_ = key;
      if (kind == "attr") std::getline(words >> std::ws, attributes_[key]);
      if (kind == "array") words >> files_[key] >> types_[key];
    }
  }

  std::string name() const { return folder_.filename().string(); }
  const std::string& op() const { return op_; }
  bool has(const std::string& key) const { return attributes_.contains(key); }
  const std::string& text(const std::string& key) const { return attributes_.at(key); }
  int number(const std::string& key) const { return std::stoi(attributes_.at(key)); }
  int number(const std::string& key, int otherwise) const { return has(key) ? number(key) : otherwise; }
  bool has_array(const std::string& role) const { return files_.contains(role); }
  /// "i8", "u8", "i16", ...
  const std::string& type(const std::string& role) const { return types_.at(role); }
  template <class T>
  test::array<T> array(const std::string& role) const {
    return load_array<T>(folder_ / files_.at(role));
  }

 private:
  std::filesystem::path folder_;
  std::string op_;
  std::map<std::string, std::string> attributes_, files_, types_;
};

/// Folders of a group in the order of their names. Without any data: none, and a message that says so.
inline std::vector<std::filesystem::path> folders(const std::string& group) {
  const std::filesystem::path data = data_folder();
  std::vector<std::filesystem::path> found;
  if (data.empty()) {
    WARN("skipped: PARE_TEST_DATA names no folder of outside cases");
    return found;
  }
  for (const auto& entry : std::filesystem::directory_iterator(data / group)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// The cases of a group for one operator; where there is data there must be some.
inline std::vector<external_case> cases(const std::string& group, const std::string& op) {
  std::vector<external_case> found;
  const auto all = folders(group);
  for (const auto& folder : all) {
    external_case one(folder);
    if (one.op() == op) found.push_back(std::move(one));
  }
  if (!all.empty()) REQUIRE_FALSE(found.empty());
  return found;
}

/// How many elements differ; a different size counts as one more.
template <class T>
std::size_t differences(const std::vector<T>& given, const std::vector<T>& expected) {
  const std::size_t common = std::min(given.size(), expected.size());
  std::size_t count = given.size() != expected.size();
  for (std::size_t i = 0; i < common; ++i) count += !(given[i] == expected[i]);
  return count;
}

}  // namespace pare::test
