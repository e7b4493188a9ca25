// A network's operations one after the other, each divided among the threads.
// Built by engines/native_library.py for this machine; no header of torch is needed.

#include <cmath>

#ifdef _OPENMP
#include <omp.h>
#else
inline int omp_get_thread_num() { return 0; }
#endif

#include "convolution.h"
#include "depthwise.h"
#include "packing.h"
#include "planes.h"
#include "training.h"
#include "winograd.h"

namespace {

struct Run {
  float* memory;
  const float* input;
  const float* zeros;
  float* scratch;
  int64_t images, scratch_each;

  const float* at(const Tensor& tensor) const {
    return tensor.offset < 0 ? input : memory + tensor.offset;
  }

  Batch batch(const Operation& op) const {
    return {op, {at(op.in), at(op.in2), (float*)at(op.out)}, images};
  }

  // Image by image.
  template <class Work>
  void each(const Operation& op, const Work& work) const {
    const Batch all = batch(op);
    const int64_t tasks = work.tasks();
#pragma omp for schedule(dynamic)
    for (int64_t number = 0; number < images * tasks; ++number)
      work.task(number % tasks, all[number / tasks], scratch + omp_get_thread_num() * scratch_each);
  }

  // All images at once, which share what is read of the weights.
  void winograd(const Operation& op) const {
    const Winograd work{op, batch(op)};
    const int64_t tasks = work.tasks();
#pragma omp for schedule(dynamic)
    for (int64_t number = 0; number < tasks; ++number)
      work.task(number, scratch + omp_get_thread_num() * scratch_each);
  }

  void operation(const Operation& op) const {
    switch (op.kind) {
      case CONVOLUTION: return each(op, Convolution{op, zeros});
      case WINOGRAD: return winograd(op);
      case DEPTHWISE: return each(op, Depthwise{op});
      case MAXPOOL: return each(op, Maxpool{op});
      case UPSAMPLE: return each(op, Upsample{op});
      case BY_CHANNEL: return each(op, ByChannel{op});
      default: return each(op, Add{op});
    }
  }
};

template <class Work>
void pack(int64_t tasks, int32_t threads, const Work& work) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
  for (int64_t number = 0; number < tasks; ++number) work(number);
}

}  // namespace

extern "C" {

int64_t lanes() { return LANES; }

// Floats of scratch memory that a thread needs for an operation.
int64_t scratch_of(const Operation* op) {
  switch (op->kind) {
    case CONVOLUTION: return Convolution{*op, nullptr}.scratch();
    case WINOGRAD: return Winograd{*op, {*op, {}, 0}}.scratch();
    default: return 0;
  }
}

// kernels (groups * outputs, inputs, taps) as CONVOLUTION takes them.
void pack_direct(const float* kernels, int64_t groups, int64_t outputs, int64_t inputs, int64_t taps,
                 int64_t block, float* to, int32_t threads) {
  const Packing packing{kernels, groups, outputs, inputs, taps, block, to};
  pack(groups * packing.blocks(), threads, [&](int64_t number) { packing.direct(number); });
}

// kernels (outputs, inputs, 3 * 3) as WINOGRAD takes them.
void pack_winograd(const float* kernels, int64_t outputs, int64_t inputs, int64_t block, float* to,
                   int32_t threads) {
  const Packing packing{kernels, 1, outputs, inputs, 9, block, to};
  pack(packing.blocks(), threads, [&](int64_t number) { packing.winograd(number); });
}

// kernels (outputs, 3, 3, inputs) at Winograd's points, forward or flipped, in blocks of `halves`.
void pack_training(const float* kernels, int64_t outputs, int64_t inputs, int64_t halves,
                   int32_t flipped, float* to, int32_t threads) {
  const KernelPoints points{kernels, outputs, inputs, halves, to};
  if (flipped)
    pack(points.flipped_blocks(), threads, [&](int64_t number) { points.flipped(number); });
  else
    pack(points.forward_blocks(), threads, [&](int64_t number) { points.forward(number); });
}

// Floats that kernel_gradient works in.
int64_t gradient_scratch(const Operation* op, int32_t threads) {
  return KernelGradient{*op, {*op, {}, 0}, nullptr, nullptr}.scratch_size(threads);
}

// The gradient (outputs, 3, 3, inputs) of a convolution's kernels, from those of its outputs.
void kernel_gradient(const Operation* op, const float* in, float* gradients, int64_t images,
                     float* scratch, float* to, int32_t threads) {
  const KernelGradient gradient{*op, {*op, {in, nullptr, gradients}, images}, scratch, to};
#pragma omp parallel num_threads(threads) if (threads > 1)
  gradient.work(threads);
}

void run(const Operation* ops, int64_t count, float* memory, const float* input, const float* zeros,
         float* scratch, int64_t scratch_each, int64_t images, int32_t threads) {
  const Run run{memory, input, zeros, scratch, images, scratch_each};
#pragma omp parallel num_threads(threads) if (threads > 1)
  for (int64_t n = 0; n < count; ++n) run.operation(ops[n]);
}
}
