// Convolutions of each channel by itself, a row of outputs at a time.
#pragma once
#include <algorithm>
#include "channels.h"
#include "operation.h"

struct Depthwise {
  const Operation& op;
  static constexpr int NEIGHBOURS = 4;  // outputs that share weights and inputs once they are loaded

  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    if (op.size == 3 && op.stride_x == 1) return row<3, 1>(y, image);
    if (op.size == 3 && op.stride_x == 2) return row<3, 2>(y, image);
    if (op.size == 5 && op.stride_x == 1) return row<5, 1>(y, image);
    row<0, 0>(y, image);
  }

 private:
  // SIZE and STRIDE, 0 where they are known only when it runs.
  template <int SIZE, int STRIDE>
  void row(int64_t y, const Image& image) const {
    const int64_t size = op.size, top = y * op.stride_y - op.pad_y;
    const int64_t first = std::max<int64_t>(0, -top);
    const int64_t last = std::min(size, op.in.height - top);
    const float* from = image.in + top * op.in.width * op.in.pitch;
    float* to = image.out + y * op.out.width * op.out.pitch;
    for (int64_t x = 0; x < op.out.width;) {
      const int64_t left = x * op.stride_x - op.pad_x;
      const int64_t right = left + (NEIGHBOURS - 1) * op.stride_x + size;
      const float* corner = from + left * op.in.pitch;
      float* target = to + x * op.out.pitch;
      const bool whole = left >= 0 && right <= op.in.width && x + NEIGHBOURS <= op.out.width;
      const int64_t begin = std::max<int64_t>(0, -left), end = std::min(size, op.in.width - left);
      if (whole) neighbours<SIZE, STRIDE>(corner, target, first, last);
      else pixel(corner, target, first, last, begin, end);
      x += whole ? NEIGHBOURS : 1;
    }
  }

  // NEIGHBOURS outputs, all channels, of rows first..last of the window.
  template <int SIZE, int STRIDE>
  void neighbours(const float* from, float* to, int64_t first, int64_t last) const {
    const int64_t size = SIZE ? SIZE : op.size, stride = STRIDE ? STRIDE : op.stride_x;
    in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t width) {
      typedef decltype(like) V;
      V sum[NEIGHBOURS];
      for (int n = 0; n < NEIGHBOURS; ++n) sum[n] = load_up_to<V>(op.biases + c, width);
      for (int64_t dy = first; dy < last; ++dy) {
        const float* weights = op.weights + dy * size * op.out.channels + c;
        const float* row = from + dy * op.in.width * op.in.pitch + c;
        if constexpr (SIZE > 0) {
          constexpr int COLUMNS = (NEIGHBOURS - 1) * STRIDE + SIZE;
          V inputs[COLUMNS];
          for (int x = 0; x < COLUMNS; ++x) inputs[x] = load_up_to<V>(row + x * op.in.pitch, width);
          for (int dx = 0; dx < SIZE; ++dx) {
            const V w = load_up_to<V>(weights + dx * op.out.channels, width);
            for (int n = 0; n < NEIGHBOURS; ++n) sum[n] += inputs[n * STRIDE + dx] * w;
          }
        } else {
          for (int64_t dx = 0; dx < size; ++dx) {
            const V w = load_up_to<V>(weights + dx * op.out.channels, width);
            for (int n = 0; n < NEIGHBOURS; ++n)
              sum[n] += load_up_to<V>(row + (n * stride + dx) * op.in.pitch, width) * w;
          }
        }
      }
      for (int n = 0; n < NEIGHBOURS; ++n)
        store_up_to(to + n * op.out.pitch + c, op.activation(sum[n]), width);
    });
  }

  // One output at an edge: rows first..last and columns begin..end of the window exist.
  void pixel(const float* from, float* to, int64_t first, int64_t last, int64_t begin,
             int64_t end) const {
    in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t width) {
      typedef decltype(like) V;
      V sum = load_up_to<V>(op.biases + c, width);
      for (int64_t dy = first; dy < last; ++dy)
        for (int64_t dx = begin; dx < end; ++dx) {
          const float* at = from + (dy * op.in.width + dx) * op.in.pitch + c;
          const float* weights = op.weights + (dy * op.size + dx) * op.out.channels + c;
          sum += load_up_to<V>(at, width) * load_up_to<V>(weights, width);
        }
      store_up_to(to + c, op.activation(sum), width);
    });
  }
};
