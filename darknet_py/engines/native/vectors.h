// Vectors of floats as wide as the machine's registers, and what is done to each element.
#pragma once
#include <cstdint>
#include <cstring>

#ifdef __AVX512F__
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float Vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t IntVec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

inline Vec load(const float* from) { return *(const Vec*)from; }
inline void store(float* to, Vec value) { *(Vec*)to = value; }
inline Vec spread(float value) { return Vec{} + value; }

// e to the power of x, to 2 units in the last place; the ends of the range stay finite.
inline Vec exponential(Vec x) {
  const Vec most = spread(88.0f), least = spread(-87.0f);
  x = most < x ? most : x;  // in this order what is not a number stays so
  x = x < least ? least : x;
  const Vec shift = spread(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const Vec whole = (x * 1.44269504088896f + shift) - shift;
  Vec r = x - whole * 0.693359375f;
  r = r + whole * 2.12194440e-4f;
  Vec y = spread(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1.0f;
  const IntVec power = (__builtin_convertvector(whole, IntVec) + 127) << 23;
  return y * (Vec)power;
}
