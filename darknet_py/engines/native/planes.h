// Everything that is no convolution, a row of outputs at a time, and depthwise convolutions.
#pragma once
#include <algorithm>
#include "operation.h"
#include "products.h"

// work(Vec, c, count) for vectors of all channels, or halves of vectors for few; count is below
// what these hold only where there are fewer channels.
template <class V, class Work>
inline void in_vectors_of(int64_t channels, const Work& work) {
  constexpr int64_t lanes = lanes_of<V>;
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) work(V{}, c, lanes);
  if (c < channels && c) work(V{}, channels - lanes, lanes);  // some of them once more
  else if (c < channels) work(V{}, c, channels);
}

template <class Work>
inline void in_vectors(int64_t channels, const Work& work) {
  if (channels <= LANES / 2) in_vectors_of<Half>(channels, work);
  else in_vectors_of<Vec>(channels, work);
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
      in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t count) {
        typedef decltype(like) V;
        V most = spread<V>(-3.4028234663852886e38f);
        for (int64_t row = rows.first; row < rows.last; ++row)
          for (int64_t column = columns.first; column < columns.last; ++column) {
            const float* from = image.in + (row * op.in.width + column) * op.in.pitch + c;
            const V value = load_up_to<V>(from, count);
            most = value > most ? value : most;
          }
        store_up_to(to + c, most, count);
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
      in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t count) {
        typedef decltype(like) V;
        store_up_to(to + c, load_up_to<V>(from + c, count) * op.scale, count);
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
      in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t count) {
        typedef decltype(like) V;
        V value = load_up_to<V>(a + c, count);
        if (op.summand) value += load_up_to<V>(b + c, count);
        store_up_to(to + c, op.activation(value), count);
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
    in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t width) {
      typedef decltype(like) V;
      V sum[count];
      for (int n = 0; n < count; ++n) sum[n] = load_up_to<V>(op.biases + c, width);
      for (int64_t dy = first; dy < last; ++dy)
        for (int64_t dx = begin; dx < end; ++dx) {
          const V w = load_up_to<V>(op.weights + (dy * size + dx) * op.out.channels + c, width);
          const float* taps = from + (dy * op.in.width + dx) * op.in.pitch + c;
          for (int n = 0; n < count; ++n)
            sum[n] += load_up_to<V>(taps + n * op.stride_x * op.in.pitch, width) * w;
        }
      for (int n = 0; n < count; ++n)
        store_up_to(to + n * op.out.pitch + c, op.activation(sum[n]), width);
    });
  }
};
