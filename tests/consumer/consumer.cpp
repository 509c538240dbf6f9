// consumer.cpp: a user's program without xtensor.
#include <pare/core/storage.hpp>
#include <pare/core/view.hpp>

#ifdef EXPECTED_TARGETS
static_assert(PARE_TARGETS == EXPECTED_TARGETS, "the CMake list PARE_TARGETS does not reach the macro");
#endif
static_assert(__cplusplus >= 202002L, "linking pare::pare asks for C++20");

int main() {
  pare::aligned_storage<float> storage(6);
  const pare::matrix_view<float> matrix(storage.data(), 2, 3);
  pare::expect_valid("matrix", matrix);
  matrix(1, 2) = 1.0F;
  return storage[5] == 1.0F ? 0 : 1;
}
