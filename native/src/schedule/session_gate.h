// Who is inside a session: one call at a time, what a callback calls meanwhile, steps in the background; and the end of what
// works on the session's executor, such as a trainer, which waits until nobody is inside.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace snn {

class SessionGate {
public:
    // What calls are besides ordinary: `reading` ones are allowed from inside a callback of this session as well; those `aside`
    // touch nothing that a step reads or changes, and are allowed while steps are under way.
    enum Access : uint8_t { ordinary = 0, reading = 1, aside = 2 };

    // Held by every call. `access`: a sum of Access.
    class Entry {
    public:
        explicit Entry(SessionGate& gate, uint32_t access = ordinary);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        SessionGate& gate_;
        bool nested_ = false;
    };

    // Held while a callback runs: reading calls are allowed from inside it. A C++ host's callback may throw: reading must not
    // stay allowed then.
    class Calling {
    public:
        explicit Calling(SessionGate& gate);
        ~Calling();
        Calling(const Calling&) = delete;
        Calling& operator=(const Calling&) = delete;

    private:
        SessionGate& gate_;
    };

    SessionGate();

    void close() { closed_.store(true, std::memory_order_release); }
    // This process was forked off since the session was opened.
    bool is_forked() const;
    // From the call that begins steps in the background to the one that sees them done. Said and asked by whoever is inside,
    // and by these steps.
    void set_under_way(bool under_way) { under_way_ = under_way; }
    bool under_way() const { return under_way_; }

    // Keeps what works on the executor until disown() or the end of the session, whichever is first. The executor and its
    // memory are of one thread at a time: what is disowned while a call is inside the session ends with that call, on its
    // thread.
    void own(std::shared_ptr<void> object);
    void disown(const void* object) noexcept;

private:
    // Who has the session: no one, a call, or a thread that ends what was disowned.
    enum class Holder : uint8_t { none, call, ending };

    void leave() noexcept;
    void end_disowned() noexcept;

    std::mutex owned_mutex_;  // of these two; no step takes it
    std::vector<std::shared_ptr<void>> owned_, disowned_;
    std::atomic<bool> has_disowned_{false};

    std::atomic<Holder> holder_{Holder::none};
    std::atomic<bool> closed_{false};
    std::atomic<const void*> callback_thread_{nullptr};
    uint32_t fork_count_;
    bool under_way_ = false;
};

}  // namespace snn
