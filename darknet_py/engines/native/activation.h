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
    V values[1] = {y};
    to_all<V, 1>(values);
    return values[0];
  }

  // One question for all of them: there are as many as registers.
  template <class V, int COUNT>
  inline void to_all(V* values) const {
    switch (kind) {
      case LOGISTIC: return each<COUNT>(values, [](V y) { return 1.0f / (1.0f + exponential(-y)); });
      case SWISH: return each<COUNT>(values, [](V y) { return y / (1.0f + exponential(-y)); });
      case MISH: return each<COUNT>(values, [](V y) { return mish(y); });
      default: return each<COUNT>(values, [this](V y) { return bounded(y); });
    }
  }

 private:
  template <int COUNT, class V, class Function>
  static inline void each(V* values, const Function& function) {
    for (int n = 0; n < COUNT; ++n) values[n] = function(values[n]);
  }

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
