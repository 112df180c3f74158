#include "schedule/session_gate.h"

#include <algorithm>
#include <thread>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "common/error.h"

namespace snn {

namespace {

std::atomic<uint32_t> forks{0};

// How often this process was forked off, watched from the first call on.
uint32_t fork_count() {
#if !defined(_WIN32)
    static const int registered = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1); });
    (void)registered;
#endif
    return forks.load();
}

const void* this_thread() {
    static thread_local char token;
    return &token;
}

}  // namespace

SessionGate::SessionGate() : fork_count_(fork_count()) {}

bool SessionGate::is_forked() const { return fork_count_ != forks.load(std::memory_order_relaxed); }

SessionGate::Calling::Calling(SessionGate& gate) : gate_(gate) {
    gate.callback_thread_.store(this_thread(), std::memory_order_release);
}

SessionGate::Calling::~Calling() { gate_.callback_thread_.store(nullptr, std::memory_order_release); }

SessionGate::Entry::Entry(SessionGate& gate, uint32_t access) : gate_(gate) {
    if (gate.is_forked())
        throw Error(SNN_ERROR_FORKED, "the session belongs to the parent process; open a new one after fork()");
    if (gate.closed_.load(std::memory_order_acquire))
        throw Error(SNN_ERROR_INVALID_HANDLE, "the session has been destroyed");
    Holder now = Holder::none;
    while (!gate.holder_.compare_exchange_weak(now, Holder::call)) {
        if (now == Holder::call) {
            if (gate.callback_thread_.load(std::memory_order_acquire) != this_thread())
                throw Error(SNN_ERROR_BUSY, "another thread is inside this session; a session takes one thread at a time");
            if (!(access & reading))
                throw Error(SNN_ERROR_BUSY, "a callback of this session may only read from it");
            nested_ = true;
            return;
        }
        if (now == Holder::ending) std::this_thread::yield();  // another thread has released a trainer: soon done
        now = Holder::none;
    }
    if (!gate.under_way_ || access & aside) return;
    gate.leave();
    throw Error(SNN_ERROR_BUSY, "steps of this session are under way; polling it tells when they are done");
}

SessionGate::Entry::~Entry() {
    if (!nested_) gate_.leave();
}

// Whoever disowns after the last look here finds that no one has the session, and ends it alone. While steps are under way the
// executor is theirs: the call that sees them done ends what was disowned.
void SessionGate::leave() noexcept {
    if (under_way_) return holder_.store(Holder::none);
    for (;;) {
        if (has_disowned_.load()) end_disowned();
        holder_.store(Holder::none);
        if (!has_disowned_.load()) return;
        Holder now = Holder::none;
        if (!holder_.compare_exchange_strong(now, Holder::ending)) return;  // who has it now does it
    }
}

void SessionGate::end_disowned() noexcept {
    has_disowned_.store(false);
    for (;;) {
        std::shared_ptr<void> ending;  // ends after the lock
        const std::lock_guard<std::mutex> lock(owned_mutex_);
        if (disowned_.empty()) return;
        ending = std::move(disowned_.back());
        disowned_.pop_back();
    }
}

void SessionGate::own(std::shared_ptr<void> object) {
    const std::lock_guard<std::mutex> lock(owned_mutex_);
    disowned_.reserve(owned_.size() + disowned_.size() + 1);  // disown() cannot fail
    owned_.push_back(std::move(object));
}

void SessionGate::disown(const void* object) noexcept {
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
