// What training needs of 3x3 convolutions of stride 1 by Winograd: kernels, which change at each
// step, at Winograd's points, and the gradient of the kernels. Kernels lie as (outputs, 3, 3, inputs).
#pragma once
#include "products.h"
#include "team.h"
#include "winograd.h"

constexpr int TAPS = 3;

// Kernels as (36, blocks, channels, block), as Winograd takes them: forward they give `outputs` of
// `inputs` channels; flipped, turned and with both exchanged, they carry gradients back.
struct KernelPoints {
  const float* kernels;
  int64_t outputs, inputs, halves;
  float* to;

  int64_t block() const { return halves * (LANES / 2); }
  int64_t forward_blocks() const { return quotient_up(outputs, block()); }
  int64_t flipped_blocks() const { return quotient_up(inputs, block()); }

  void forward(int64_t number) const {
    if (halves == 1) return forward_block<Half>(number);
    forward_block<Vec>(number);
  }

  void flipped(int64_t number) const {
    if (halves == 1) return flipped_block<Half>(number);
    flipped_block<Vec>(number);
  }

 private:
  static constexpr int64_t GROUP = 8, WIDEST = 4 * LANES;  // inputs that are turned at once; a block

  template <class V>
  void forward_block(int64_t number) const {
    const int64_t plane = forward_blocks() * inputs * block();
    float turned[GROUP][TAPS * TAPS][WIDEST] = {};
    for (int64_t i = 0; i < inputs; i += GROUP) {
      const int64_t count = std::min(GROUP, inputs - i);
      turn(number * block(), i, count, turned);
      for (int64_t n = 0; n < count; ++n)
        for (int64_t lane = 0; lane < block(); lane += lanes_of<V>) {
          V kernel[TAPS][TAPS];
          for (int tap = 0; tap < TAPS * TAPS; ++tap)
            kernel[tap % TAPS][tap / TAPS] = load<V>(turned[n][tap] + lane);
          write(kernel, to + (number * inputs + i + n) * block() + lane, plane);
        }
    }
  }

  // The taps of `count` inputs, for the outputs of a block.
  void turn(int64_t first, int64_t i, int64_t count, float (&turned)[GROUP][TAPS * TAPS][WIDEST]) const {
    const int64_t width = std::min(block(), outputs - first);
    for (int64_t o = 0; o < width; ++o)
      for (int tap = 0; tap < TAPS * TAPS; ++tap)
        for (int64_t n = 0; n < count; ++n)
          turned[n][tap][o] = kernels[((first + o) * TAPS * TAPS + tap) * inputs + i + n];
  }

  template <class V>
  void flipped_block(int64_t number) const {
    const int64_t plane = flipped_blocks() * outputs * block();
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t lane = 0; lane < block(); lane += lanes_of<V>) {
        const int64_t i = number * block() + lane;
        const int64_t count = std::min<int64_t>(lanes_of<V>, inputs - i);
        V kernel[TAPS][TAPS] = {};
        for (int tap = 0; tap < TAPS * TAPS && count > 0; ++tap)
          kernel[TAPS - 1 - tap % TAPS][TAPS - 1 - tap / TAPS] =
              load_up_to<V>(kernels + (o * TAPS * TAPS + tap) * inputs + i, count);
        write(kernel, to + (number * outputs + o) * block() + lane, plane);
      }
  }

  // kernel: [column][row]
  template <class V>
  static void write(const V (&kernel)[TAPS][TAPS], float* to, int64_t plane) {
    V half[TAPS][PATCH];
    for (int column = 0; column < TAPS; ++column) kernel_points(kernel[column], half[column]);
    for (int row = 0; row < PATCH; ++row) {
      V across[TAPS], points[PATCH];
      for (int column = 0; column < TAPS; ++column) across[column] = half[column][row];
      kernel_points(across, points);
      for (int column = 0; column < PATCH; ++column)
        store(to + (row * PATCH + column) * plane, points[column]);
    }
  }

  template <class V>
  static void kernel_points(const V (&k)[TAPS], V (&t)[PATCH]) {
    const V near_even = (k[0] + k[2] * 0.5f) * (-1.0f / 1.5f), near_odd = k[1] * (-NEAR / 1.5f);
    const V far_even = (k[0] + k[2] * 2.0f) * (1.0f / 6.0f), far_odd = k[1] * (FAR / 6.0f);
    t[0] = k[0];
    t[1] = near_even + near_odd;
    t[2] = near_even - near_odd;
    t[3] = far_even + far_odd;
    t[4] = far_even - far_odd;
    t[5] = k[2];
  }
};

// The gradient of the kernels by F(3x3, 4x4): each tile of 4x4 gradients of outputs, with the 6x6
// inputs they were made of, gives all nine taps by 36 products. `op` is the convolution itself, whose
// outputs are the gradients there.
// `parts` groups of tiles have sums of their own; all are taken in the order of the tiles, however
// many threads there are.
struct KernelGradient {
  const Operation& op;
  const Batch batch;
  float *scratch, *to;  // to: (outputs, 3, 3, inputs)

  int64_t block() const { return op.halves * (LANES / 2); }
  int64_t blocks() const { return quotient_up(op.in.channels, block()); }
  int64_t width() const { return blocks() * block(); }
  int64_t gradient_stride() const { return quotient_up(op.out.channels, LANES) * LANES + LANES; }
  int64_t inputs_size() const { return POINTS * op.chunk * winograd().in_stride() + LANES * 4; }
  int64_t gradients_size() const { return POINTS * op.chunk * gradient_stride(); }
  int64_t sums_size() const { return POINTS * op.out.channels * width(); }
  int64_t chunk_size() const { return inputs_size() + gradients_size(); }
  int64_t scratch_size(int32_t threads) const {
    return op.parts * sums_size() + std::min(threads, op.parts) * chunk_size();
  }

  void run(int32_t threads) const {
    const bool apart = threads <= op.parts;
    std::vector<int64_t> tasks;
    if (apart) tasks.push_back(op.parts);
    for (int64_t step = 0; !apart && step < steps(); ++step) {
      tasks.push_back(op.parts * op.chunk);
      tasks.push_back(op.parts * POINTS * blocks());
    }
    const int64_t last = tasks.size();
    tasks.push_back(op.out.channels);
    in_rounds(std::move(tasks), threads, [this, apart, last](int64_t round, int64_t n, int32_t thread) {
      if (round == last) transform_sums(n);
      else if (apart) add_group(n, chunk_at(thread));
      else if (round % 2 == 0) transform_part(n, round / 2);
      else add_part(n, round / 2);
    });
  }

 private:
  Winograd winograd() const { return {op, batch}; }
  int64_t tiles() const { return batch.images * winograd().tiles(); }

  // All of a group, where a thread has one to itself.
  void add_group(int64_t group, float* inputs) const {
    for (int64_t step = 0; step < steps(); ++step) {
      const Range chunk = chunk_of(group, step);
      for (int64_t n = chunk.first; n < chunk.last; ++n) transform(n, n - chunk.first, inputs);
      for (int64_t number = 0; number < POINTS * blocks(); ++number)
        add(number, chunk.last - chunk.first, inputs, sums_of(group), step > 0);
    }
  }

  // A tile of a step, and then a block of it: all threads on all groups, where there are more threads.
  void transform_part(int64_t n, int64_t step) const {
    const int64_t group = n / op.chunk, at = n % op.chunk;
    const Range chunk = chunk_of(group, step);
    if (chunk.first + at < chunk.last) transform(chunk.first + at, at, chunk_at(group));
  }

  void add_part(int64_t n, int64_t step) const {
    const int64_t group = n % op.parts;
    const Range chunk = chunk_of(group, step);
    add(n / op.parts, chunk.last - chunk.first, chunk_at(group), sums_of(group), step > 0);
  }

  int64_t steps() const { return quotient_up(quotient_up(tiles(), op.parts), op.chunk); }

  // The tiles of a group's step, which may be none of the last one.
  Range chunk_of(int64_t group, int64_t step) const {
    Range range(tiles(), op.parts, group);
    range.first = std::min(range.last, range.first + step * op.chunk);
    range.last = std::min(range.last, range.first + op.chunk);
    return range;
  }

  float* sums_of(int64_t group) const { return scratch + group * sums_size(); }
  float* chunk_at(int64_t thread) const { return sums_of(op.parts) + thread * chunk_size(); }

  // Tile `number` of all, as the chunk's tile n.
  void transform(int64_t number, int64_t n, float* inputs) const {
    const Winograd forward = winograd();
    const int64_t tile = number % forward.tiles();
    const Image image = batch[number / forward.tiles()];
    forward.transform_inputs(tile, image.in, inputs + n * forward.in_stride());
    transform_gradients(tile, image.out, inputs + inputs_size() + n * gradient_stride());
  }

  // A block of inputs at a point: the products of a chunk's tiles.
  void add(int64_t number, int64_t count, const float* inputs, float* sums, bool more) const {
    const int64_t point = number / blocks(), at = number % blocks() * block();
    const int64_t in_stride = winograd().in_stride();
    const Rows rows{inputs + point * op.chunk * in_stride + at, in_stride,
                    inputs + inputs_size() + point * op.chunk * gradient_stride(), gradient_stride(),
                    count, sums + point * op.out.channels * width() + at, width(), more};
    in_tiles(op.halves, op.out.channels, rows);
  }

  struct Rows {
    const float* inputs;
    int64_t in_stride;
    const float* gradients;
    int64_t gradient_stride, tiles;
    float* sums;
    int64_t width;
    bool more;  // are added to what there is

    template <class B, int R>
    void tile(int64_t row) const {
      typedef typename B::Vector V;
      V sum[R][B::count] = {};
      float* to = sums + row * width;
      for (int r = 0; r < R && more; ++r)
        for (int v = 0; v < B::count; ++v) sum[r][v] = load<V>(to + r * width + v * B::lanes);
      const float *a = gradients + row, *from = inputs;
      for (int64_t n = 0; n < tiles; ++n, a += gradient_stride, from += in_stride) {
        V b[B::count];
        for (int v = 0; v < B::count; ++v) b[v] = load<V>(from + v * B::lanes);
        for (int r = 0; r < R; ++r)
          for (int v = 0; v < B::count; ++v) sum[r][v] += spread<V>(a[r]) * b[v];
      }
      for (int r = 0; r < R; ++r)
        for (int v = 0; v < B::count; ++v) store(to + r * width + v * B::lanes, sum[r][v]);
    }
  };

  void transform_gradients(int64_t tile, const float* gradients, float* to) const {
    const int64_t across = winograd().across();
    const int64_t top = tile / across * SIDE, left = tile % across * SIDE;
    const int64_t rows = std::min<int64_t>(SIDE, op.out.height - top);
    const int64_t columns = std::min<int64_t>(SIDE, op.out.width - left);
    const float* corner = gradients + (top * op.out.width + left) * op.out.pitch;
    for (int64_t c = 0; c < op.out.channels; c += LANES) {
      const int64_t count = std::min<int64_t>(LANES, op.out.channels - c);
      Vec half[SIDE][PATCH], patch[SIDE] = {};
      for (int64_t column = 0; column < SIDE; ++column) {
        for (int64_t row = 0; row < SIDE; ++row)
          patch[row] = row < rows && column < columns
              ? load_up_to<Vec>(corner + (row * op.out.width + column) * op.out.pitch + c, count)
              : Vec{};
        gradient_points(patch, half[column]);
      }
      for (int row = 0; row < PATCH; ++row) {
        Vec points[PATCH];
        for (int column = 0; column < SIDE; ++column) patch[column] = half[column][row];
        gradient_points(patch, points);
        for (int column = 0; column < PATCH; ++column)
          store(to + (row * PATCH + column) * op.chunk * gradient_stride() + c, points[column]);
      }
    }
  }

  static void gradient_points(const Vec (&g)[SIDE], Vec (&t)[PATCH]) {
    const Vec near_even = g[0] + g[2] * 0.5f, near_odd = (g[1] + g[3] * 0.5f) * NEAR;
    const Vec far_even = g[0] + g[2] * 2.0f, far_odd = (g[1] + g[3] * 2.0f) * FAR;
    t[0] = g[0];
    t[1] = near_even + near_odd;
    t[2] = near_even - near_odd;
    t[3] = far_even + far_odd;
    t[4] = far_even - far_odd;
    t[5] = g[3];
  }

  void transform_sums(int64_t o) const {
    const int64_t plane = op.out.channels * width();
    for (int64_t i = 0; i < op.in.channels; i += LANES) {
      const int64_t count = std::min<int64_t>(LANES, op.in.channels - i);
      Vec half[PATCH][TAPS];
      for (int row = 0; row < PATCH; ++row) {
        Vec sums[PATCH];
        for (int column = 0; column < PATCH; ++column) {
          const float* from = scratch + (row * PATCH + column) * plane + o * width() + i;
          sums[column] = load_up_to<Vec>(from, count);
          for (int64_t group = 1; group < op.parts; ++group)
            sums[column] += load_up_to<Vec>(from + group * sums_size(), count);
        }
        taps(sums, half[row]);
      }
      for (int column = 0; column < TAPS; ++column) {
        Vec down[PATCH], kernel[TAPS];
        for (int row = 0; row < PATCH; ++row) down[row] = half[row][column];
        taps(down, kernel);
        for (int row = 0; row < TAPS; ++row)
          store_up_to(to + ((o * TAPS + row) * TAPS + column) * op.in.channels + i, kernel[row], count);
      }
    }
  }

  // With the divisors that gradient_points leaves out.
  static void taps(const Vec (&m)[PATCH], Vec (&k)[TAPS]) {
    const Vec near_sum = (m[1] + m[2]) * (-1.0f / 1.5f), far_sum = (m[3] + m[4]) * (1.0f / 6.0f);
    k[0] = m[0] + near_sum + far_sum;
    k[1] = (m[1] - m[2]) * (-NEAR / 1.5f) + (m[3] - m[4]) * (FAR / 6.0f);
    k[2] = near_sum * 0.5f + far_sum * 2.0f + m[5];
  }
};
