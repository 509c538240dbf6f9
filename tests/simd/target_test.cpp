#include <catch2/catch.hpp>
#include <fstream>
#include <pare/simd/target.hpp>
#include <sstream>

using pare::target;

namespace {

// Whether the kernel of the operating system lists a feature; no answer if it says nothing of features.
enum class listed { yes, no, unknown };
listed feature(const std::string& wanted) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(PARE_X86 ? "flags\t" : "Features\t", 0) != 0) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;)
      if (word == wanted) return listed::yes;
    return listed::no;
  }
  return listed::unknown;
}

}  // namespace

TEST_CASE("every target has a name of its own that parses back") {
  for (const target t : pare::all_targets) {
    CHECK(pare::parse_target(name(t)) == t);
    for (const target other : pare::all_targets) CHECK((name(other) == name(t)) == (other == t));
  }
  CHECK(name(target::avx512_vnni) == "avx512-vnni");
  CHECK(name(target::sse41) == "sse4.1");
}

TEST_CASE("an unknown name is refused with the names there are") {
  CHECK_THROWS_WITH(
      pare::parse_target("sse9"),
      "pare: target: expected one of scalar, sse4.1, avx2, avx-vnni, avx512, avx512-vnni, neon, neon-dotprod, "
      "avx512-vbmi, neon-a55, neon-i8mm, wasm-simd128, got sse9");
  CHECK_THROWS_AS(pare::parse_target(""), pare::error);
  CHECK_THROWS_AS(pare::parse_target("AVX2"), pare::error);
}

TEST_CASE("the scalar target is always there, and the best one is the last that is available and suits the cores") {
  CHECK(pare::available(target::scalar));
  target last = target::scalar;
  for (const target t : pare::all_targets) {
    if (pare::available(t)) {
      CHECK(pare::compiled_in(t));
      CHECK_NOTHROW(pare::expect_available(t));
      if (pare::cpu::suits(t)) last = t;
    } else {
      CHECK_THROWS_AS(pare::expect_available(t), pare::error);
    }
  }
  CHECK(pare::best_target() == last);
}

TEST_CASE("targets of another architecture are not compiled in") {
  for (const target t :
       {target::sse41, target::avx2, target::avx_vnni, target::avx512, target::avx512_vnni, target::avx512_vbmi})
    if (!PARE_X86) CHECK(!pare::compiled_in(t));
  for (const target t : {target::neon, target::neon_dotprod, target::neon_a55, target::neon_i8mm})
    if (!PARE_ARM) CHECK(!pare::compiled_in(t));
  if (!PARE_WASM) CHECK(!pare::compiled_in(target::wasm_simd128));
}

TEST_CASE("detection agrees with the operating system") {
  const auto check = [](target t, std::initializer_list<const char*> features) {
    if (!pare::compiled_in(t)) return;
    bool all = true;
    for (const char* needed : features) {
      if (feature(needed) == listed::unknown) return;
      all = all && feature(needed) == listed::yes;
    }
    INFO(name(t));
    CHECK(pare::available(t) == all);
  };
  check(target::sse41, {"sse4_1", "ssse3"});
  check(target::avx2, {"avx2", "fma", "f16c"});
  check(target::avx_vnni, {"avx2", "fma", "f16c", "avx_vnni"});
  check(target::avx512, {"avx512f", "avx512bw", "avx512vl", "avx512dq"});
  check(target::avx512_vnni, {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"});
  check(target::avx512_vbmi, {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni", "avx512vbmi"});
  check(target::neon, {"asimd"});
  check(target::neon_dotprod, {"asimddp"});
  check(target::neon_a55, {"asimddp"});
  check(target::neon_i8mm, {"asimddp", "i8mm"});
}

TEST_CASE("a thread that stays on its core gets a target that is available") {
  const target here = pare::best_target_here();
  CHECK(pare::available(here));
  if (pare::best_target() != target::neon_dotprod && pare::best_target() != target::neon_a55)
    CHECK(here == pare::best_target());
}

#if PARE_ARM
TEST_CASE("a Cortex-A55 is known by its main ID register, of any revision") {
  CHECK(pare::cpu::is_cortex_a55(0x411fd050));
  CHECK(pare::cpu::is_cortex_a55(0x412fd051));
  CHECK(!pare::cpu::is_cortex_a55(0x410fd030));  // Cortex-A53
  CHECK(!pare::cpu::is_cortex_a55(0x411fd0b0));  // Cortex-A76
  CHECK(!pare::cpu::is_cortex_a55(0x510fd050));  // another implementer's
  CHECK(!pare::cpu::is_cortex_a55(0));
  const std::uint64_t midr = pare::cpu::midr_here();
  if (midr != 0 && pare::best_target() == target::neon_dotprod && pare::compiled_in(target::neon_a55))
    CHECK((pare::best_target_here() == target::neon_a55) == pare::cpu::is_cortex_a55(midr));
}
#endif
