// Splits a range among threads. The pieces are contiguous, so a kernel whose items are independent gives the same
// result for every number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace pp {

// Calls work(begin, end) for pieces that cover [0, count): one on the caller's thread, the others on their own.
template <typename Work>
void parallel_for(std::ptrdiff_t count, int threads, const Work& work) {
    const std::ptrdiff_t pieces = std::clamp<std::ptrdiff_t>(threads, 1, std::max<std::ptrdiff_t>(count, 1));
    std::vector<std::thread> helpers;
    helpers.reserve(static_cast<std::size_t>(pieces - 1));
    for (std::ptrdiff_t piece = 1; piece < pieces; ++piece) {
        helpers.emplace_back([=, &work] { work(count * piece / pieces, count * (piece + 1) / pieces); });
    }
    work(0, count / pieces);
    for (std::thread& helper : helpers) helper.join();
}

}  // namespace pp
