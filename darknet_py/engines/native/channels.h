// Work on all channels of a pixel, vector by vector.
#pragma once
#include "vectors.h"

// work(Vec, c, count) for vectors of all channels, or halves of vectors for few; count is below
// what these hold only where there are fewer channels.
template <class V, class Work>
inline void in_vectors_of(int64_t channels, const Work& work) {
  constexpr int64_t lanes = lanes_of<V>;
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) work(V{}, c, lanes);
  if (c < channels && c) work(V{}, channels - lanes, lanes);  // some of them once more
  else if (c < channels) work(V{}, c, channels);
}

template <class Work>
inline void in_vectors(int64_t channels, const Work& work) {
  if (channels <= LANES / 2) in_vectors_of<Half>(channels, work);
  else in_vectors_of<Vec>(channels, work);
}
