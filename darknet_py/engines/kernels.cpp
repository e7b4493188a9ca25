// Small convolutions on a processor, for which a call into oneDNN costs more than the work.
//
// Tensors are float32 and lie channels last (N H W C). `slope` and `top` make the activation:
// min(max(y, slope * y), top). So slope 1 is linear, 0 relu, 0.1 leaky; top 6 with slope 0 is relu6.
// Built by engines/small.py with the flags of this machine.

#include <torch/library.h>
#include <ATen/core/Tensor.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <cstring>

namespace {

template <int W>
struct Lanes {
  typedef float Vec __attribute__((vector_size(4 * W), aligned(4), may_alias));
};

#ifdef __AVX512F__
constexpr int WIDTH = 16;
constexpr int SUMS = 24;  // with the operands 27 of 32 registers
#else
constexpr int WIDTH = 8;
constexpr int SUMS = 12;  // 15 of 16 registers
#endif

template <class Vec>
inline Vec activated(Vec y, float slope, float top) {
  const Vec steep = y * slope;
  y = y > steep ? y : steep;
  const Vec highest = Vec{} + top;
  return y < highest ? y : highest;
}

// Outputs are taken in blocks of 1 to 3 vectors, whichever leaves least of a block empty.
template <int vectors>
struct Pointwise {
  typedef typename Lanes<WIDTH>::Vec Vec;
  static constexpr int BLOCK = vectors * WIDTH, ROWS = SUMS / vectors;

  const float* x;
  const float* weights;  // (blocks, inputs, BLOCK), zero beyond the outputs
  const float* biases;   // (blocks * BLOCK)
  float* y;
  int64_t inputs, outputs;
  float slope, top;

  // `count` pixels from `first`, one block of outputs, with all sums in registers.
  template <int count>
  void tile(int64_t first, int64_t block) const {
    const float* from = x + first * inputs;
    const float* w = weights + block * inputs * BLOCK;
    const float* b = biases + block * BLOCK;
    Vec sum[count][vectors];
    for (int row = 0; row < count; ++row)
      for (int v = 0; v < vectors; ++v) sum[row][v] = *(const Vec*)(b + v * WIDTH);
    for (int64_t i = 0; i < inputs; ++i, w += BLOCK)
      for (int row = 0; row < count; ++row) {
        const float value = from[row * inputs + i];
        for (int v = 0; v < vectors; ++v) sum[row][v] += *(const Vec*)(w + v * WIDTH) * value;
      }
    float* to = y + first * outputs + block * BLOCK;
    const int64_t left = outputs - block * BLOCK;
    for (int row = 0; row < count; ++row, to += outputs) {
      for (int v = 0; v < vectors; ++v) sum[row][v] = activated(sum[row][v], slope, top);
      if (left >= BLOCK)
        for (int v = 0; v < vectors; ++v) *(Vec*)(to + v * WIDTH) = sum[row][v];
      else
        std::memcpy(to, sum[row], left * sizeof(float));
    }
  }

  void pixels(int64_t begin, int64_t end) const {
    const int64_t blocks = (outputs + BLOCK - 1) / BLOCK;
    int64_t at = begin;
    for (; at + ROWS <= end; at += ROWS)
      for (int64_t block = 0; block < blocks; ++block) tile<ROWS>(at, block);
    for (; at < end; ++at)
      for (int64_t block = 0; block < blocks; ++block) tile<1>(at, block);
  }

  void run(int64_t count) const {
    const int64_t tiles = (count + ROWS - 1) / ROWS;
    at::parallel_for(0, tiles, 4, [&](int64_t begin, int64_t end) {
      pixels(begin * ROWS, std::min(end * ROWS, count));
    });
  }
};

at::Tensor like(const at::Tensor& x, int64_t channels, int64_t height, int64_t width) {
  return at::empty({x.size(0), channels, height, width},
                   x.options().memory_format(at::MemoryFormat::ChannelsLast));
}

at::Tensor pointwise(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& biases,
                     int64_t outputs, double slope, double top) {
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  at::Tensor y = like(x, outputs, x.size(2), x.size(3));
  const int64_t count = x.size(0) * x.size(2) * x.size(3);
  const auto work = [&](auto kind) {
    decltype(kind){x.const_data_ptr<float>(), weights.const_data_ptr<float>(),
                   biases.const_data_ptr<float>(), y.mutable_data_ptr<float>(), x.size(1),
                   outputs, (float)slope, (float)top}
        .run(count);
  };
  switch (weights.size(2) / WIDTH) {
    case 1: work(Pointwise<1>{}); break;
    case 2: work(Pointwise<2>{}); break;
    default: work(Pointwise<3>{});
  }
  return y;
}

struct Depthwise {
  const float* x;
  const float* weights;  // (size, size, channels)
  const float* biases;
  float* y;
  int64_t channels, height, width, out_height, out_width, size, stride, margin;
  float slope, top;

  static constexpr int TILE = 4;  // neighbouring outputs that share each weight once loaded

  template <int W, int S>
  void row(int64_t image, int64_t out_y) const {
    const int64_t edge = S ? S : size, top_y = out_y * stride - margin;
    const int64_t first = std::max<int64_t>(0, -top_y), last = std::min(edge, height - top_y);
    const float* from = x + (image * height + top_y) * width * channels;
    float* to = y + (image * out_height + out_y) * out_width * channels;
    for (int64_t out_x = 0; out_x < out_width;) {
      const int64_t left = out_x * stride - margin;
      const int64_t right = left + (TILE - 1) * stride + edge;
      const float* corner = from + left * channels;
      float* target = to + out_x * channels;
      const bool whole = left >= 0 && right <= width && out_x + TILE <= out_width;
      if (whole && S && last - first == S) {
        tile<W, S, TILE>(corner, target, 0, S, 0, S);
      } else if (whole) {
        tile<W, 0, TILE>(corner, target, first, last, 0, edge);
      } else {
        const int64_t begin = std::max<int64_t>(0, -left), end = std::min(edge, width - left);
        tile<W, 0, 1>(corner, target, first, last, begin, end);
      }
      out_x += whole ? TILE : 1;
    }
  }

  // `count` outputs, all channels: rows first..last and columns begin..end of the window exist.
  template <int W, int S, int count>
  void tile(const float* from, float* to, int64_t first, int64_t last, int64_t begin,
            int64_t end) const {
    typedef typename Lanes<W>::Vec Vec;
    if (S) first = begin = 0, last = end = S;  // known when this is compiled
    for (int64_t c = 0; c < channels; c += W) {
      Vec sum[count];
      for (int n = 0; n < count; ++n) sum[n] = *(const Vec*)(biases + c);
      for (int64_t dy = first; dy < last; ++dy)
        for (int64_t dx = begin; dx < end; ++dx) {
          const Vec w = *(const Vec*)(weights + (dy * (S ? S : size) + dx) * channels + c);
          const float* taps = from + (dy * width + dx) * channels + c;
          for (int n = 0; n < count; ++n)
            sum[n] += *(const Vec*)(taps + n * stride * channels) * w;
        }
      for (int n = 0; n < count; ++n)
        *(Vec*)(to + n * channels + c) = activated(sum[n], slope, top);
    }
  }

  void rows(int64_t begin, int64_t end) const {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t image = at / out_height, out_y = at % out_height;
      const bool wide = channels % WIDTH == 0;
      if (wide && size == 3) row<WIDTH, 3>(image, out_y);
      else if (wide && size == 5) row<WIDTH, 5>(image, out_y);
      else if (wide) row<WIDTH, 0>(image, out_y);
      else if (size == 3) row<8, 3>(image, out_y);
      else row<8, 0>(image, out_y);
    }
  }
};

at::Tensor depthwise(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& biases,
                     int64_t stride, int64_t margin, double slope, double top) {
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t size = weights.size(0);
  const int64_t height = (x.size(2) + 2 * margin - size) / stride + 1;
  const int64_t width = (x.size(3) + 2 * margin - size) / stride + 1;
  at::Tensor y = like(x, x.size(1), height, width);
  const Depthwise work{x.const_data_ptr<float>(), weights.const_data_ptr<float>(),
                       biases.const_data_ptr<float>(), y.mutable_data_ptr<float>(), x.size(1),
                       x.size(2), x.size(3), height, width, size, stride, margin, (float)slope,
                       (float)top};
  at::parallel_for(0, x.size(0) * height, 4,
                   [&](int64_t begin, int64_t end) { work.rows(begin, end); });
  return y;
}

}  // namespace

TORCH_LIBRARY(darknet_py, m) {
  m.def("width() -> int", [] { return (int64_t)WIDTH; });
  m.def("pointwise(Tensor x, Tensor weights, Tensor biases, int outputs, float slope, float top) -> Tensor");
  m.def("depthwise(Tensor x, Tensor weights, Tensor biases, int stride, int margin, float slope, float top) -> Tensor");
}

TORCH_LIBRARY_IMPL(darknet_py, CPU, m) {
  m.impl("pointwise", pointwise);
  m.impl("depthwise", depthwise);
}
