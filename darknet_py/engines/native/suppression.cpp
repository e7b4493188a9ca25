// What engines/native/suppression.py calls: suppression over all images and classes, and the order
// in which boxes are printed.
#include "entries.h"
#include "overlap.h"
#include "printing.h"

namespace {

// Entries that a cell of the grid has, about; the most cells along a side.
constexpr int64_t OF_A_CELL = 128;
constexpr int32_t MOST_PARTS = 32;

class Suppression {
 public:
  Suppression(const Table& table, const Measure& measure)
      : table_(table), threshold_(measure.threshold), entries_(entries_of(table)),
        gone_(entries_.size()), survivors_(measure) {
    boxes_.reserve(table.rows);
    for (int64_t row = 0; row < table.rows; ++row) boxes_.push_back(table.box(row));
  }

  void run(int64_t images) {
    Groups groups(table_.image, entries_, images, table_.classes);
    groups.each([&](Ranked* first, Ranked* last) { run(first, last); });
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
  const Table& table_;
  const double threshold_;
  std::vector<Box> boxes_;
  std::vector<Reach> across_, down_;  // once a group needs a grid
  std::vector<Entry> entries_;
  std::vector<uint8_t> gone_;
  std::vector<Ranked> spare_;
  Survivors survivors_;
  std::vector<int32_t> capacities_;
  int32_t parts_;

  // Of a side of the image, in which boxes lie by their left or upper edges.
  int32_t part(float edge) const { return (int32_t)(edge * (parts_ - 1) + .5f); }

  int32_t cell(int64_t row) const {
    return parts_ == 1 ? 0 : part(down_[row].edge) * parts_ + part(across_[row].edge);
  }

  void run(Ranked* first, Ranked* last) {
    sort(first, last, spare_);
    make_grid(first, last);
    for (; first < last; ++first) {
      const int64_t number = number_of(*first), row = entries_[number].row;
      if (!boxes_[row].some()) continue;
      if (overlapped(row)) gone_[number] = 1;
      else survivors_.add(cell(row), boxes_[row]);
    }
  }

  void make_grid(const Ranked* first, const Ranked* last) {
    const int32_t parts = (int32_t)std::sqrt((double)(last - first) / OF_A_CELL);
    parts_ = std::min(std::max(parts, 1), MOST_PARTS);
    if (parts_ > 1 && across_.empty()) measure_reach();
    capacities_.assign(parts_ * parts_, 0);
    for (; first < last; ++first) ++capacities_[cell(entries_[number_of(*first)].row)];
    survivors_.start(capacities_);
  }

  void measure_reach() {
    for (const float* box = table_.boxes; box < table_.boxes + 4 * table_.rows; box += 4) {
      across_.emplace_back(box[0], box[2], threshold_);
      down_.emplace_back(box[1], box[3], threshold_);
    }
  }

  bool overlapped(int64_t row) const {
    if (parts_ == 1) return survivors_.overlap(0, boxes_[row]);
    const int32_t left = part(across_[row].first), right = part(across_[row].last);
    for (int32_t y = part(down_[row].first); y <= part(down_[row].last); ++y)
      for (int32_t x = left; x <= right; ++x)
        if (survivors_.overlap(y * parts_ + x, boxes_[row])) return true;
    return false;
  }
};

}  // namespace

extern "C" {

// rows and columns: of the entries that are suppressed, row by row. Returns how many they are.
int64_t suppress(const Table* table, int64_t images, const Measure* measure, int64_t* rows,
                 int64_t* columns) {
  Suppression suppression(*table, *measure);
  suppression.run(images);
  return suppression.tell(rows, columns);
}

// The rows as they are printed, see printing.h; false where scores are below 0 or no numbers.
bool printing_order(const Table* table, int64_t images, int64_t* rows) {
  if (!plain(*table)) return false;
  print(*table, images, rows);
  return true;
}
}
