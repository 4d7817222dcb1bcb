// A few threads that live for one call and share out rows.
//
// Parts of the work are taken one by one by whichever thread is free, the calling one among them, and a helper that has
// begun none is not waited for: the system may start it late, or on a core that another process holds. Every pass that
// runs through a Team writes each row from the previous pass's rows alone, so results do not depend on the number of
// threads.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>

namespace pp {

class Team {
  public:
    // At most `threads`, and no more than there are parts of `grain` rows in `rows`.
    Team(int threads, int rows, int grain);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    // Calls work(part) for each part in [0, parts), on as many threads as there are, and returns when all are done. A
    // single part runs on the calling thread, without any locking. What `work` throws is thrown here, once all parts
    // have ended: of several, one.
    template <typename Work>
    void each(int parts, const Work& work) {
        if (parts > 1) {
            dispatch(parts, work);
        } else if (parts == 1) {
            work(0);
        }
    }

    // Calls work(first, last) for parts of [0, rows) of at least `grain` rows.
    template <typename Work>
    void rows(int rows, int grain, const Work& work) {
        const int threads = parts_of(rows, grain), parts = threads > 1 ? parts_of(kShares * threads, rows, grain) : 1;
        each(parts, [&](int part) { work(cut(rows, part, parts), cut(rows, part + 1, parts)); });
    }

    // How many threads such rows are worth.
    int parts_of(int rows, int grain) const { return parts_of(size_, rows, grain); }

    // The first row of part `part`.
    static int cut(int rows, int part, int parts) {
        return static_cast<int>(static_cast<long long>(rows) * part / parts);
    }

  private:
    // Parts a thread: what the slowest thread makes the others wait for at the end is a part.
    static constexpr int kShares = 4;

    static int parts_of(int most, int rows, int grain) {
        return std::max(1, std::min(most, rows / std::max(1, grain)));
    }

    void dispatch(int parts, const std::function<void(int)>& work);

    // What the threads share outlives the team: a helper that the system starts too late finds that it is over.
    struct Shared;
    const std::shared_ptr<Shared> shared_;
    int size_ = 1;
};

}  // namespace pp
