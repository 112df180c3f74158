// Decides whether the threads share the next steps or one thread runs them alone. It takes the way that needed less time per
// step, and tries the other now and then. Both give the same bits.
#pragma once

#include <algorithm>
#include <cstdint>

namespace snn::cpu {

class Sharing {
public:
    bool shares_next() const { return tries_other_ ? !shares_ : shares_; }

    double alone_ns() const { return step_ns_[false]; }  // time of a step when last run alone; 0: never

    // Notes how long a step took in the way that shares_next() chose.
    void note(double step_ns) {
        const bool shared = shares_next();
        step_ns_[shared] = step_ns;
        const double other = step_ns_[!shared];
        if (tries_other_) {
            if (step_ns < margin * other) change();
            else pause_ = std::min(2 * pause_, longest_pause);  // no better: wait longer before the next try
        } else if (other > 0 && margin * step_ns > 2 * other) {
            change();  // the other way was better when it was tried
        }
        tries_other_ = false;
        if (--pieces_left_ > 0) return;
        tries_other_ = true;
        pieces_left_ = pause_;
    }

private:
    static constexpr uint32_t shortest_pause = 16, longest_pause = 1024;  // pieces between two tries
    static constexpr double margin = 0.95;  // the other way must take less than this share of the time

    void change() {
        shares_ = !shares_;
        pause_ = shortest_pause;
        pieces_left_ = pause_;
    }

    double step_ns_[2] = {0, 0};  // alone, shared: time when last run
    bool shares_ = true, tries_other_ = false;
    uint32_t pause_ = shortest_pause, pieces_left_ = 2;  // the first try comes soon, to learn how long it takes
};

}  // namespace snn::cpu
