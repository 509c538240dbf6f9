// error.hpp: how a caller's mistake is reported: which argument, what was expected, what was given.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
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

namespace detail {
/// A part of a text: characters, or a number that is still to be spelled.
struct text_part {
  enum class kind { characters, whole, natural, real } of;
  std::string_view characters{};
  union {
    long long whole;
    unsigned long long natural;
    double real;
  };

  text_part(std::string_view s) noexcept : of(kind::characters), characters(s), whole(0) {}
  template <class T>
  requires std::is_arithmetic_v<T> text_part(T number)
  noexcept : of(std::is_floating_point_v<T> ? kind::real : std::is_signed_v<T> ? kind::whole : kind::natural) {
    if constexpr (std::is_floating_point_v<T>) {
      real = static_cast<double>(number);
    } else if constexpr (std::is_signed_v<T>) {
      whole = number;
    } else {
      natural = number;
    }
  }

  /// Its characters, in `digits` those of a number. (to_string would show 1e-7 as 0.000000.)
  std::string_view spelled(char (&digits)[32]) const noexcept {
    if (of == kind::characters) return characters;
    const int size = of == kind::whole     ? std::snprintf(digits, sizeof digits, "%lld", whole)
                     : of == kind::natural ? std::snprintf(digits, sizeof digits, "%llu", natural)
                                           : std::snprintf(digits, sizeof digits, "%g", real);
    return {digits, static_cast<std::size_t>(size)};
  }
};

/// What is in memory at once needs no function that makes a string longer: those take long to compile.
PARE_COLD std::string joined(std::initializer_list<text_part> parts) {
  char digits[32];
  std::size_t size = 0;
  for (const text_part& part : parts) size += part.spelled(digits).size();
  std::string all(size, ' ');
  char* to = all.data();
  for (const text_part& part : parts) {
    const std::string_view characters = part.spelled(digits);
    to += characters.copy(to, characters.size());
  }
  return all;
}
}  // namespace detail

/// The parts one after the other, numbers in decimal, floats with 6 digits.
template <class... Parts>
PARE_COLD std::string text(const Parts&... parts) {
  return detail::joined({detail::text_part(parts)...});
}

inline namespace PARE_UNIT {

/// Reports a mistake in `argument` and does not return.
[[noreturn]] PARE_COLD void fail(std::string_view argument, std::string_view expected, std::string_view given) {
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
[[noreturn]] PARE_COLD void fail(std::string_view argument, std::string_view expected, T given) {
  char digits[32];
  fail(argument, expected, detail::text_part(given).spelled(digits));
}

/// Fails unless `given == expected`: the check of every extent that two operands share.
inline void expect_equal(const char* argument, index expected, index given) {
  if (expected != given) fail(argument, text(expected), given);
}

}  // namespace PARE_UNIT
}  // namespace pare
