// Convolutions of any window, stride and grouping: products of rows that are found by pointers.
#pragma once
#include "operation.h"
#include "products.h"

constexpr int64_t POINTER = sizeof(void*) / sizeof(float);
constexpr int64_t FEW = 64;  // channels, of which neighbouring taps are taken as one segment

struct Convolution {
  const Operation& op;
  const float* zeros;  // what lies beyond the edges, as many as a segment has

  int64_t inputs() const { return op.in.channels / op.groups; }
  int64_t outputs() const { return op.out.channels / op.groups; }
  int64_t block() const { return op.halves * (LANES / 2); }
  int64_t blocks() const { return quotient_up(outputs(), block()); }
  int64_t tasks() const { return quotient_up(op.out.pixels(), op.chunk) * op.parts; }

  // Whether a pixel reads what lies at its own place, and nothing else.
  bool direct() const {
    return op.size == 1 && op.stride_y == 1 && op.stride_x == 1 && !op.pad_y && !op.pad_x;
  }
  // Whether a row of a window is one piece of memory.
  bool joined() const {
    return op.size > 1 && op.dilation == 1 && op.groups == 1 && inputs() <= FEW &&
           op.in.pitch == inputs();
  }
  int64_t segments() const { return joined() ? op.size : op.size * op.size; }
  int64_t width() const { return joined() ? op.size * inputs() : inputs(); }

  int64_t scratch() const {
    if (direct()) return 0;
    const int64_t copies = joined() ? op.chunk * segments() * width() : 0;
    return copies + op.chunk * segments() * POINTER;
  }

  void task(int64_t number, const Image& image, float* scratch) const {
    const int64_t first = number / op.parts * op.chunk;
    const int64_t count = std::min<int64_t>(op.chunk, op.out.pixels() - first);
    const float** table = (const float**)scratch;
    if (!direct()) find(first, count, image.in, table, scratch + op.chunk * segments() * POINTER);
    const Range range(op.groups * blocks(), op.parts, number % op.parts);
    for (int64_t b = range.first; b < range.last; ++b) {
      const int64_t group = b / blocks(), channel = b % blocks() * block();
      const int64_t to = group * outputs() + channel;
      const Rows rows{direct() ? nullptr : table, image.in + first * op.in.pitch, op.in.pitch, count,
                      segments(), width(), group * inputs(),
                      op.weights + b * block() * segments() * width(), op.biases + b * block(),
                      image.out + first * op.out.pitch + to, op.out.pitch,
                      op.summand ? image.in2 + first * op.in2.pitch + to : nullptr, op.in2.pitch,
                      std::min(block(), outputs() - channel), op.activation};
      in_tiles(op.halves, count, rows);
    }
  }

 private:
  struct Rows {
    const float* const* table;  // (segments, count)
    const float* in;            // of the first pixel, where there is no table
    int64_t in_pitch, count, segments, width, skipped;
    const float *weights, *biases;
    float* out;
    int64_t out_pitch;
    const float* summand;
    int64_t summand_pitch, kept;
    Activation activation;

    template <class B, int R>
    void tile(int64_t row) const {
      typedef typename B::Vector V;
      V sum[R][B::count];
      for (int v = 0; v < B::count; ++v) {
        const V bias = load<V>(biases + v * B::lanes);
        for (int r = 0; r < R; ++r) sum[r][v] = bias;
      }
      const float *w = weights, *rows[R];
      if (!table) {
        for (int r = 0; r < R; ++r) rows[r] = in + (row + r) * in_pitch + skipped;
        add_products<B>(sum, rows, width, w);
      } else {
        for (int64_t segment = 0; segment < segments; ++segment, w += width * B::outputs) {
          for (int r = 0; r < R; ++r) rows[r] = table[segment * count + row + r] + skipped;
          add_products<B>(sum, rows, width, w);
        }
      }
      activation.to_all<V, R * B::count>(sum[0]);
      for (int r = 0; r < R; ++r) {
        if (summand) add_row(sum[r], summand + (row + r) * summand_pitch, kept);
        store_row(out + (row + r) * out_pitch, sum[r], kept);
      }
    }
  };

  // Where each segment of each pixel is read: table (segments, count).
  void find(int64_t first, int64_t count, const float* in, const float** table, float* copies) const {
    const int64_t columns = joined() ? 1 : op.size;
    for (int64_t n = 0; n < count;) {
      const int64_t y = (first + n) / op.out.width, x = (first + n) % op.out.width;
      const int64_t span = std::min(op.out.width - x, count - n);
      for (int64_t s = 0; s < segments(); ++s)
        find_span(y * op.stride_y - op.pad_y + s / columns * op.dilation,
                  s % columns * op.dilation - op.pad_x, x, span, in, table + s * count + n,
                  copies + (s * op.chunk + n) * width());
      n += span;
    }
  }

  // Of `span` neighbours from column x on, whose segment lies in row y, `shift` columns from where
  // their stride begins.
  void find_span(int64_t y, int64_t shift, int64_t x, int64_t span, const float* in,
                 const float** to, float* copies) const {
    const int64_t step = op.stride_x * op.in.pitch, reach = joined() ? op.size : 1;
    const float* from = in + (y * op.in.width + x * op.stride_x + shift) * op.in.pitch;
    int64_t begin = 0, end = 0;  // of those that lie inside
    if (y >= 0 && y < op.in.height) {
      const int64_t start = x * op.stride_x + shift, last = op.in.width - reach - start;
      begin = start < 0 ? std::min(span, quotient_up(-start, op.stride_x)) : 0;
      end = last < 0 ? begin : std::max(begin, std::min(span, last / op.stride_x + 1));
      for (int64_t n = 0; joined() && n < span; ++n) {
        if (n == begin) n = std::max(begin, end);  // those inside are read where they are
        if (n < span)
          to[n] = copied((x + n) * op.stride_x + shift, from + n * step, copies + n * width());
      }
    }
    for (int64_t n = begin; n < end; ++n) to[n] = from + n * step;
    if (joined() && y >= 0 && y < op.in.height) return;
    for (int64_t n = 0; n < begin; ++n) to[n] = zeros;
    for (int64_t n = end; n < span; ++n) to[n] = zeros;
  }

  // A row of a window with zeros beyond the left and the right edge.
  const float* copied(int64_t left, const float* from, float* to) const {
    for (int64_t dx = 0; dx < op.size; ++dx) {
      const bool inside = left + dx >= 0 && left + dx < op.in.width;
      for (int64_t c = 0; c < inputs(); ++c)
        to[dx * inputs() + c] = inside ? from[dx * inputs() + c] : 0.0f;
    }
    return to;
  }
};
