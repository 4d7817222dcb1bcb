#include "dot.hpp"

#include "dispatch.hpp"

namespace pp {

PP_CLONES double dot(const float* a, const float* b, int width) {
    constexpr int kLanes = 64;  // four vectors: enough that additions need not wait for each other
    float lanes[kLanes] = {};
    for (; width >= kLanes; width -= kLanes, a += kLanes, b += kLanes) {
        for (int i = 0; i < kLanes; ++i) lanes[i] += a[i] * b[i];
    }
    for (int i = 0; i < width; ++i) lanes[i] += a[i] * b[i];
    double total = 0;
    for (const float lane : lanes) total += static_cast<double>(lane);
    return total;
}

}  // namespace pp
