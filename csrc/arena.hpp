// One block of memory for all the maps of a solve: allocated once, aligned for the vector units, on large pages where
// the system has them (a fifth of the time of a single solve went into the page faults of separate blocks).
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace pp {

class Arena {
  public:
    static constexpr std::size_t kLine = 16;  // floats in a cache line

    // Room for `floats` in all, as rounded() counts them. Throws std::bad_alloc.
    explicit Arena(std::size_t floats);

    // The next `floats` of it, on a cache line, not initialised.
    float* take(std::size_t floats) {
        float* start = next_;
        next_ += rounded(floats);
        return start;
    }

    static std::size_t rounded(std::size_t floats) { return (floats + kLine - 1) / kLine * kLine; }

  private:
    struct Free {
        std::align_val_t alignment;
        void operator()(float* block) const { ::operator delete[](block, alignment); }
    };

    static std::align_val_t alignment(std::size_t floats);

    std::unique_ptr<float[], Free> block_;
    float* next_;
};

}  // namespace pp
