#include "team.hpp"

#include <system_error>
#include <utility>

namespace pp {

Team::Team(int threads, int rows, int grain) : size_(1) {
    const int most = parts_of(threads, rows, grain);
    helpers_.reserve(static_cast<std::size_t>(most));  // so that nothing but a thread's start can fail below
    try {
        for (; size_ < most; ++size_) helpers_.emplace_back([this] { serve(); });
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

void Team::dispatch(int parts, const std::function<void(int)>& work) {
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    next_ = 0;
    parts_ = unfinished_ = parts;
    start_.notify_all();
    take(lock);
    done_.wait(lock, [this] { return unfinished_ == 0; });
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

// Runs parts until none is left to begin; `lock` is held but for the work itself.
void Team::take(std::unique_lock<std::mutex>& lock) {
    while (next_ < parts_) {
        const int part = next_++;
        lock.unlock();
        std::exception_ptr thrown;
        try {
            (*work_)(part);
        } catch (...) {
            thrown = std::current_exception();
        }
        lock.lock();
        if (thrown) thrown_ = thrown;
        --unfinished_;
    }
}

void Team::serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        start_.wait(lock, [this] { return stop_ || next_ < parts_; });
        if (stop_) return;
        take(lock);
        if (unfinished_ == 0) done_.notify_one();
    }
}

}  // namespace pp
