// One block of memory for all the maps of a solve: allocated once, aligned for the vector units, on large pages where
// the system has them (a fifth of the time of a single solve went into the page faults of separate blocks).
#pragma once

#include <cstddef>
#include <memory>

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
    // Aligned here, and not by operator new: of a block that it aligned to large pages glibc does not learn that such
    // sizes come back, and each call pays the page faults again (a sixth of a slope of SSIMULACRA 2).
    std::unique_ptr<std::byte[]> block_;
    float* next_;
};

}  // namespace pp
