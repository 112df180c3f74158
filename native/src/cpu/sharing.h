// Whether the next steps are shared by the threads or run by one alone: the way that has taken less time per step, while the
// other is tried now and then. Both give the same bits.
#pragma once

#include <algorithm>
#include <cstdint>

namespace snn::cpu {

class Sharing {
public:
    bool shares_next() const { return tries_other_ ? !shares_ : shares_; }

    double alone_ns() const { return step_ns_[false]; }  // of a step, when it was run last; 0: never

    // How long a step took in the way that shares_next() named.
    void note(double step_ns) {
        const bool shared = shares_next();
        step_ns_[shared] = step_ns;
        const double other = step_ns_[!shared];
        if (tries_other_) {
            if (step_ns < margin * other) change();
            else pause_ = std::min(2 * pause_, longest_pause);  // no better now: not so soon again
        } else if (other > 0 && margin * step_ns > 2 * other) {
            change();  // it was better when it was tried
        }
        tries_other_ = false;
        if (--pieces_left_ > 0) return;
        tries_other_ = true;
        pieces_left_ = pause_;
    }

private:
    static constexpr uint32_t shortest_pause = 16, longest_pause = 1024;  // pieces between two tries
    static constexpr double margin = 0.95;  // so much less time makes it change

    void change() {
        shares_ = !shares_;
        pause_ = shortest_pause;
        pieces_left_ = pause_;
    }

    double step_ns_[2] = {0, 0};  // alone, shared: when it was run last
    bool shares_ = true, tries_other_ = false;
    uint32_t pause_ = shortest_pause, pieces_left_ = 2;  // tried soon, to know what it takes
};

}  // namespace snn::cpu
