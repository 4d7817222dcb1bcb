#include "arena.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pp {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21;

bool on_large_pages(std::size_t floats) { return floats * sizeof(float) >= 2 * kLargePage; }

}  // namespace

Arena::Arena(std::size_t floats) {
    const std::size_t bytes = floats * sizeof(float);
    const std::size_t alignment = on_large_pages(floats) ? kLargePage : kLine * sizeof(float);
    std::size_t room = bytes + alignment;
    block_.reset(new std::byte[room]);
    void* start = block_.get();
    next_ = static_cast<float*>(std::align(alignment, bytes, start, room));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    // Advice only, so its failure does not matter.
    if (on_large_pages(floats)) static_cast<void>(madvise(next_, bytes / kLargePage * kLargePage, MADV_HUGEPAGE));
#endif
}

}  // namespace pp
