// Products of matrices with all sums of a tile in registers: what every convolution is made of.
#pragma once
#include <algorithm>
#include "vectors.h"

#ifdef __AVX512VL__
constexpr int SUMS = 24;  // with the operands 29 of 32 registers
#else
constexpr int SUMS = 12;  // 15 or 16 of 16 registers
#endif

// Outputs that are worked out at once: `count` vectors V.
template <class V, int COUNT>
struct Block {
  typedef V Vector;
  static constexpr int count = COUNT, lanes = lanes_of<V>, outputs = COUNT * lanes;
  static constexpr int rows = COUNT == 1 ? 8 : SUMS / COUNT;
};

// sum[row][v] += the row's `count` values times weights (count, B::outputs)
template <class B, int R>
inline void add_products(typename B::Vector (&sum)[R][B::count], const float* const* rows,
                         int64_t count, const float* weights) {
  typedef typename B::Vector V;
  for (int64_t i = 0; i < count; ++i, weights += B::outputs) {
    V b[B::count];
    for (int v = 0; v < B::count; ++v) b[v] = load<V>(weights + v * B::lanes);
    for (int r = 0; r < R; ++r) {
      const V a = spread<V>(rows[r][i]);
      for (int v = 0; v < B::count; ++v) sum[r][v] += a * b[v];
    }
  }
}

// The first `width` of a block's values.
template <class V, int COUNT>
inline void store_row(float* to, const V (&values)[COUNT], int64_t width) {
  constexpr int lanes = lanes_of<V>;
  for (int v = 0; v < COUNT; ++v, to += lanes, width -= lanes) {
    if (width >= lanes) store(to, values[v]);
    else if (width > 0) store_some(to, values[v], width);
  }
}

// values += the first `width` values there
template <class V, int COUNT>
inline void add_row(V (&values)[COUNT], const float* from, int64_t width) {
  constexpr int lanes = lanes_of<V>;
  for (int v = 0; v < COUNT; ++v, from += lanes, width -= lanes) {
    if (width >= lanes) values[v] += load<V>(from);
    else if (width > 0) values[v] += load_some<V>(from, width);
  }
}

// work.template tile<B, R>(row) for all of `count` rows: as many at once as there are registers
// for, and the rest in fours, twos and ones.
template <class B, class Work>
inline void in_tiles(int64_t count, const Work& work) {
  int64_t row = 0;
  for (; row + B::rows <= count; row += B::rows) work.template tile<B, B::rows>(row);
  for (; B::rows > 4 && row + 4 <= count; row += 4) work.template tile<B, 4>(row);
  for (; row + 2 <= count; row += 2) work.template tile<B, 2>(row);
  if (row < count) work.template tile<B, 1>(row);
}

// The same for a width that is known when it runs: `halves` half vectors.
template <class Work>
inline void in_tiles(int halves, int64_t count, const Work& work) {
  switch (halves) {
    case 1: return in_tiles<Block<Half, 1>>(count, work);
    case 2: return in_tiles<Block<Vec, 1>>(count, work);
    case 4: return in_tiles<Block<Vec, 2>>(count, work);
    case 6: return in_tiles<Block<Vec, 3>>(count, work);
    default: return in_tiles<Block<Vec, 4>>(count, work);
  }
}
