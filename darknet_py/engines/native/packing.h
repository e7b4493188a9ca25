// Kernels and biases in the order in which products take them.
#pragma once
#include "products.h"
#include "winograd.h"

// kernels (groups * outputs, inputs, taps) as (groups, blocks, taps, inputs, block), with zeros
// beyond the outputs.
struct Packing {
  const float* kernels;
  int64_t groups, outputs, inputs, taps, block;
  float* to;

  int64_t blocks() const { return quotient_up(outputs, block); }

  void direct(int64_t number) const {
    const int64_t group = number / blocks(), first = number % blocks() * block;
    float* from_here = to + number * taps * inputs * block;
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t lane = 0; lane < block; ++lane) {
        const float* kernel = kernels + ((group * outputs + first + lane) * inputs + i) * taps;
        for (int64_t tap = 0; tap < taps; ++tap)
          from_here[(tap * inputs + i) * block + lane] = first + lane < outputs ? kernel[tap] : 0.0f;
      }
  }

  // As (36, blocks, inputs, block): the 3x3 taps at Winograd's points, worked out in double.
  void winograd(int64_t number) const {
    const int64_t first = number * block, plane = blocks() * inputs * block;
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t lane = 0; lane < block; ++lane) {
        double points[POINTS] = {};
        if (first + lane < outputs)
          at_points(kernels + ((first + lane) * inputs + i) * taps, points);
        float* out = to + (number * inputs + i) * block + lane;
        for (int point = 0; point < POINTS; ++point) out[point * plane] = (float)points[point];
      }
  }

 private:
  static void at_points(const float* kernel, double (&points)[POINTS]) {
    double half[PATCH][3];
    for (int column = 0; column < 3; ++column) {
      double down[PATCH];
      three_to_six(kernel[column], kernel[3 + column], kernel[6 + column], down);
      for (int row = 0; row < PATCH; ++row) half[row][column] = down[row];
    }
    for (int row = 0; row < PATCH; ++row) {
      double across[PATCH];
      three_to_six(half[row][0], half[row][1], half[row][2], across);
      for (int column = 0; column < PATCH; ++column) points[row * PATCH + column] = across[column];
    }
  }

  // A polynomial of three coefficients at the points, divided by the product of a point's distances
  // from the other points, which the transform of the input leaves out.
  static void three_to_six(double a, double b, double c, double (&out)[PATCH]) {
    const double near = std::sqrt(0.5), far = std::sqrt(2.0);
    out[0] = a;
    out[1] = (a + near * b + 0.5 * c) / -1.5;
    out[2] = (a - near * b + 0.5 * c) / -1.5;
    out[3] = (a + far * b + 2.0 * c) / 6.0;
    out[4] = (a - far * b + 2.0 * c) / 6.0;
    out[5] = c;
  }
};
