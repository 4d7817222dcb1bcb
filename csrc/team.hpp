// A few threads that live for one call and share out rows.
//
// Every pass that runs through a Team writes each row from the previous pass's rows alone, so results do not depend on
// the number of threads.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pp {

class Team {
  public:
    explicit Team(int threads);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    // Calls work(first, last) for parts of [0, rows) of at least `grain` rows, one part a thread; returns when all are
    // done. A pass too small to share runs on the calling thread, without any locking. `work` must not throw.
    template <typename Work>
    void rows(int rows, int grain, const Work& work) {
        const int parts = std::min(size_, rows / std::max(1, grain));
        if (parts <= 1) {
            if (rows > 0) work(0, rows);
            return;
        }
        dispatch(parts, [&](int part) {
            const auto cut = [&](int p) { return static_cast<int>(static_cast<long long>(rows) * p / parts); };
            work(cut(part), cut(part + 1));
        });
    }

  private:
    void dispatch(int parts, const std::function<void(int)>& work);
    void serve(int part);

    int size_;
    std::mutex mutex_;
    std::condition_variable start_, done_;
    const std::function<void(int)>* work_ = nullptr;
    unsigned long round_ = 0;
    int parts_ = 0, running_ = 0;
    bool stop_ = false;
    std::vector<std::thread> helpers_;
};

}  // namespace pp
