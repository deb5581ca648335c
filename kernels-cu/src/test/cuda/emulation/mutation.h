// Words that `Mutation` puts into the kernels: each leaves the code as it is, unless RINGWOOD_MUTANT holds its number. An operator becomes two of the same
// precedence, `a < b` for instance `a <mutation::Less{7}< b`, so that nothing else of an expression need be understood.
#pragma once

#pragma GCC system_header  // signs are compared as in the code below, where they are literals

#include <cstdlib>
#include <type_traits>

namespace mutation {

inline const int chosen = [] {
  const char* number = std::getenv("RINGWOOD_MUTANT");
  return number == nullptr ? 0 : std::atoi(number);
}();

inline bool on(int number) { return number == chosen; }

// RINGWOOD_MUTATED_OPERATOR(Less, <, a <= b) makes of a < b the other thing; of two alternatives the second has the next number.
#define RINGWOOD_MUTATED_OPERATOR(NAME, OPERATOR, OTHER) RINGWOOD_MUTATED_TWICE(NAME, OPERATOR, OTHER, a OPERATOR b)
#define RINGWOOD_MUTATED_TWICE(NAME, OPERATOR, OTHER, NEXT)           \
  template <class A>                                                 \
  struct NAME##Begun {                                               \
    A a;                                                             \
    int number;                                                      \
    template <class B>                                               \
    friend inline auto operator OPERATOR(NAME##Begun begun, B b) {   \
      A a = begun.a;                                                 \
      using Result = decltype(a OPERATOR b);                         \
      if (on(begun.number)) return Result(OTHER);                    \
      if (on(begun.number + 1)) return Result(NEXT);                 \
      return a OPERATOR b;                                           \
    }                                                                \
  };                                                                 \
  struct NAME {                                                      \
    int number;                                                      \
    template <class A>                                               \
    friend inline NAME##Begun<A> operator OPERATOR(A a, NAME mutant) { \
      return {a, mutant.number};                                     \
    }                                                                \
  };

// What has no remainder is multiplied instead.
template <class A, class B>
inline auto remainder(A a, B b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    return a % b;
  } else {
    return a * b;
  }
}

RINGWOOD_MUTATED_OPERATOR(Less, <, a <= b)
RINGWOOD_MUTATED_OPERATOR(LessOrEqual, <=, a < b)
RINGWOOD_MUTATED_OPERATOR(Greater, >, a >= b)
RINGWOOD_MUTATED_OPERATOR(GreaterOrEqual, >=, a > b)
RINGWOOD_MUTATED_OPERATOR(Equal, ==, a != b)
RINGWOOD_MUTATED_OPERATOR(Unequal, !=, a == b)
RINGWOOD_MUTATED_TWICE(Plus, +, a - b, a + b + 1)
RINGWOOD_MUTATED_TWICE(Minus, -, a + b, a - b + 1)
RINGWOOD_MUTATED_OPERATOR(Times, *, a + b)
RINGWOOD_MUTATED_OPERATOR(Divided, /, remainder(a, b))
RINGWOOD_MUTATED_OPERATOR(Modulo, %, a / b)
RINGWOOD_MUTATED_OPERATOR(And, &, a | b)
RINGWOOD_MUTATED_OPERATOR(Right, >>, a << b)
RINGWOOD_MUTATED_OPERATOR(Left, <<, a >> b)

struct Min {
  int number;
  template <class A, class B>
  auto operator()(A a, B b) const {
    return (b < a) != on(number) ? std::common_type_t<A, B>(b) : std::common_type_t<A, B>(a);
  }
};

struct Max {
  int number;
  template <class A, class B>
  auto operator()(A a, B b) const {
    return (a < b) != on(number) ? std::common_type_t<A, B>(b) : std::common_type_t<A, B>(a);
  }
};

template <class T>
inline const T& either(int number, const T& usual, const T& other) {
  return on(number) ? other : usual;
}

}  // namespace mutation
