#include "team.hpp"

#include <system_error>
#include <utility>

namespace pp {

Team::Team(int threads, int rows, int grain) : size_(1) {
    const int most = parts_of(threads, rows, grain);
    helpers_.reserve(static_cast<std::size_t>(most));  // so that nothing but a thread's start can fail below
    try {
        for (int part = 1; part < most; ++part) {
            helpers_.emplace_back([this, part] { serve(part); });
            ++size_;
        }
    } catch (const std::system_error&) {
        // The system gives no more threads: those there are do the work.
    }
}

Team::~Team() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stop_ = true;
    }
    start_.notify_all();
    for (std::thread& helper : helpers_) helper.join();
}

void Team::run(const std::function<void(int)>& work, int part) noexcept {
    try {
        work(part);
    } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex_);
        thrown_ = std::current_exception();
    }
}

void Team::dispatch(int parts, const std::function<void(int)>& work) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        work_ = &work;
        parts_ = parts;
        running_ = parts - 1;
        ++round_;
    }
    start_.notify_all();
    run(work, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Team::serve(int part) {
    unsigned long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        start_.wait(lock, [&] { return stop_ || round_ != seen; });
        if (stop_) return;
        seen = round_;
        if (part >= parts_) continue;
        const std::function<void(int)>* work = work_;
        lock.unlock();
        run(*work, part);
        lock.lock();
        if (--running_ == 0) done_.notify_one();
    }
}

}  // namespace pp
