// A table of boxes, the entries of it that have a score, and their order.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "overlap.h"

// Entries from which on sorting by digits is faster.
constexpr int64_t MANY = 512;

// sides: of each row's image, which boxes are measured in, or none.
struct Table {
  int64_t rows, classes;
  const float *boxes, *sides, *objectness, *scores;
  const int64_t* image;

  Box box(int64_t row) const {
    const float *box = boxes + 4 * row, *side = sides + 2 * row;
    if (!sides) return Box(box[0], box[1], box[2], box[3]);
    return Box(box[0] * side[0], box[1] * side[1], box[2] * side[0], box[3] * side[1]);
  }
};

// A row in a class. key: falls as the score rises.
struct Entry {
  uint32_t row, column, key;
};

// What is not a number is below all numbers.
inline uint32_t falling(float score) {
  if (std::isnan(score)) score = -std::numeric_limits<float>::infinity();
  uint32_t word;
  std::memcpy(&word, &score, sizeof(word));
  return word >> 31 ? word : ~word & 0x7fffffff;
}

// Every score that is not 0, of the rows with an objectness, row by row.
inline std::vector<Entry> entries_of(const Table& table) {
  std::vector<Entry> entries;
  entries.reserve(table.rows * 2);
  for (int64_t row = 0; row < table.rows; ++row) {
    if (table.objectness[row] == 0) continue;
    const float* scores = table.scores + row * table.classes;
    for (int64_t start = 0; start < table.classes; start += LANES) {
      const int64_t count = std::min<int64_t>(LANES, table.classes - start);
      uint32_t filled = bits(load_up_to<Vec>(scores + start, count) != Vec{});
      for (; filled; filled &= filled - 1) {
        const int64_t column = start + __builtin_ctz(filled);
        entries.push_back({(uint32_t)row, (uint32_t)column, falling(scores[column])});
      }
    }
  }
  return entries;
}

// An entry in the order of its group: the key above the number among all entries.
typedef uint64_t Ranked;
inline uint32_t number_of(Ranked ranked) { return (uint32_t)ranked; }

// By the key; what is ranked rises by number already.
inline void sort(Ranked* first, Ranked* last, std::vector<Ranked>& spare) {
  const int64_t count = last - first;
  if (count < MANY) return std::sort(first, last);
  spare.resize(count);
  Ranked *from = first, *to = spare.data();
  for (int shift = 32; shift < 64; shift += 8, std::swap(from, to)) {
    int64_t places[257] = {};
    for (int64_t n = 0; n < count; ++n) ++places[(from[n] >> shift & 255) + 1];
    for (int n = 0; n < 256; ++n) places[n + 1] += places[n];
    for (int64_t n = 0; n < count; ++n) to[places[from[n] >> shift & 255]++] = from[n];
  }
}

// The entries group by group; a group is a column of an image.
struct Groups {
  std::vector<int64_t> ends;
  std::vector<Ranked> ranked;

  // columns: of an image.
  Groups(const int64_t* image, const std::vector<Entry>& entries, int64_t images, int64_t columns)
      : ends(images * columns + 1), ranked(entries.size()) {
    const auto group = [&](const Entry& entry) {
      return image[entry.row] * columns + entry.column;
    };
    for (const Entry& entry : entries) ++ends[group(entry) + 1];
    for (size_t n = 1; n < ends.size(); ++n) ends[n] += ends[n - 1];
    // Starts become ends as each group fills up.
    for (size_t n = 0; n < entries.size(); ++n)
      ranked[ends[group(entries[n])]++] = (uint64_t)entries[n].key << 32 | n;
  }

  // Calls run(first, last) for each group.
  template <class Run>
  void each(const Run& run) {
    int64_t first = 0;
    for (size_t group = 0; group + 1 < ends.size(); ++group) {
      if (ends[group] > first) run(ranked.data() + first, ranked.data() + ends[group]);
      first = ends[group];
    }
  }
};
