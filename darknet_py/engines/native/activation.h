// What is done to a sum before it is stored.
#pragma once
#include "vectors.h"

enum ActivationKind : int32_t { BOUNDED, LOGISTIC, SWISH, MISH };

// BOUNDED is min(max(y, slope * y), top): slope 1 is linear, 0 relu, .1 leaky; top 6 relu6.
struct Activation {
  int32_t kind;
  float slope, top;

  template <class V>
  inline V operator()(V y) const {
    switch (kind) {
      case LOGISTIC: return 1.0f / (1.0f + exponential(-y));
      case SWISH: return y / (1.0f + exponential(-y));
      case MISH: return mish(y);
      default: return bounded(y);
    }
  }

 private:
  template <class V>
  inline V bounded(V y) const {
    const V steep = y * slope, highest = spread<V>(top);
    y = y < steep ? steep : y;
    return highest < y ? highest : y;  // in this order what is not a number stays so
  }

  // y * tanh(ln(1 + e^y)), with n = e^y: y * (n^2 + 2n) / (n^2 + 2n + 2)
  template <class V>
  static inline V mish(V y) {
    const V most = spread<V>(20.0f);
    const V n = exponential(most < y ? most : y), p = n * (n + 2.0f);
    return y * (p / (p + 2.0f));
  }
};
