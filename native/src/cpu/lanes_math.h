// The library's own exp on lanes, operation by operation as docs/model-format.md ("Software exp") writes it.
#pragma once

namespace snn::cpu::SNN_ISA {

SNN_ALWAYS_INLINE F exp_(F x) {
    x = min_(max_(x, broadcast_f(-87.0f)), broadcast_f(88.0f));
    const F n = floor_(add(mul(x, broadcast_f(0x1.715476p+0f)), broadcast_f(0.5f)));
    const F r = sub(sub(x, mul(n, broadcast_f(0x1.62e400p-1f))), mul(n, broadcast_f(0x1.7f7d1cp-20f)));
    F p = broadcast_f(0x1.6d10fcp-10f);
    p = add(mul(p, r), broadcast_f(0x1.120b62p-7f));
    p = add(mul(p, r), broadcast_f(0x1.55551ap-5f));
    p = add(mul(p, r), broadcast_f(0x1.5554dep-3f));
    p = add(mul(p, r), broadcast_f(0.5f));
    p = add(mul(p, r), broadcast_f(1.0f));
    p = add(mul(p, r), broadcast_f(1.0f));
    return mul(p, from_bits(shift_left<23>(add(nearest(n), broadcast_i(127)))));
}

}  // namespace snn::cpu::SNN_ISA
