// openblas.cpp: OpenBLAS sgemm, without a bias. It has no call to pack once: weights are kept in whichever of the two
// orders is faster; a single row is a matrix-vector product.
#include <cblas.h>

#include "../measure.hpp"
#include "../operands.hpp"
#include "../peers.hpp"

namespace pare::bench {
namespace {

class openblas_product final : public contender {
 public:
  openblas_product(const problem& p, target) : operands_(p), y_(p.exact.size()) {
    const auto [m, n, k] = p.shape;
    for (index l = 0; l < k; ++l)
      for (index j = 0; j < n; ++j) transposed_.push_back(p.w[static_cast<std::size_t>(j * k + l)]);
    const double seconds = best_seconds(*this);
    use_transposed_ = true;
    use_transposed_ = best_seconds(*this) < seconds;
  }

  void run() override {
    const auto m = static_cast<int>(operands_.shape.m), n = static_cast<int>(operands_.shape.n),
               k = static_cast<int>(operands_.shape.k);
    const float* const w = use_transposed_ ? transposed_.data() : operands_.w.data();
    if (m == 1) {
      // As a matrix w is [k, n] when transposed, else [n, k].
      const int rows = use_transposed_ ? k : n, columns = use_transposed_ ? n : k;
      cblas_sgemv(CblasRowMajor, use_transposed_ ? CblasTrans : CblasNoTrans, rows, columns, 1, w, columns,
                  operands_.x.data(), 1, 0, y_.data(), 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, use_transposed_ ? CblasNoTrans : CblasTrans, m, n, k, 1,
                  operands_.x.data(), k, w, use_transposed_ ? n : k, 0, y_.data(), n);
    }
  }
  buffer<float> output() const override {
    buffer<float> y = y_;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += operands_.bias[i % operands_.bias.size()];
    return y;
  }
  std::size_t bytes() const override { return operands_.w.size() * sizeof(float); }
  std::string label() const override { return use_transposed_ ? "w [k, n]" : "w [n, k]"; }

 private:
  float_operands operands_;
  buffer<float> transposed_, y_;
  bool use_transposed_ = false;
};

}  // namespace

void add_openblas(std::vector<variant>& all, target cap) {
  if (cap == target::scalar) return;
  all.push_back({"openblas-f32", arithmetic::floats, prepare<openblas_product>, 0, "f32"});
}

}  // namespace pare::bench
