// A network's operations one after the other, each divided among the threads.
// Built by engines/native/library.py for this machine; no header of torch is needed.

#include <cmath>

#include "convolution.h"
#include "depthwise.h"
#include "packing.h"
#include "planes.h"
#include "team.h"
#include "training.h"
#include "winograd.h"

namespace {

// A pass of so many images.
struct Pass {
  const Operation* operations;
  float* memory;
  const float *input, *zeros;
  std::vector<float*> outputs;
  float* scratch;
  int64_t images, scratch_each;

  const float* at(const Tensor& tensor) const {
    if (tensor.offset >= 0) return memory + tensor.offset;
    return tensor.offset == INPUT ? input : outputs[FIRST_OUTPUT - tensor.offset];
  }

  Batch batch(const Operation& op) const {
    return {op, {at(op.in), at(op.in2), (float*)at(op.out)}, images};
  }

  // What `use` gives for the kind of work an operation is.
  template <class Use>
  auto as_work(const Operation& op, const Use& use) const {
    const Batch all = batch(op);
    switch (op.kind) {
      case CONVOLUTION: return use(ByImage<Convolution>{all, {op, zeros}});
      case WINOGRAD: return use(Winograd{op, all});
      case DEPTHWISE: return use(ByImage<Depthwise>{all, {op}});
      case MAXPOOL: return use(ByImage<Maxpool>{all, {op}});
      case UPSAMPLE: return use(ByImage<Upsample>{all, {op}});
      case BY_CHANNEL: return use(ByImage<ByChannel>{all, {op}});
      default: return use(ByImage<Add>{all, {op}});
    }
  }

  int64_t tasks(const Operation& op) const {
    return as_work(op, [](const auto& work) { return work.tasks(); });
  }

  void task(const Operation& op, int64_t number, int32_t thread) const {
    float* own = scratch + thread * scratch_each;
    as_work(op, [&](const auto& work) { work.task(number, own); });
  }
};

template <class Work>
void pack(int64_t tasks, int32_t threads, const Work& work) {
  in_rounds({tasks}, threads, [work](int64_t, int64_t number, int32_t) { work(number); });
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
  pack(groups * packing.blocks(), threads, [packing](int64_t number) { packing.direct(number); });
}

// kernels (outputs, inputs, 3 * 3) as WINOGRAD takes them.
void pack_winograd(const float* kernels, int64_t outputs, int64_t inputs, int64_t block, float* to,
                   int32_t threads) {
  const Packing packing{kernels, 1, outputs, inputs, 9, block, to};
  pack(packing.blocks(), threads, [packing](int64_t number) { packing.winograd(number); });
}

// kernels (outputs, 3, 3, inputs) at Winograd's points, forward or flipped, in blocks of `halves`.
void pack_training(const float* kernels, int64_t outputs, int64_t inputs, int64_t halves,
                   int32_t flipped, float* to, int32_t threads) {
  const KernelPoints points{kernels, outputs, inputs, halves, to};
  if (flipped)
    pack(points.flipped_blocks(), threads, [points](int64_t number) { points.flipped(number); });
  else
    pack(points.forward_blocks(), threads, [points](int64_t number) { points.forward(number); });
}

// Floats that kernel_gradient works in.
int64_t gradient_scratch(const Operation* op, int32_t threads) {
  return KernelGradient{*op, {*op, {}, 0}, nullptr, nullptr}.scratch_size(threads);
}

// The gradient (outputs, 3, 3, inputs) of a convolution's kernels, from those of its outputs.
void kernel_gradient(const Operation* op, const float* in, float* gradients, int64_t images,
                     float* scratch, float* to, int32_t threads) {
  const KernelGradient gradient{*op, {*op, {in, nullptr, gradients}, images}, scratch, to};
  gradient.run(threads);
}

void run(const Operation* ops, int64_t count, float* memory, const float* input, const float* zeros,
         float* const* outputs, int64_t given, float* scratch, int64_t scratch_each, int64_t images,
         int32_t threads) {
  const Pass pass{ops, memory, input, zeros, {outputs, outputs + given}, scratch,
                  images, scratch_each};
  std::vector<int64_t> tasks;
  for (int64_t n = 0; n < count; ++n) tasks.push_back(pass.tasks(ops[n]));
  in_rounds(std::move(tasks), threads, [pass](int64_t round, int64_t task, int32_t thread) {
    pass.task(pass.operations[round], task, thread);
  });
}
}
