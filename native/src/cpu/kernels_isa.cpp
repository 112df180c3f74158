// All kernels of the CPU backend for one instruction set. This file is compiled once for each set (SNN_ISA, see
// native/CMakeLists.txt) with that set's compiler flags.
//
// Everything here is static or lies in the namespace of the instruction set. No header is included that has inline functions
// which other files share: the linker must never pick code compiled for AVX-512 for all of them.
#include "cpu/kernel_table.h"
#include "cpu/lanes.h"
#include "cpu/model_args.h"
#include "network/op.h"

namespace snn::cpu::SNN_ISA {

#include "cpu/kernels_spans.h"
#include "model_kernels.inl"

// clang-format off
#include "cpu/kernels_forward.h"
#include "cpu/kernels_conv.h"
#include "cpu/kernels_conv_dense.h"
#include "cpu/kernels_conv_bits.h"
#include "cpu/kernels_interpreter.h"
#include "cpu/kernels_plasticity.h"
#include "plasticity_kernels.inl"
#include "cpu/kernels_gradient.h"
#include "cpu/kernels_optimizer.h"
// clang-format on

#define SNN_TEXT_OF(name) #name
#define SNN_TEXT(name) SNN_TEXT_OF(name)

extern const KernelTable kernels;
const KernelTable kernels{
    .name = SNN_TEXT(SNN_ISA),
    .models = compiled_models,
    .model_count = compiled_model_count,
    .has_fast_products = has_fast_products,
    .pack_bits = pack_bits,
    .count_bits = count_bits,
    .list_bits = list_bits,
    .list_rows = list_rows,
    .add_bias = add_bias,
    .take_fixed = take_fixed,
    .deliver_dense = deliver_dense,
    .deliver_values = deliver_values,
    .deliver_dense_samples = deliver_dense_samples,
    .deliver_one_to_one = deliver_one_to_one,
    .deliver_visits = deliver_visits,
    .deliver_visits_fixed = deliver_visits_fixed,
    .deliver_entries = deliver_entries,
    .deliver_conv = deliver_conv,
    .deliver_scatter = deliver_scatter,
    .quantize = quantize,
    .plasticity = compiled_plasticity,
    .plasticity_count = compiled_plasticity_count,
    .interpret_plastic = plastic_visits<InterpretedPlasticity>,
    .interpret_event = interpret_event,
    .decay_post_traces = decay_post_traces,
    .interpret_step = interpret_step,
    .interpret_adjoint = interpret_adjoint,
    .transpose_panels = transpose_panels,
    .add_product = add_product,
    .add_active_products = add_active_products,
    .turn_rows = turn_rows,
    .add_segment_products = add_segment_products,
    .add_outer = add_outer,
    .add_rows = add_rows,
    .turn_channels = turn_channels,
    .conv_source_gradient = conv_source_gradient,
    .conv_weight_gradient = conv_weight_gradient,
    .update_weights = update_weights,
};

}  // namespace snn::cpu::SNN_ISA
