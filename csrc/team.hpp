// A few threads that live for one call and share out rows.
//
// Every pass that runs through a Team writes each row from the previous pass's rows alone, so results do not depend on
// the number of threads.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pp {

class Team {
  public:
    // At most `threads`, and no more than there are parts of `grain` rows in `rows`.
    Team(int threads, int rows, int grain);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    // Calls work(part) for each part in [0, parts), each on a thread of its own, and returns when all are done; parts
    // is at most the team's size. One part runs on the calling thread, without any locking. What `work` throws is
    // thrown here, once all parts have ended: of several, one.
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
        const int parts = parts_of(rows, grain);
        each(parts, [&](int part) { work(cut(rows, part, parts), cut(rows, part + 1, parts)); });
    }

    int parts_of(int rows, int grain) const { return parts_of(size_, rows, grain); }

    // The first row of part `part`.
    static int cut(int rows, int part, int parts) {
        return static_cast<int>(static_cast<long long>(rows) * part / parts);
    }

  private:
    static int parts_of(int most, int rows, int grain) {
        return std::max(1, std::min(most, rows / std::max(1, grain)));
    }

    void run(const std::function<void(int)>& work, int part) noexcept;
    void dispatch(int parts, const std::function<void(int)>& work);
    void serve(int part);

    int size_;
    std::mutex mutex_;
    std::condition_variable start_, done_;
    const std::function<void(int)>* work_ = nullptr;
    unsigned long round_ = 0;
    int parts_ = 0, running_ = 0;
    bool stop_ = false;
    std::exception_ptr thrown_;
    std::vector<std::thread> helpers_;
};

}  // namespace pp
