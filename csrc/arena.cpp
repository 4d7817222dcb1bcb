#include "arena.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pp {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21;

bool on_large_pages(std::size_t floats) { return floats * sizeof(float) >= 2 * kLargePage; }

}  // namespace

std::align_val_t Arena::alignment(std::size_t floats) {
    return std::align_val_t{on_large_pages(floats) ? kLargePage : kLine * sizeof(float)};
}

Arena::Arena(std::size_t floats)
    : block_(static_cast<float*>(::operator new[](floats * sizeof(float), alignment(floats))), Free{alignment(floats)}),
      next_(block_.get()) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    // Advice only, so its failure does not matter.
    const std::size_t whole = floats * sizeof(float) / kLargePage * kLargePage;
    if (on_large_pages(floats)) static_cast<void>(madvise(block_.get(), whole, MADV_HUGEPAGE));
#endif
}

}  // namespace pp
