// Everything that is no convolution, a row of outputs at a time.
#pragma once
#include <algorithm>
#include "channels.h"
#include "operation.h"

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

// By channel: the logistic where weights (3, channels) have 1 in their first row, then times the
// second row, less the third: what a [yolo] passes on.
struct ByChannel {
  const Operation& op;
  int64_t tasks() const { return op.out.height; }
  int64_t scratch() const { return 0; }

  void task(int64_t y, const Image& image, float*) const {
    const float *chosen = op.weights, *factor = chosen + op.out.channels;
    const float* shift = factor + op.out.channels;
    for (int64_t x = 0; x < op.out.width; ++x) {
      const int64_t pixel = y * op.out.width + x;
      const float* from = image.in + pixel * op.in.pitch;
      float* to = image.out + pixel * op.out.pitch;
      in_vectors(op.out.channels, [&](auto like, int64_t c, int64_t count) {
        typedef decltype(like) V;
        const V value = load_up_to<V>(from + c, count), logistic = 1.0f / (1.0f + exponential(-value));
        const V kept = load_up_to<V>(chosen + c, count) > 0.5f ? logistic : value;
        store_up_to(to + c, kept * load_up_to<V>(factor + c, count) - load_up_to<V>(shift + c, count),
                    count);
      });
    }
  }
};
