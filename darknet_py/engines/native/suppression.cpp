// Greedy suppression over all images and classes; engines/native/suppression.py calls it.
#include "suppression.h"

namespace {

// Entries that a cell of the grid has, about; the most cells along a side.
constexpr int64_t OF_A_CELL = 128;
constexpr int32_t MOST_PARTS = 32;
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

struct Row {
  Box box;
  Reach across, down;

  Row(const Table& table, int64_t row, double threshold, const float* share)
      : box(table.box(row)), across(share[0], share[2], threshold),
        down(share[1], share[3], threshold) {}
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
std::vector<Entry> entries_of(const Table& table) {
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
void sort(Ranked* first, Ranked* last, std::vector<Ranked>& spare) {
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

// The entries group by group; a group is a class of an image.
struct Groups {
  std::vector<int64_t> ends;
  std::vector<Ranked> ranked;

  Groups(const Table& table, const std::vector<Entry>& entries, int64_t images)
      : ends(images * table.classes + 1), ranked(entries.size()) {
    const auto group = [&](const Entry& entry) {
      return table.image[entry.row] * table.classes + entry.column;
    };
    for (const Entry& entry : entries) ++ends[group(entry) + 1];
    for (size_t n = 1; n < ends.size(); ++n) ends[n] += ends[n - 1];
    // Starts become ends as each group fills up.
    for (size_t n = 0; n < entries.size(); ++n)
      ranked[ends[group(entries[n])]++] = (uint64_t)entries[n].key << 32 | n;
  }
};

class Suppression {
 public:
  Suppression(const Table& table, const Measure& measure)
      : entries_(entries_of(table)), gone_(entries_.size()), survivors_(measure) {
    rows_.reserve(table.rows);
    for (int64_t row = 0; row < table.rows; ++row)
      rows_.emplace_back(table, row, measure.threshold, table.boxes + 4 * row);
  }

  void run(const Table& table, int64_t images) {
    Groups groups(table, entries_, images);
    Ranked* first = groups.ranked.data();
    for (size_t group = 0; group + 1 < groups.ends.size(); ++group) {
      Ranked* last = groups.ranked.data() + groups.ends[group];
      if (last - first > 1) run(first, last);
      first = last;
    }
  }

  // Row and column of each that is gone, row by row; how many they are.
  int64_t tell(int64_t* rows, int64_t* columns) const {
    int64_t count = 0;
    for (size_t n = 0; n < entries_.size(); ++n) {
      rows[count] = entries_[n].row, columns[count] = entries_[n].column;
      count += gone_[n];
    }
    return count;
  }

 private:
  std::vector<Row> rows_;
  std::vector<Entry> entries_;
  std::vector<uint8_t> gone_;
  std::vector<Ranked> spare_;
  Survivors survivors_;
  std::vector<int32_t> capacities_;
  int32_t parts_;

  // Of a side of the image, in which boxes lie by their left or upper edges.
  int32_t part(float edge) const { return (int32_t)(edge * (parts_ - 1) + .5f); }
  int32_t cell(const Row& row) const { return part(row.down.edge) * parts_ + part(row.across.edge); }
  const Row& row_of(Ranked ranked) const { return rows_[entries_[number_of(ranked)].row]; }

  void run(Ranked* first, Ranked* last) {
    sort(first, last, spare_);
    const int32_t parts = (int32_t)std::sqrt((double)(last - first) / OF_A_CELL);
    parts_ = std::min(std::max(parts, 1), MOST_PARTS);
    make_room(first, last);
    for (; first < last; ++first) {
      const Row& row = row_of(*first);
      if (!row.box.some()) continue;
      if (overlapped(row)) gone_[number_of(*first)] = 1;
      else survivors_.add(cell(row), row.box);
    }
  }

  void make_room(const Ranked* first, const Ranked* last) {
    capacities_.assign(parts_ * parts_, 0);
    for (; first < last; ++first) ++capacities_[cell(row_of(*first))];
    survivors_.start(capacities_);
  }

  bool overlapped(const Row& row) const {
    const int32_t left = part(row.across.first), right = part(row.across.last);
    for (int32_t y = part(row.down.first); y <= part(row.down.last); ++y)
      for (int32_t x = left; x <= right; ++x)
        if (survivors_.overlap(y * parts_ + x, row.box)) return true;
    return false;
  }
};

}  // namespace

extern "C" {

// rows and columns: of the entries that are suppressed, row by row. Returns how many they are.
int64_t suppress(const Table* table, int64_t images, const Measure* measure, int64_t* rows,
                 int64_t* columns) {
  Suppression suppression(*table, *measure);
  suppression.run(*table, images);
  return suppression.tell(rows, columns);
}
}
