#include "team.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace pp {

struct Team::Shared {
    std::mutex mutex;
    std::condition_variable start, done;
    const std::function<void(int)>* work = nullptr;
    int next = 0, parts = 0, unfinished = 0;
    bool over = false;
    std::exception_ptr thrown;

    // Runs parts until none is left to begin; `lock` is held but for the work itself.
    void take(std::unique_lock<std::mutex>& lock) {
        while (next < parts) {
            const int part = next++;
            lock.unlock();
            std::exception_ptr failure;
            try {
                (*work)(part);
            } catch (...) {
                failure = std::current_exception();
            }
            lock.lock();
            if (failure) thrown = std::move(failure);
            --unfinished;
        }
    }

    void serve() {
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            start.wait(lock, [this] { return over || next < parts; });
            if (over) return;
            take(lock);
            if (unfinished == 0) done.notify_one();
        }
    }
};

Team::Team(int threads, int rows, int grain) : shared_(std::make_shared<Shared>()) {
    const int most = parts_of(threads, rows, grain);
    try {
        for (; size_ < most; ++size_) std::thread([shared = shared_] { shared->serve(); }).detach();
    } catch (const std::system_error&) {
        // The system gives no more threads: those there are do the work.
    }
}

Team::~Team() {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->over = true;
    shared_->start.notify_all();
}

void Team::dispatch(int parts, const std::function<void(int)>& work) {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    shared_->work = &work;
    shared_->next = 0;
    shared_->parts = shared_->unfinished = parts;
    shared_->start.notify_all();
    shared_->take(lock);
    shared_->done.wait(lock, [this] { return shared_->unfinished == 0; });
    if (shared_->thrown) std::rethrow_exception(std::exchange(shared_->thrown, nullptr));
}

}  // namespace pp
