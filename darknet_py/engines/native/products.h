// Products of matrices with all sums of a tile in registers: what every convolution is made of.
#pragma once
#include <algorithm>
#include "vectors.h"

#ifdef __AVX512F__
constexpr int SUMS = 24;  // with the operands 29 of 32 registers
#else
constexpr int SUMS = 12;  // 15 or 16 of 16 registers
#endif

// Rows of a tile that is `vectors` wide.
constexpr int rows_of(int vectors) { return vectors == 1 ? 8 : SUMS / vectors; }

// sum[row][v] += the row's `count` values times weights (count, V * LANES)
template <int R, int V>
inline void add_products(Vec (&sum)[R][V], const float* const* rows, int64_t count,
                         const float* weights) {
  for (int64_t i = 0; i < count; ++i, weights += V * LANES) {
    Vec b[V];
    for (int v = 0; v < V; ++v) b[v] = load(weights + v * LANES);
    for (int r = 0; r < R; ++r) {
      const Vec a = spread(rows[r][i]);
      for (int v = 0; v < V; ++v) sum[r][v] += a * b[v];
    }
  }
}

// The first `width` of V * LANES values.
template <int V>
inline void store_some(float* to, const Vec (&values)[V], int64_t width) {
  if (width >= V * LANES)
    for (int v = 0; v < V; ++v) store(to + v * LANES, values[v]);
  else
    std::memcpy(to, values, width * sizeof(float));
}

// work.template tile<R, V>(row) for all of `count` rows: as many at once as there are registers
// for, and the rest in fours, twos and ones.
template <int V, class Work>
inline void in_tiles(int64_t count, const Work& work) {
  constexpr int R = rows_of(V);
  int64_t row = 0;
  for (; row + R <= count; row += R) work.template tile<R, V>(row);
  for (; R > 4 && row + 4 <= count; row += 4) work.template tile<4, V>(row);
  for (; row + 2 <= count; row += 2) work.template tile<2, V>(row);
  if (row < count) work.template tile<1, V>(row);
}

// The same for a width that is known when it runs.
template <class Work>
inline void in_tiles(int vectors, int64_t count, const Work& work) {
  switch (vectors) {
    case 1: return in_tiles<1>(count, work);
    case 2: return in_tiles<2>(count, work);
    case 3: return in_tiles<3>(count, work);
    default: return in_tiles<4>(count, work);
  }
}
