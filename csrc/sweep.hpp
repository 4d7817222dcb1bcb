// Several passes over the rows of a periodic map, fused into one sweep: row y of a stage may read rows y - 1, y and y +
// 1 of what the stage before it wrote, so it can run as soon as that has done row y + 1, while these rows are still in
// the cache. A stage may overwrite what the stage before it reads, or what that one's predecessor wrote, one row
// behind.
//
// The map is cut into bands, one a thread. Within a band, stage s leaves out s rows at either end; these wedges, at the
// seams between bands (one of them where the map closes on itself), are filled in afterwards, each seam on its own.
// Every row is computed once and from the same values whatever the bands, so results do not depend on their number.
#pragma once

#include "team.hpp"

namespace pp {

// stages: callables void(int row), in order. grain: rows worth a thread of their own.
template <typename... Stage>
void sweep(Team& team, int rows, int grain, const Stage&... stages) {
    constexpr int kStages = sizeof...(Stage);
    if (rows < 2 * kStages) {  // wedges would overlap: one stage after the other
        const auto all_rows = [rows](const auto& stage) {
            for (int y = 0; y < rows; ++y) stage(y);
        };
        (all_rows(stages), ...);
        return;
    }
    const int bands = team.parts_of(rows, std::max(grain, 2 * kStages));
    team.each(bands, [&](int band) {
        const int first = Team::cut(rows, band, bands), last = Team::cut(rows, band + 1, bands);
        for (int now = first; now < last; ++now) {
            int lag = 0;
            const auto follow = [&](const auto& stage) {
                if (now - lag >= first + lag) stage(now - lag);
                ++lag;
            };
            (follow(stages), ...);
        }
    });
    team.each(bands, [&](int seam) {
        const int centre = Team::cut(rows, seam, bands);
        int reach = 0;
        const auto fill = [&](const auto& stage) {
            for (int y = centre - reach; y < centre + reach; ++y) stage((y + rows) % rows);
            ++reach;
        };
        (fill(stages), ...);
    });
}

}  // namespace pp
