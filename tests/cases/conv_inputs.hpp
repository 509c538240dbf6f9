// conv_inputs.hpp: random convolutions, small enough for the definition, odd enough to reach every edge of the kernels.
#pragma once

#include <memory>
#include <pare/reference/conv2d.hpp>

#include "conv_kernels.hpp"
#include "inputs.hpp"

namespace cases {

/// An image in memory of its own, whose last element ends the allocation: sanitizers see every step beyond it.
template <class T>
class owned_image {
 public:
  owned_image(index batch, index height, index width, index channels)
      : batch_(batch),
        height_(height),
        width_(width),
        channels_(channels),
        memory_(new T[static_cast<std::size_t>(batch * height * width * channels)]()) {}
  pare::image_view<T> view() { return {memory_.get(), batch_, height_, width_, channels_}; }
  pare::image_view<const T> view() const { return {memory_.get(), batch_, height_, width_, channels_}; }
  owned_image blank() const { return {batch_, height_, width_, channels_}; }
  template <pare::Element R>
  void fill(generator& random) {
    for (index i = 0; i < view().size(); ++i) memory_[static_cast<std::size_t>(i)] = draw<R>(random, filling::any);
  }

 private:
  index batch_, height_, width_, channels_;
  std::unique_ptr<T[]> memory_;
};

/// Images in channel cells, owned; what lies in no image has a fixed pattern.
template <class T>
class owned_cells {
 public:
  owned_cells(index batch, index height, index width, index channels)
      : view_{nullptr, batch, height, width, channels},
        memory_(static_cast<std::size_t>(pare::cells_view<T>(nullptr, batch * height * width, channels).size()),
                T(0x5b)) {
    view_.data = memory_.data();
  }
  explicit owned_cells(const pare::image_view<const T>& from)
      : owned_cells(from.batch, from.height, from.width, from.channels) {
    pare::to_cells(from.pixels(), view_.pixels());
  }
  pare::cells_image<T> view() { return view_; }
  pare::cells_image<const T> view() const { return view_; }
  owned_image<T> rows() const {
    owned_image<T> image(view_.batch, view_.height, view_.width, view_.channels);
    pare::to_rows(view().pixels(), image.view().pixels());
    return image;
  }

 private:
  pare::cells_image<T> view_;
  std::vector<T> memory_;
};

/// Where two images of the same extents differ first; empty if nowhere.
template <class T>
std::string difference(const owned_image<T>& result, const owned_image<T>& expected) {
  const auto a = result.view(), b = expected.view();
  for (index i = 0; i < b.size(); ++i) {
    if (std::memcmp(a.data + i, b.data + i, sizeof(T)) == 0) continue;
    const index pixel = i / b.channels;
    return pare::text("[", pixel / b.width / b.height, ", ", pixel / b.width % b.height, ", ", pixel % b.width, ", ",
                      i % b.channels, "]: ", +a.data[i], " instead of ", +b.data[i]);
  }
  return {};
}

/// A window over an image with what a geometry adds to it.
struct conv_shape {
  index batch, height, width, inputs, outputs;
  pare::image_extents window;
  pare::conv_geometry geometry;

  pare::image_extents out() const { return pare::output_extents(geometry, {height, width}, window); }
  std::string describe() const {
    const auto& g = geometry;
    return pare::text(batch, "x", height, "x", width, "x", inputs, " -> ", outputs, ", window ", window.height, "x",
                      window.width, ", stride ", g.stride_y, ",", g.stride_x, ", padding ", g.pad_top, ",", g.pad_left,
                      ",", g.pad_bottom, ",", g.pad_right, ", dilation ", g.dilation_y, ",", g.dilation_x, ", groups ",
                      g.groups);
  }
};

/// A window that fits its padded image.
inline conv_shape draw_shape(generator& random) {
  const auto up_to = [&](index most) { return static_cast<index>(random.between(1, most)); };
  conv_shape s;
  s.window = {up_to(4), up_to(4)};
  auto& g = s.geometry;
  g = {up_to(3),     up_to(3),     up_to(4) - 1,
       up_to(4) - 1, up_to(4) - 1, up_to(4) - 1,
       up_to(2),     up_to(2),     random.next() % 3 == 0 ? up_to(5) : 1};
  s.batch = up_to(2);
  s.height = std::max(up_to(12), g.dilation_y * (s.window.height - 1) + 1 - g.pad_top - g.pad_bottom);
  s.width = std::max(up_to(12), g.dilation_x * (s.window.width - 1) + 1 - g.pad_left - g.pad_right);
  s.inputs = g.groups * up_to(random.next() % 3 == 0 ? 40 : 8);
  s.outputs = g.groups * up_to(random.next() % 3 == 0 ? 90 : 20);
  return s;
}

/// Operands of a shape in format F (see kernels.hpp).
template <class F>
struct conv_operands {
  owned_image<typename F::a_type> x;
  owned_image<typename F::w_type> w;  // OHWI
  std::int32_t zero_point = 0;

  conv_operands(generator& random, const conv_shape& s, bool depthwise = false)
      : x(s.batch, s.height, s.width, s.inputs),
        w(depthwise ? 1 : s.outputs, s.window.height, s.window.width,
          depthwise ? s.outputs : s.inputs / s.geometry.groups) {
    x.template fill<typename F::A>(random);
    w.template fill<typename F::W>(random);
    if constexpr (sizeof(typename F::a_type) == 1) {
      zero_point = draw<typename F::A>(random, random.next() % 2 == 0 ? filling::any : filling::ends);
    }
  }
};

/// Zeroes all but N of every M inputs of a tap, and sometimes more; the same ones in `Shared` outputs.
template <index N, index M, index Shared, class T>
void keep_some(generator& random, const pare::image_view<T>& w, pare::n_of_m<N, M, Shared>) {
  for (index o = 0; o < w.batch; o += Shared)
    for (index tap = 0; tap < w.height * w.width; ++tap)
      for (index begin = 0; begin < w.channels; begin += M) {
        const index size = std::min(M, w.channels - begin), first = static_cast<index>(random.between(0, M));
        for (index i = o; i < std::min(o + Shared, w.batch); ++i)
          for (index l = 0; l < size; ++l)
            if ((l * 7 + first) % M >= N) w(i, tap / w.width, tap % w.width, begin + l) = T{0};
      }
}
/// Zeroes about half of the blocks of 16 outputs by 4 inputs, the cut ones at the ends among them, and some taps as a
/// whole.
template <class T>
void keep_some(generator& random, const pare::image_view<T>& w, pare::block16) {
  for (index o = 0; o < w.batch; o += pare::strip_lanes)
    for (index tap = 0; tap < w.height * w.width; ++tap) {
      const bool all = random.next() % 4 == 0;
      for (index c = 0; c < w.channels; c += 4) {
        if (!all && random.next() % 3 != 0) continue;
        for (index i = o; i < std::min(o + pare::strip_lanes, w.batch); ++i)
          for (index j = c; j < std::min(c + 4, w.channels); ++j) w(i, tap / w.width, tap % w.width, j) = 0;
      }
    }
}
template <class T, class Structure>
void keep_some(generator&, const pare::image_view<T>&, Structure) {}

}  // namespace cases
