// Vectors of floats as wide as the machine's registers, and what is done to each element.
#pragma once
#include <cstdint>
#include <cstring>
#include <initializer_list>

#ifdef __AVX512VL__
#include <immintrin.h>
#endif

#if defined(__AVX512VL__)
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

template <int N>
struct Lanes {
  typedef float Floats __attribute__((vector_size(4 * N)));
  typedef int32_t Integers __attribute__((vector_size(4 * N)));
  // As they lie in memory, wherever a float may lie.
  typedef float Stored __attribute__((vector_size(4 * N), aligned(4), may_alias));
};

typedef Lanes<LANES>::Floats Vec;
typedef Lanes<LANES / 2>::Floats Half;  // for few channels

template <class V>
constexpr int lanes_of = sizeof(V) / sizeof(float);

template <class V>
inline V load(const float* from) { return *(const typename Lanes<lanes_of<V>>::Stored*)from; }
template <class V>
inline void store(float* to, V value) { *(typename Lanes<lanes_of<V>>::Stored*)to = value; }
template <class V>
inline V spread(float value) { return V{} + value; }

inline void copy_some(const float* from, float* to, int64_t count) {
  for (int64_t piece : {8, 4, 2, 1})
    if (count & piece) {
      std::memcpy(to, from, piece * sizeof(float));
      from += piece;
      to += piece;
    }
}

// The first `count` values, 1 to all; nothing beyond them is touched. Without AVX512's masks in
// pieces: the masked stores of AVX2 take dozens of cycles on some processors.
template <class V>
inline V load_some(const float* from, int64_t count) {
#if defined(__AVX512VL__)
  if constexpr (lanes_of<V> == 16)
    return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
  if constexpr (lanes_of<V> == 8)
    return (V)_mm256_maskz_loadu_ps((__mmask8)((1u << count) - 1), from);
#endif
  float values[lanes_of<V>] = {};
  copy_some(from, values, count);
  return load<V>(values);
}

template <class V>
inline void store_some(float* to, V value, int64_t count) {
#if defined(__AVX512VL__)
  if constexpr (lanes_of<V> == 16)
    return _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)value);
  if constexpr (lanes_of<V> == 8)
    return _mm256_mask_storeu_ps(to, (__mmask8)((1u << count) - 1), (__m256)value);
#endif
  float values[lanes_of<V>];
  store(values, value);
  copy_some(values, to, count);
}

// The same where most often all are meant, which is known when the program is compiled.
template <class V>
inline V load_up_to(const float* from, int64_t count) {
  return count == lanes_of<V> ? load<V>(from) : load_some<V>(from, count);
}

template <class V>
inline void store_up_to(float* to, V value, int64_t count) {
  if (count == lanes_of<V>) store(to, value);
  else store_some(to, value, count);
}

// e to the power of x, to 2 units in the last place; the ends of the range stay finite.
template <class V>
inline V exponential(V x) {
  const V most = spread<V>(88.0f), least = spread<V>(-87.0f);
  x = most < x ? most : x;  // in this order what is not a number stays so
  x = x < least ? least : x;
  const V shift = spread<V>(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const V whole = (x * 1.44269504088896f + shift) - shift;
  V r = x - whole * 0.693359375f;
  r = r + whole * 2.12194440e-4f;
  V y = spread<V>(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1.0f;
  typedef typename Lanes<lanes_of<V>>::Integers Integers;
  const Integers power = (__builtin_convertvector(whole, Integers) + 127) << 23;
  return y * (V)power;
}
