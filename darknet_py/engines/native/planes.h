// Everything that is no convolution, a row of outputs at a time, and depthwise convolutions.
#pragma once
#include <algorithm>
#include "operation.h"
#include "products.h"

// channel by channel of a row: work(c, count) for vectors, the last of them maybe not full
template <class Work>
inline void in_vectors(int64_t channels, const Work& work) {
  int64_t c = 0;
  for (; c + LANES <= channels; c += LANES) work(c, (int64_t)LANES);
  if (c < channels) work(c, channels - c);
}

inline Vec load_some(const float* from, int64_t count) {
  if (count == LANES) return load(from);
  Vec value = {};
  std::memcpy(&value, from, count * sizeof(float));
  return value;
}

inline void store_some(float* to, Vec value, int64_t count) {
  const Vec values[1] = {value};
  store_some(to, values, count);
}

struct Maxpool {
  const Operation& op;
  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    const Window rows = window(y * op.stride_y - op.pad_y, op.in.height);
    for (int64_t x = 0; x < op.out.width; ++x) {
      const Window columns = window(x * op.stride_x - op.pad_x, op.in.width);
      float* to = image.out + (y * op.out.width + x) * op.out.pitch;
      in_vectors(op.out.channels, [&](int64_t c, int64_t count) {
        Vec most = spread(-3.4028234663852886e38f);
        for (int64_t row = rows.first; row < rows.last; ++row)
          for (int64_t column = columns.first; column < columns.last; ++column) {
            const float* from = image.in + (row * op.in.width + column) * op.in.pitch + c;
            const Vec value = load_some(from, count);
            most = value > most ? value : most;
          }
        store_some(to + c, most, count);
      });
    }
  }

 private:
  struct Window { int64_t first, last; };
  Window window(int64_t start, int64_t side) const {
    return {std::max<int64_t>(0, start), std::min<int64_t>(side, start + op.size)};
  }
};

struct Upsample {
  const Operation& op;
  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    const float* row = image.in + y / op.stride_y * op.in.width * op.in.pitch;
    for (int64_t x = 0; x < op.out.width; ++x) {
      const float* from = row + x / op.stride_x * op.in.pitch;
      float* to = image.out + (y * op.out.width + x) * op.out.pitch;
      in_vectors(op.out.channels, [&](int64_t c, int64_t count) {
        store_some(to + c, load_some(from + c, count) * op.scale, count);
      });
    }
  }
};

// A sum of two, or with summand = 0 a copy of one.
struct Add {
  const Operation& op;
  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    for (int64_t x = 0; x < op.out.width; ++x) {
      const int64_t pixel = y * op.out.width + x;
      const float* a = image.in + pixel * op.in.pitch;
      const float* b = image.in2 + pixel * op.in2.pitch;
      float* to = image.out + pixel * op.out.pitch;
      in_vectors(op.out.channels, [&](int64_t c, int64_t count) {
        Vec value = load_some(a + c, count);
        if (op.summand) value += load_some(b + c, count);
        store_some(to + c, op.activation(value), count);
      });
    }
  }
};

struct Depthwise {
  const Operation& op;
  static constexpr int NEIGHBOURS = 4;  // outputs that share each weight once it is loaded

  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    switch (op.size) {
      case 3: return row<3>(y, image);
      case 5: return row<5>(y, image);
      default: return row<0>(y, image);
    }
  }

 private:
  template <int S>
  void row(int64_t y, const Image& image) const {
    const int64_t size = S ? S : op.size, top = y * op.stride_y - op.pad_y;
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
      if (whole && S && last - first == S) pixels<S, NEIGHBOURS>(corner, target, 0, S, 0, S);
      else if (whole) pixels<0, NEIGHBOURS>(corner, target, first, last, 0, size);
      else pixels<0, 1>(corner, target, first, last, begin, end);
      x += whole ? NEIGHBOURS : 1;
    }
  }

  // `count` outputs, all channels: rows first..last and columns begin..end of the window exist.
  template <int S, int count>
  void pixels(const float* from, float* to, int64_t first, int64_t last, int64_t begin,
              int64_t end) const {
    const int64_t size = S ? S : op.size;
    if (S) first = begin = 0, last = end = S;  // known when this is compiled
    in_vectors(op.out.channels, [&](int64_t c, int64_t width) {
      Vec sum[count];
      for (int n = 0; n < count; ++n) sum[n] = load_some(op.biases + c, width);
      for (int64_t dy = first; dy < last; ++dy)
        for (int64_t dx = begin; dx < end; ++dx) {
          const Vec w = load_some(op.weights + (dy * size + dx) * op.out.channels + c, width);
          const float* taps = from + (dy * op.in.width + dx) * op.in.pitch + c;
          for (int n = 0; n < count; ++n)
            sum[n] += load_some(taps + n * op.stride_x * op.in.pitch, width) * w;
        }
      for (int n = 0; n < count; ++n)
        store_some(to + n * op.out.pitch + c, op.activation(sum[n]), width);
    });
  }
};
