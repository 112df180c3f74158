// Who is inside a session: one call at a time, and what a trainer or a garbage collector ends meanwhile.
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "common/error.h"
#include "schedule/session.h"

namespace snn {

namespace {

std::atomic<uint32_t> forks{0};

}  // namespace

uint32_t Session::fork_count() {
#if !defined(_WIN32)
    static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
    (void)registered;
#endif
    return forks.load();
}

const void* Session::this_thread() {
    static thread_local char token;
    return &token;
}

Session::Entry::Entry(Session& session, uint32_t access) : session_(session) {
    if (session.fork_count_ != forks.load(std::memory_order_relaxed))
        throw Error(SNN_ERROR_FORKED, "the session belongs to the parent process; open a new one after fork()");
    if (session.closed_.load(std::memory_order_acquire))
        throw Error(SNN_ERROR_INVALID_HANDLE, "the session has been destroyed");
    Holder now = Holder::none;
    while (!session.holder_.compare_exchange_weak(now, Holder::call)) {
        if (now == Holder::call) {
            if (session.callback_thread_.load(std::memory_order_acquire) != this_thread())
                throw Error(SNN_ERROR_BUSY, "another thread is inside this session; a session takes one thread at a time");
            if (!(access & reading))
                throw Error(SNN_ERROR_BUSY, "a callback of this session may only read from it");
            nested_ = true;
            return;
        }
        if (now == Holder::ending) std::this_thread::yield();  // another thread has released a trainer: soon done
        now = Holder::none;
    }
    if (!session.under_way_ || access & aside) return;
    session.leave();
    throw Error(SNN_ERROR_BUSY, "steps of this session are under way; polling it tells when they are done");
}

Session::Entry::~Entry() {
    if (!nested_) session_.leave();
}

// Whoever disowns after the last look here finds that no one has the session, and ends it alone. While steps are under way the
// executor is theirs: the call that sees them done ends what was disowned.
void Session::leave() noexcept {
    if (under_way_) return holder_.store(Holder::none);
    for (;;) {
        if (has_disowned_.load()) end_disowned();
        holder_.store(Holder::none);
        if (!has_disowned_.load()) return;
        Holder now = Holder::none;
        if (!holder_.compare_exchange_strong(now, Holder::ending)) return;  // who has it now does it
    }
}

void Session::end_disowned() noexcept {
    has_disowned_.store(false);
    for (;;) {
        std::shared_ptr<void> ending;  // ends after the lock
        const std::lock_guard<std::mutex> lock(owned_mutex_);
        if (disowned_.empty()) return;
        ending = std::move(disowned_.back());
        disowned_.pop_back();
    }
}

// After fork() what an executor has belongs to the parent: a device whose driver was not made for it, threads that are not
// there, locks that one of them may hold. So it is left as it is.
Session::~Session() {
    if (fork_count_ == forks.load(std::memory_order_relaxed)) return;
    (void)background_.release();
    (void)executor_.release();
}

void Session::own(std::shared_ptr<void> object) {
    const std::lock_guard<std::mutex> lock(owned_mutex_);
    disowned_.reserve(owned_.size() + disowned_.size() + 1);  // disown() cannot fail
    owned_.push_back(std::move(object));
}

void Session::disown(const void* object) noexcept {
    {
        const std::lock_guard<std::mutex> lock(owned_mutex_);
        const auto found = std::find_if(owned_.begin(), owned_.end(), [&](const auto& owned) { return owned.get() == object; });
        if (found == owned_.end()) return;
        disowned_.push_back(std::move(*found));
        owned_.erase(found);
    }
    has_disowned_.store(true);
    Holder now = Holder::none;
    if (holder_.compare_exchange_strong(now, Holder::ending)) leave();
}

}  // namespace snn
