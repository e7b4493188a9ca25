// Greedy suppression of the boxes of one image and class: those that are left, cell by cell of a
// grid over the image, and whether one of them overlaps another box.
//
// The arithmetic is that of detect/overlaps.py, operation by operation, so this file is compiled
// without fused multiplications and additions.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "vectors.h"

// A pair overlaps when its IoU, less (d2 / c2) ** exponent if distant is set, is above threshold.
struct Measure {
  float threshold;
  double exponent;
  bool distant;
};

// Of a box: the edges, the centre and the area.
struct Box {
  float left, right, top, bottom, x, y, area;

  Box(float x, float y, float width, float height)
      : left(x - width / 2), right(x + width / 2), top(y - height / 2), bottom(y + height / 2),
        x(x), y(y), area(width * height) {}

  // What has no width or height, or is not a number, overlaps nothing.
  bool some() const { return right > left && bottom > top; }
};

// Along one side of the image, in shares of it: the left or upper edge of a box, and between which
// such edges those are that may have an IoU above the threshold with it.
struct Reach {
  float edge, first, last;

  // They share more than that part of its length with it, and of their own. The slack is far above
  // what rounding does.
  Reach(double middle, double length, double threshold) {
    const double start = middle - length / 2;
    const double share = std::min(std::max(threshold, 1e-9), 1.0), apart = (1 - share) * length;
    const double slack = 1e-5 + 1e-5 * (std::abs(start) + length);
    edge = clipped(start);
    first = clipped(start - (apart + slack) / share);
    last = std::isfinite(length) ? clipped(start + apart + slack) : 1;
  }

 private:
  static float clipped(double edge) { return edge > 0 ? edge < 1 ? edge : 1 : 0; }
};

// One bit of each lane of what a comparison gave.
template <class Mask>
inline uint32_t bits(Mask mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask);
#elif defined(__AVX__)
  return _mm256_movemask_ps((__m256)mask);
#else
  uint32_t all = 0;
  for (int lane = 0; lane < LANES; ++lane) all |= (uint32_t)(mask[lane] & 1) << lane;
  return all;
#endif
}

inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }

// The boxes that are left, those of a cell side by side.
class Survivors {
 public:
  explicit Survivors(const Measure& measure)
      : measure_(measure), near_(measure.threshold * .99999f - 1e-30f) {}

  // capacities: of each cell, how many may come to lie in it.
  void start(const std::vector<int32_t>& capacities) {
    starts_.clear();
    size_t total = 0;
    for (int32_t capacity : capacities) {
      starts_.push_back(total);
      total += (capacity + LANES - 1) / LANES * LANES;
    }
    counts_.assign(capacities.size(), 0);
    for (auto* some : {&left_, &top_, &x_, &y_, &area_}) some->resize(total);
    // A place that nobody has taken overlaps nothing.
    for (auto* ends : {&right_, &bottom_})
      ends->assign(total, -std::numeric_limits<float>::infinity());
  }

  void add(int32_t cell, const Box& box) {
    const int64_t at = starts_[cell] + counts_[cell]++;
    left_[at] = box.left, right_[at] = box.right, top_[at] = box.top, bottom_[at] = box.bottom;
    x_[at] = box.x, y_[at] = box.y, area_[at] = box.area;
  }

  // Whether one of a cell's overlaps the box.
  bool overlap(int32_t cell, const Box& box) const {
    const Vec left = spread<Vec>(box.left), right = spread<Vec>(box.right);
    const Vec top = spread<Vec>(box.top), bottom = spread<Vec>(box.bottom);
    const Vec zero = {};
    const int64_t first = starts_[cell], last = first + counts_[cell];
    for (int64_t at = first; at < last; at += LANES) {
      const Vec across = smaller(load<Vec>(&right_[at]), right) - larger(load<Vec>(&left_[at]), left);
      const Vec down = smaller(load<Vec>(&bottom_[at]), bottom) - larger(load<Vec>(&top_[at]), top);
      const Vec shared = across * down, both = load<Vec>(&area_[at]) + box.area - shared;
      // A product tells nearly all that do not overlap, sooner than the quotient does.
      const auto near = (across > zero) & (down > zero) & (shared >= both * near_);
      if (bits(near) && above(at, shared, both, bits(near), box)) return true;
    }
    return false;
  }

 private:
  const Measure measure_;
  const float near_;
  std::vector<int64_t> starts_;
  std::vector<int32_t> counts_;
  std::vector<float> left_, right_, top_, bottom_, x_, y_, area_;

  // Whether one of the lanes in `near` is above the threshold.
  bool above(int64_t at, Vec shared, Vec both, uint32_t near, const Box& box) const {
    for (; near; near &= near - 1) {
      const int lane = __builtin_ctz(near);
      const bool valid = shared[lane] != 0 && both[lane] != 0;
      float value = valid ? shared[lane] / both[lane] : 0;
      if (measure_.distant && value > measure_.threshold) value -= distance(at + lane, box);
      if (value > measure_.threshold) return true;
    }
    return false;
  }

  float distance(int64_t at, const Box& box) const {
    const float across = std::max(right_[at], box.right) - std::min(left_[at], box.left);
    const float down = std::max(bottom_[at], box.bottom) - std::min(top_[at], box.top);
    const float diagonal = across * across + down * down;
    const float x = x_[at] - box.x, y = y_[at] - box.y;
    if (diagonal == 0) return (float)std::pow(0.0, measure_.exponent);
    return (float)std::pow((double)((x * x + y * y) / diagonal), measure_.exponent);
  }
};
