// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3): tiles of 6x6 inputs give 4x4 outputs with
// 36 products for each pair of channels instead of 144. Points 0, +-a, +-b and infinity with
// a = 1/sqrt(2), b = sqrt(2), whose rounding errors are smaller than those of 0, +-1, +-2.
#pragma once
#include "operation.h"
#include "products.h"

constexpr float NEAR = 0.70710678118654752f, FAR = 1.41421356237309505f;
constexpr int POINTS = 36, SIDE = 4, PATCH = 6;

struct Winograd {
  const Operation& op;
  const Batch batch;

  int64_t across() const { return quotient_up(op.out.width, SIDE); }
  int64_t tiles() const { return across() * quotient_up(op.out.height, SIDE); }
  int64_t block() const { return op.halves * (LANES / 2); }
  int64_t blocks() const { return quotient_up(op.out.channels, block()); }
  // One more vector than needed: lines that are a power of two apart push each other out of caches.
  int64_t in_stride() const { return quotient_up(op.in.channels, LANES) * LANES + LANES; }
  int64_t out_stride() const { return quotient_up(blocks(), op.parts) * block() + LANES; }
  int64_t tasks() const { return quotient_up(batch.images * tiles(), op.chunk) * op.parts; }
  int64_t scratch() const { return POINTS * op.chunk * (in_stride() + out_stride()); }

  void task(int64_t number, float* scratch) const {
    const int64_t first = number / op.parts * op.chunk;
    const int64_t last = std::min(batch.images * tiles(), first + op.chunk);
    const Range range(blocks(), op.parts, number % op.parts);
    float* points = scratch;
    float* products = scratch + POINTS * op.chunk * in_stride();
    for (int64_t n = first; n < last; ++n)
      transform_inputs(n % tiles(), batch[n / tiles()].in, points + (n - first) * in_stride());
    for (int64_t point = 0; point < POINTS; ++point)
      for (int64_t b = range.first; b < range.last; ++b) {
        const float* weights = op.weights + (point * blocks() + b) * op.in.channels * block();
        const Rows rows{points + point * op.chunk * in_stride(), in_stride(), op.in.channels, weights,
                        products + point * op.chunk * out_stride() + (b - range.first) * block(),
                        out_stride()};
        in_tiles(op.halves, last - first, rows);
      }
    for (int64_t n = first; n < last; ++n)
      transform_outputs(n % tiles(), products + (n - first) * out_stride(), range,
                        batch[n / tiles()]);
  }

  void transform_inputs(int64_t tile, const float* in, float* to) const {
    const int64_t top = tile / across() * SIDE - op.pad_y, left = tile % across() * SIDE - op.pad_x;
    const bool inside = top >= 0 && left >= 0 && top + PATCH <= op.in.height &&
                        left + PATCH <= op.in.width;
    for (int64_t c = 0; c < op.in.channels; c += LANES) {
      Vec patch[PATCH][PATCH];  // [column][row]
      const int64_t count = std::min<int64_t>(LANES, op.in.channels - c);
      if (inside && count == LANES) read(patch, top, left, in + c);
      else read_some(patch, top, left, in + c, count);
      write_points(patch, to + c);
    }
  }

 private:
  struct Rows {
    const float* in;
    int64_t in_stride, inputs;
    const float* weights;
    float* out;
    int64_t out_stride;

    template <class B, int R>
    void tile(int64_t row) const {
      const float* rows[R];
      for (int r = 0; r < R; ++r) rows[r] = in + (row + r) * in_stride;
      typename B::Vector sum[R][B::count] = {};
      add_products<B>(sum, rows, inputs, weights);
      for (int r = 0; r < R; ++r)
        for (int v = 0; v < B::count; ++v)
          store(out + (row + r) * out_stride + v * B::lanes, sum[r][v]);
    }
  };

  static void input_points(const Vec (&d)[PATCH], Vec (&t)[PATCH]) {
    const Vec near_even = d[4] - d[2] * 2.0f, near_odd = (d[3] - d[1] * 2.0f) * NEAR;
    const Vec far_even = d[4] - d[2] * 0.5f, far_odd = (d[3] - d[1] * 0.5f) * FAR;
    t[0] = d[0] - d[2] * 2.5f + d[4];
    t[1] = near_even + near_odd;
    t[2] = near_even - near_odd;
    t[3] = far_even + far_odd;
    t[4] = far_even - far_odd;
    t[5] = d[1] - d[3] * 2.5f + d[5];
  }

  static void output_values(const Vec (&m)[PATCH], Vec (&y)[SIDE]) {
    const Vec near_sum = m[1] + m[2], near_odd = m[1] - m[2];
    const Vec far_sum = m[3] + m[4], far_odd = m[3] - m[4];
    y[0] = m[0] + near_sum + far_sum;
    y[1] = near_odd * NEAR + far_odd * FAR;
    y[2] = near_sum * 0.5f + far_sum * 2.0f;
    y[3] = near_odd * (NEAR * 0.5f) + far_odd * (FAR * 2.0f) + m[5];
  }

  void read(Vec (&patch)[PATCH][PATCH], int64_t top, int64_t left, const float* in) const {
    const float* corner = in + (top * op.in.width + left) * op.in.pitch;
    for (int64_t row = 0; row < PATCH; ++row)
      for (int64_t column = 0; column < PATCH; ++column)
        patch[column][row] = load<Vec>(corner + (row * op.in.width + column) * op.in.pitch);
  }

  // At the edges, or of channels that do not fill a vector.
  void read_some(Vec (&patch)[PATCH][PATCH], int64_t top, int64_t left, const float* in,
                 int64_t count) const {
    for (int64_t row = 0; row < PATCH; ++row)
      for (int64_t column = 0; column < PATCH; ++column) {
        const int64_t y = top + row, x = left + column;
        patch[column][row] = Vec{};
        if (y >= 0 && x >= 0 && y < op.in.height && x < op.in.width)
          patch[column][row] = load_some<Vec>(in + (y * op.in.width + x) * op.in.pitch, count);
      }
  }

  void write_points(const Vec (&patch)[PATCH][PATCH], float* to) const {
    const int64_t plane = op.chunk * in_stride();
    Vec half[PATCH][PATCH];
    for (int column = 0; column < PATCH; ++column) input_points(patch[column], half[column]);
    for (int row = 0; row < PATCH; ++row) {
      Vec across[PATCH], points[PATCH];
      for (int column = 0; column < PATCH; ++column) across[column] = half[column][row];
      input_points(across, points);
      for (int column = 0; column < PATCH; ++column)
        store(to + (row * PATCH + column) * plane, points[column]);
    }
  }

  void transform_outputs(int64_t tile, const float* products, const Range& range,
                         const Image& image) const {
    const int64_t top = tile / across() * SIDE, left = tile % across() * SIDE;
    const int64_t start = range.first * block();
    const int64_t end = std::min(range.last * block(), op.out.channels);
    for (int64_t c = start; c < end; c += LANES) {
      Vec values[SIDE][SIDE];  // [column][row]
      read_products(products + c - start, values);
      const Vec bias = op.biases ? load<Vec>(op.biases + c) : Vec{};
      const int64_t count = std::min<int64_t>(LANES, end - c);
      for (int64_t row = 0; row < SIDE && top + row < op.out.height; ++row)
        for (int64_t column = 0; column < SIDE && left + column < op.out.width; ++column) {
          const int64_t pixel = (top + row) * op.out.width + left + column;
          const float* more = op.summand ? image.in2 + pixel * op.in2.pitch + c : nullptr;
          write(values[column][row] + bias, image.out + pixel * op.out.pitch + c, more, count);
        }
    }
  }

  void read_products(const float* from, Vec (&values)[SIDE][SIDE]) const {
    const int64_t plane = op.chunk * out_stride();
    Vec half[PATCH][SIDE];
    for (int row = 0; row < PATCH; ++row) {
      Vec products[PATCH];
      for (int column = 0; column < PATCH; ++column)
        products[column] = load<Vec>(from + (row * PATCH + column) * plane);
      output_values(products, half[row]);
    }
    for (int column = 0; column < SIDE; ++column) {
      Vec down[PATCH];
      for (int row = 0; row < PATCH; ++row) down[row] = half[row][column];
      output_values(down, values[column]);
    }
  }

  void write(Vec sum, float* to, const float* more, int64_t count) const {
    Vec value = op.activation(sum);
    if (more) value += load_some<Vec>(more, count);
    store_some(to, value, count);
  }
};
