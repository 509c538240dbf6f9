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
template <std::size_t N>
struct text_parts;

/// A part of a text: characters, a number that is still to be spelled, or parts. Refers to what it was made from.
struct text_part {
  enum class kind { characters, whole, natural, real, parts } of = kind::characters;
  union {
    const char* characters = nullptr;
    long long whole;
    unsigned long long natural;
    double real;
    const text_part* parts;
  };
  std::size_t size = 0;

  constexpr text_part() noexcept = default;
  constexpr text_part(std::string_view s) noexcept : characters(s.data()), size(s.size()) {}
  constexpr text_part(const char* s) noexcept : text_part(std::string_view(s)) {}
  constexpr text_part(const std::string& s) noexcept : text_part(std::string_view(s)) {}
  constexpr text_part(int number) noexcept : of(kind::whole), whole(number) {}
  constexpr text_part(long number) noexcept : of(kind::whole), whole(number) {}
  constexpr text_part(long long number) noexcept : of(kind::whole), whole(number) {}
  constexpr text_part(unsigned number) noexcept : of(kind::natural), natural(number) {}
  constexpr text_part(unsigned long number) noexcept : of(kind::natural), natural(number) {}
  constexpr text_part(unsigned long long number) noexcept : of(kind::natural), natural(number) {}
  constexpr text_part(double number) noexcept : of(kind::real), real(number) {}
  constexpr text_part(const text_part* first, std::size_t count) noexcept
      : of(kind::parts), parts(first), size(count) {}
  template <std::size_t N>
  constexpr text_part(const text_parts<N>& text) noexcept : text_part(text.parts, N) {}
};

/// Writes a part's characters to `to`, unless that is null, and returns how many they are. (to_string would show 1e-7
/// as 0.000000.)
PARE_COLD std::size_t spell(const text_part& part, char* to) {
  std::size_t size = 0;
  if (part.of == text_part::kind::parts) {
    for (std::size_t i = 0; i < part.size; ++i) size += spell(part.parts[i], to == nullptr ? to : to + size);
    return size;
  }
  char digits[32];
  const char* from = digits;
  if (part.of == text_part::kind::characters) {
    from = part.characters;
    size = part.size;
  } else {
    size = static_cast<std::size_t>(
        part.of == text_part::kind::whole     ? std::snprintf(digits, sizeof digits, "%lld", part.whole)
        : part.of == text_part::kind::natural ? std::snprintf(digits, sizeof digits, "%llu", part.natural)
                                              : std::snprintf(digits, sizeof digits, "%g", part.real));
  }
  if (to != nullptr)
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  return size;
}

/// A part's characters and a 0 after them. No std::string, whose functions take long to compile.
class spelling {
 public:
  explicit spelling(const text_part& part) : size_(spell(part, nullptr)), characters_(new char[size_ + 1]) {
    characters_[spell(part, characters_)] = 0;
  }
  spelling(const spelling&) = delete;
  ~spelling() { delete[] characters_; }
  const char* c_str() const noexcept { return characters_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  char* characters_;
};

template <std::size_t N>
struct text_parts {
  text_part parts[N];
};
}  // namespace detail

/// The parts one after the other, numbers in decimal, floats with 6 digits: for `fail`, which joins them. Refers to the
/// parts, which must live as long: a check that passes builds no strings, and compiles to less.
template <class... Parts>
constexpr auto words(const Parts&... parts) noexcept {
  return detail::text_parts<sizeof...(Parts)>{{detail::text_part(parts)...}};
}
/// The same as a string.
template <class... Parts>
std::string text(const Parts&... parts) {
  const detail::spelling all(words(parts...));
  return {all.c_str(), all.size()};
}

inline namespace PARE_UNIT {

/// Reports a mistake in `argument` and does not return.
[[noreturn]] PARE_COLD void fail(const detail::text_part& argument, const detail::text_part& expected,
                                 const detail::text_part& given) {
  const detail::spelling sentence(words("pare: ", argument, ": expected ", expected, ", got ", given));
#if PARE_EXCEPTIONS
  throw error(sentence.c_str());
#else
  detail::handler()(sentence.c_str());
  std::abort();
#endif
}

/// Fails unless `given == expected`: the check of every extent that two operands share.
inline void expect_equal(const detail::text_part& argument, index expected, index given) {
  if (expected != given) fail(argument, expected, given);
}

}  // namespace PARE_UNIT
}  // namespace pare
