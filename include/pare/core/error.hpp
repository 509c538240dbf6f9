// error.hpp: how a caller's mistake is reported: which argument, what was expected, what was given.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "index.hpp"

namespace pare {

/// Thrown for a caller's mistake when exceptions are on. what() is one sentence:
/// "pare: <argument>: expected <expected>, got <given>".
class error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Called instead of throwing when exceptions are off; it must not return (the program is aborted if it does).
using error_handler = void (*)(const char* sentence);

namespace detail {
inline error_handler& handler() noexcept {
  static error_handler current = [](const char* sentence) { std::fprintf(stderr, "%s\n", sentence); };
  return current;
}
}  // namespace detail

/// Replaces the handler of units built without exceptions. Returns the one that was set before.
inline error_handler set_error_handler(error_handler replacement) noexcept {
  error_handler before = detail::handler();
  detail::handler() = replacement;
  return before;
}

/// The parts one after the other, numbers in decimal, floats with 6 digits. (A chain of operator+ makes gcc 12 warn of
/// overlaps that are none.)
template <class... Parts>
PARE_COLD std::string text(const Parts&... parts) {
  std::string all;
  const auto append = [&](const auto& part) {
    using type = std::remove_cvref_t<decltype(part)>;
    [[maybe_unused]] char digits[32];  // to_string would show 1e-7 as 0.000000, and takes long to compile
    if constexpr (std::is_floating_point_v<type>) {
      std::snprintf(digits, sizeof digits, "%g", static_cast<double>(part));
      all.append(digits);
    } else if constexpr (std::is_unsigned_v<type>) {
      std::snprintf(digits, sizeof digits, "%llu", static_cast<unsigned long long>(part));
      all.append(digits);
    } else if constexpr (std::is_arithmetic_v<type>) {
      std::snprintf(digits, sizeof digits, "%lld", static_cast<long long>(part));
      all.append(digits);
    } else {
      all.append(part);
    }
  };
  (append(parts), ...);
  return all;
}

inline namespace PARE_UNIT {

/// Reports a mistake in `argument` and does not return.
[[noreturn]] PARE_COLD void fail(const std::string& argument, const std::string& expected, const std::string& given) {
  const std::string sentence = text("pare: ", argument, ": expected ", expected, ", got ", given);
#if PARE_EXCEPTIONS
  throw error(sentence);
#else
  detail::handler()(sentence.c_str());
  std::abort();
#endif
}

template <class T>
requires std::is_arithmetic_v<T>
[[noreturn]] PARE_COLD void fail(const std::string& argument, const std::string& expected, T given) {
  fail(argument, expected, text(given));
}

/// Fails unless `given == expected`: the check of every extent that two operands share.
inline void expect_equal(const char* argument, index expected, index given) {
  if (expected != given) fail(argument, text(expected), given);
}

}  // namespace PARE_UNIT
}  // namespace pare
