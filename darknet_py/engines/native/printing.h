// The order in which pjreddie's program prints its rows, image by image: it sorts them by each class
// in turn, so they end up by falling score of the last class, equal ones by the class before it, and
// so on.
#pragma once
#include "entries.h"

// Whether all scores are numbers from 0 up.
inline bool plain(const Table& table) {
  const int64_t count = table.rows * table.classes;
  for (int64_t start = 0; start < count; start += LANES) {
    const Vec scores = load_up_to<Vec>(table.scores + start, std::min<int64_t>(LANES, count - start));
    if (bits(scores >= Vec{}) != bits(Vec{} == Vec{})) return false;
  }
  return true;
}

// Each row under the last class it has, the later the class the lower; those without any at the end.
inline std::vector<Entry> last_entries(const Table& table) {
  std::vector<Entry> entries;
  entries.reserve(table.rows);
  for (int64_t row = 0; row < table.rows; ++row) {
    const float* scores = table.scores + row * table.classes;
    int64_t last = table.classes - 1;
    while (last >= 0 && scores[last] == 0) --last;
    const uint32_t key = last < 0 ? 0 : falling(scores[last]);
    entries.push_back({(uint32_t)row, (uint32_t)(table.classes - 1 - last), key});
  }
  return entries;
}

inline void print(const Table& table, int64_t images, int64_t* rows) {
  const std::vector<Entry> entries = last_entries(table);
  Groups groups(table.image, entries, images, table.classes + 1);
  // Whether one is before another of the same last class and score.
  const auto before = [&](Ranked a, Ranked b) {
    const float* first = table.scores + number_of(a) * table.classes;
    const float* second = table.scores + number_of(b) * table.classes;
    for (int64_t n = table.classes - 1; n >= 0; --n)
      if (first[n] != second[n]) return first[n] > second[n];
    return false;
  };
  std::vector<Ranked> spare;
  groups.each([&](Ranked* first, Ranked* last) {
    sort(first, last, spare);
    while (first < last) {
      Ranked* next = first + 1;
      while (next < last && *next >> 32 == *first >> 32) ++next;
      if (next - first > 1) std::stable_sort(first, next, before);
      while (first < next) *rows++ = number_of(*first++);
    }
  });
}
