// How a thread computes with floating-point numbers: rounding, flushing of denormal numbers to zero, and exceptions that trap.
// A host may have changed this for its own threads - audio and games flush denormals, others round upwards - and the change
// would alter the bits of a network. So calls of the C interface, the library's threads and tasks that a host's job system runs
// all compute in the standard mode: round to nearest, ties to even, no flushing, no traps.
//
// Thread-safety: each thread has its own mode.
#pragma once

#include "common/compiler.h"

#if defined(__SSE__) || defined(_M_X64) || (defined(_M_IX86_FP) && _M_IX86_FP >= 1)
#include <xmmintrin.h>
#define SNN_FLOAT_MODE_IS_MXCSR
#elif !defined(SNN_READ_FPCR)
#include <cfenv>
#endif

namespace snn {

#if defined(SNN_FLOAT_MODE_IS_MXCSR)

class FloatMode {
public:
    static FloatMode of_this_thread() {
        FloatMode mode(_mm_getcsr());
        SNN_READ_X87(mode.x87_);
        return mode;
    }
    static FloatMode standard() { return FloatMode(0x1f80); }  // exceptions masked
    void enter() const {
        _mm_setcsr(control_);
        SNN_WRITE_X87(x87_);
    }
    // Ignores the status flags.
    bool computes_like(FloatMode other) const {
        return ((control_ ^ other.control_) & ~0x3fu) == 0 && x87_ == other.x87_;
    }

private:
    explicit FloatMode(unsigned control) : control_(control) {}
    unsigned control_;
    unsigned short x87_ = 0x37f;  // exceptions masked, 64 bits of precision
};

#elif defined(SNN_READ_FPCR)

class FloatMode {
public:
    static FloatMode of_this_thread() {
        FloatMode mode = standard();
        SNN_READ_FPCR(mode.control_);
        return mode;
    }
    static FloatMode standard() { return {}; }
    void enter() const { SNN_WRITE_FPCR(control_); }
    bool computes_like(FloatMode other) const { return control_ == other.control_; }

private:
    unsigned long long control_ = 0;
};

#else

// Two modes cannot be compared here, so a mode is always entered.
class FloatMode {
public:
    static FloatMode of_this_thread() {
        FloatMode mode = standard();
        std::fegetenv(&mode.environment_);
        mode.is_standard_ = false;
        return mode;
    }
    static FloatMode standard() { return {}; }
    void enter() const { std::fesetenv(is_standard_ ? FE_DFL_ENV : &environment_); }
    bool computes_like(const FloatMode&) const { return false; }

private:
    std::fenv_t environment_{};
    bool is_standard_ = true;
};

#endif

// The thread computes in `mode` while this object lives, and then in its previous mode again, even if other code changes the
// mode in between. The register is written only if necessary, because reading it is much cheaper.
class FloatModeScope {
public:
    explicit FloatModeScope(const FloatMode& mode = FloatMode::standard()) : before_(FloatMode::of_this_thread()) {
        if (!before_.computes_like(mode)) mode.enter();
    }
    ~FloatModeScope() {
        if (!FloatMode::of_this_thread().computes_like(before_)) before_.enter();
    }
    FloatModeScope(const FloatModeScope&) = delete;
    FloatModeScope& operator=(const FloatModeScope&) = delete;

private:
    FloatMode before_;
};

}  // namespace snn
