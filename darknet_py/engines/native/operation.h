// What engines/native/program.py hands over: a network as a list of operations on one block of
// memory. The structures are those of engines/native/library.py, field by field.
#pragma once
#include "activation.h"

// Images one after the other, channels last. pitch: floats from pixel to pixel, more than there are
// channels where it is a part of a wider tensor. offset: floats from the start of the memory; INPUT for the
// network's input, FIRST_OUTPUT and below for what is given to be filled.
constexpr int64_t INPUT = -1, FIRST_OUTPUT = -2;
struct Tensor {
  int64_t offset, height, width, channels, pitch;
  int64_t pixels() const { return height * width; }
};

enum Kind : int32_t { CONVOLUTION, WINOGRAD, DEPTHWISE, MAXPOOL, UPSAMPLE, ADD, BY_CHANNEL };

// size: of a window, stride, pad: above and left, dilation: from tap to tap. halves: half vectors
// that a block of outputs has. chunk: pixels, or tiles of 4x4, that one thread takes at once. parts: into
// which the blocks are divided for the threads. summand: in2 is added after the activation.
struct Operation {
  int32_t kind, size, stride_y, stride_x, pad_y, pad_x, dilation, groups;
  int32_t halves, chunk, parts, summand;
  Activation activation;
  float scale;
  const float *weights, *biases;
  Tensor in, in2, out;
};

// One image of an operation: where its tensors lie.
struct Image {
  const float *in, *in2;
  float* out;
};

// All images of a batch.
struct Batch {
  const Operation& op;
  Image first;
  int64_t images;

  Image operator[](int64_t n) const {
    return {first.in + n * op.in.pixels() * op.in.pitch,
            first.in2 + n * op.in2.pixels() * op.in2.pitch,
            first.out + n * op.out.pixels() * op.out.pitch};
  }
};

// Work on one image at a time, for all of them.
template <class Work>
struct ByImage {
  const Batch batch;
  const Work work;

  int64_t tasks() const { return batch.images * work.tasks(); }
  void task(int64_t number, float* scratch) const {
    const int64_t each = work.tasks();
    work.task(number % each, batch[number / each], scratch);
  }
};

inline int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// What part `part` of `parts` has of `count` things.
struct Range {
  int64_t first, last;
  Range(int64_t count, int64_t parts, int64_t part)
      : first(count * part / parts), last(count * (part + 1) / parts) {}
};
