// Convolutions of any window, stride and grouping: products of rows that are found by pointers.
#pragma once
#include "operation.h"
#include "products.h"

struct Convolution {
  const Operation& op;
  const float* zeros;  // what lies beyond the edges, as many as there are input channels

  int64_t taps() const { return op.size * op.size; }
  int64_t inputs() const { return op.in.channels / op.groups; }
  int64_t outputs() const { return op.out.channels / op.groups; }
  int64_t block() const { return op.vectors * LANES; }
  int64_t blocks() const { return quotient_up(outputs(), block()); }
  // Few channels are copied into one row for each pixel: a loop over three is all overhead.
  bool gathers() const { return taps() > 1 && inputs() < LANES && op.groups == 1; }
  int64_t strips() const { return quotient_up(op.out.pixels(), op.chunk); }
  int64_t tasks() const { return strips() * op.parts; }
  int64_t scratch() const {
    const int64_t rows = gathers() ? op.chunk * taps() * inputs() : 0;
    return rows + op.chunk * taps() * (int64_t)(sizeof(float*) / sizeof(float));
  }

  void task(int64_t number, const Image& image, float* scratch) const {
    const int64_t first = number / op.parts * op.chunk;
    const int64_t count = std::min<int64_t>(op.chunk, op.out.pixels() - first);
    const float** table = (const float**)scratch;
    find(first, count, image.in, table);
    int64_t segments = taps(), width = inputs();
    if (gathers()) {
      gather(count, table, scratch + op.chunk * taps() * (sizeof(float*) / sizeof(float)));
      width *= segments;
      segments = 1;
    }
    const Range range(op.groups * blocks(), op.parts, number % op.parts);
    for (int64_t b = range.first; b < range.last; ++b) {
      const int64_t group = b / blocks(), channel = b % blocks() * block();
      const int64_t to = group * outputs() + channel;
      const float* residual = op.summand ? image.in2 + first * op.in2.pitch + to : nullptr;
      const Rows rows{table + 0, count, segments, width, group * inputs(),
                      op.weights + b * block() * taps() * inputs(), op.biases + b * block(),
                      image.out + first * op.out.pitch + to, op.out.pitch, residual, op.in2.pitch,
                      std::min(block(), outputs() - channel), op.activation};
      in_tiles(op.vectors, count, rows);
    }
  }

 private:
  struct Rows {
    const float* const* table;  // (segments, count)
    int64_t count, segments, width, skipped;
    const float *weights, *biases;
    float* out;
    int64_t pitch;
    const float* residual;
    int64_t residual_pitch, kept;
    Activation activation;

    template <int R, int V>
    void tile(int64_t row) const {
      Vec sum[R][V];
      for (int v = 0; v < V; ++v) {
        const Vec bias = load(biases + v * LANES);
        for (int r = 0; r < R; ++r) sum[r][v] = bias;
      }
      const float* w = weights;
      for (int64_t segment = 0; segment < segments; ++segment, w += width * V * LANES) {
        const float* rows[R];
        for (int r = 0; r < R; ++r) rows[r] = table[segment * count + row + r] + skipped;
        add_products(sum, rows, width, w);
      }
      for (int r = 0; r < R; ++r) {
        for (int v = 0; v < V; ++v) sum[r][v] = activation(sum[r][v]);
        if (residual) add(residual + (row + r) * residual_pitch, sum[r]);
        store_some(out + (row + r) * pitch, sum[r], kept);
      }
    }

    template <int V>
    void add(const float* from, Vec (&sum)[V]) const {
      Vec more[V] = {};
      std::memcpy(more, from, std::min<int64_t>(kept, V * LANES) * sizeof(float));
      for (int v = 0; v < V; ++v) sum[v] += more[v];
    }
  };

  // Where each tap of each pixel reads.
  void find(int64_t first, int64_t count, const float* in, const float** table) const {
    int64_t y = first / op.out.width, x = first % op.out.width;
    for (int64_t n = 0; n < count; ++n) {
      const int64_t top = y * op.stride_y - op.pad_y, left = x * op.stride_x - op.pad_x;
      const float** to = table + n;
      for (int dy = 0; dy < op.size; ++dy)
        for (int dx = 0; dx < op.size; ++dx, to += count) {
          const int64_t py = top + dy * op.dilation, px = left + dx * op.dilation;
          const bool inside = py >= 0 && px >= 0 && py < op.in.height && px < op.in.width;
          *to = inside ? in + (py * op.in.width + px) * op.in.pitch : zeros;
        }
      if (++x == op.out.width) x = 0, ++y;
    }
  }

  void gather(int64_t count, const float** table, float* rows) const {
    const int64_t width = inputs(), all = taps();
    for (int64_t n = 0; n < count; ++n)
      for (int64_t tap = 0; tap < all; ++tap) {
        const float* from = table[tap * count + n];
        float* to = rows + (n * all + tap) * width;
        for (int64_t c = 0; c < width; ++c) to[c] = from[c];
      }
    for (int64_t n = 0; n < count; ++n) table[n] = rows + n * all * width;
  }
};
