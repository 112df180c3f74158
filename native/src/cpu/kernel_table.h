// The kernels as the executor calls them: one table of functions for each instruction set. All tables give the same results.
// Forward, these are the same bits; gradients are the same bits for every thread count, and equal within rounding between
// instruction sets.
//
// Rows of neurons are padded to 16 and 64-byte aligned; weights are as the network holds them, neither padded nor aligned.
// A range [begin, end) of targets begins at a multiple of 16 and ends at one or at the population's size.
#pragma once

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>

#include "cpu/model_args.h"
#include "train/optimizer.h"

namespace snn::cpu {

// sums[j] (+)= bias[j], then += w[i][j] (* values[i]) for i of `active` in order.
// Also computes the weight gradient of a dense projection, with rows of gradients in place of rows of weights.
struct DenseArgs {
    float* sums;
    const float* weights;
    size_t stride;  // floats from one row of weights to the next
    const uint32_t* active;
    uint32_t active_count;
    const float* values;  // by source index; null: sources are 0 or 1
    const float* bias;    // null: none
    bool from_zero;       // sums start at +0, whatever they hold
    bool exact_end;       // leave the lanes between `end` and the next multiple of 16 alone
    uint32_t begin, end;
};

// sums[r][j] = start[j] (added to sums[r][j], unless from_zero) + sum over i of values[r][i] * w[i][j], i ascending, with each
// product and sum rounded. The bits are those of DenseArgs with all sources active: adding the zero of a silent source changes
// no bit, because no sum is -0.
constexpr uint32_t panel_columns = 32;
struct ValuesArgs {
    float* sums;
    size_t sums_stride;
    const float* values;
    size_t values_stride;
    uint32_t rows;
    const float* panel;  // w in panels of panel_columns targets: [panel][i][panel_columns]
    uint32_t inner;      // count of i
    uint32_t width;      // count of j, a multiple of 16
    const float* start;  // [width]
    bool from_zero;
};

// For several samples: sums[s][j] = start[j] (added to sums[s][j], unless from_zero) + sum over the i that are active in s of
// w[i][j] * one, i ascending. The bits are those of DenseArgs for each sample.
struct DenseSamplesArgs {
    float* sums;
    size_t sums_stride;
    const uint32_t* active;  // the lists of all samples, one after the other
    const uint32_t* ends;    // [sample] where its list ends
    uint32_t samples;
    float one;           // value of an active source
    const float* panel;  // as in ValuesArgs
    uint32_t inner, width;
    const float* start;
    bool from_zero;
};

// sums[i] += w[i] (* values[i]) where i is active.
struct OneToOneArgs {
    float* sums;
    const float* weights;
    const uint16_t* bits;  // activity
    const float* values;   // null: binary
    uint32_t begin, end;
};

// One stretch of a sparse row: sums[targets[k]] += weights[k] (* value), in order.
struct Visit {
    const uint32_t* targets;
    const void* weights;  // float or int32
    uint32_t count;
    float value;
};

// One stretch of a bundled row (sparse_bundles.h). A word has a place (bits 0-15) and an integer weight (bits 16-31).
struct EntryVisit {
    const uint32_t* words;
    uint32_t count;
    uint32_t first;  // index of the accumulator at place 0
};

// A kernel position that connects a source coordinate with a target coordinate.
struct Tap {
    uint32_t kernel, target;
};

// The kernel positions at which a target coordinate has a source inside the image: the first one, their count, and the source
// at the first one.
struct TapRange {
    uint32_t kernel, count, source;
};

// Up to 16 output channels of one group, side by side in lanes.
struct ConvBlock {
    uint32_t group, first, count;
};

struct ConvShape {
    uint32_t in_channels, in_height, in_width;
    uint32_t out_channels, out_height, out_width;
    uint32_t kernel_y, kernel_x;
    uint32_t group_inputs, group_outputs;  // channels of one group
    const Tap* y_taps;                     // [in_height][kernel_y], the first y_tap_counts[y] are used
    const Tap* x_taps;                     // [in_width][kernel_x]
    const uint32_t* y_tap_counts;
    const uint32_t* x_tap_counts;
    // From one tap of a source to the next along x, the kernel position goes up and the target goes down by these steps.
    uint32_t x_kernel_step, x_target_step;
    uint32_t x_stride, x_dilation, x_padding, y_stride, y_dilation, y_padding;
    const TapRange *y_ranges, *x_ranges;  // [out_height], [out_width]
    const ConvBlock* blocks;
    // For dL/d(source): vectors of 16 in a row of the kernel, and floats from one place of the image to the next. Fewer than 16
    // inputs of a group share vectors with those of the next place if that takes fewer vectors; otherwise each place has its
    // own.
    uint32_t row_vectors, place_step;
    // The sources of a group as an image with margins of zeros, [group input][y][x]. Floats in a row, in a channel and in all
    // of it; the last is 0 if the image would be too large.
    size_t image_width, image_plane, image_size;
    // How many inputs of a group have their windows in the bits of one word (kernels_conv_bits.h); 0: the convolution does not
    // suit it.
    uint32_t word_inputs;

    uint32_t in_plane() const { return in_height * in_width; }
    uint32_t out_plane() const { return out_height * out_width; }
    uint32_t block_weights() const { return group_inputs * kernel_y * kernel_x * 16; }
    // The size of a plane of targets with margins for sources at the edge of the image.
    uint64_t padded_plane() const { return out_height * (out_width + uint64_t{2} * (kernel_x - 1) * x_dilation); }
    // Whether the weight gradient is computed by sliding over a copy of the targets with margins. This needs stride 1, and a
    // copy that is not too large, as it would be with a dilation far beyond the image.
    bool slides() const { return x_stride == 1 && y_stride == 1 && padded_plane() <= uint64_t{1} << 24; }
};

constexpr uint32_t conv_blocks_together = 4;
constexpr uint32_t most_word_rows = 256;  // rows of all inputs of a word, with their margins
struct ConvArgs {
    const ConvShape* shape;
    float* sums;
    const float* weights;  // packed [block][group input][kernel_y][kernel_x][16]
    const uint32_t* active;
    uint32_t active_count;
    const float* values;
    const float* bias;  // [out_channel]
    bool from_zero;
    uint32_t block_begin, block_end;
    float* scratch;  // [position][conv_blocks_together][16]
    // The way to add, chosen by the share of active sources: one source at a time, unless `image` or `bits` is set.
    float* image;          // by whole windows; scratch memory of ConvShape::image_size
    const uint16_t* bits;  // by windows of bits: the activity, if it has no values
    uint32_t bit_words;    // number of words in `bits`
};

// Narrow groups (depthwise convolution, sum and average pooling): adds straight to the rows of sums.
struct ScatterArgs {
    const ConvShape* shape;
    float* sums;
    const float* weights;  // as the network holds them; null: `weight` everywhere
    float weight;
    const uint32_t* active;
    uint32_t active_count;
    const float* values;
    uint32_t channel_begin, channel_end;
};

// out[m][i] += sum over j of gradient[m][j] * w[i][j]. Each element is one chain of additions, j ascending.
struct ProductArgs {
    float* out;
    size_t out_stride;
    const float* gradient;
    size_t gradient_stride;
    uint32_t rows;
    const float* panels;  // w transposed: [i / 16][j][i % 16]
    uint32_t inner;       // count of j
    uint32_t columns;     // count of i
};

// out[i] += sum over j of weights[i][j] * gradient[j] for each active i. Each of 16 lanes is summed up, then the lanes in
// order.
struct ActiveProductArgs {
    float* out;
    const float* gradient;
    const float* weights;  // [i][j]
    uint32_t inner;        // count of j
    const uint32_t* active;
    uint32_t active_count;
};

// out[r][i] += sum over k of weights[k] * gradient[targets[k]][r], k ascending in the segment of source i, for up to 16 rows r.
struct SegmentProductArgs {
    float* out;
    uint32_t out_stride;  // floats from one row to the next, a multiple of 16
    uint32_t rows;
    const float* gradient;  // [target][16], as turn_rows makes them
    const float* weights;
    const uint32_t* targets;
    const uint64_t* begins;  // by source: its segment of weights and targets
    const uint32_t* counts;
    uint32_t sources;
    float* sums;  // scratch: [out_stride][16]
};

// out[i][j] += sum over r of values[r][i] * gradient[r][j]. Each element is one chain of additions, r ascending.
constexpr uint32_t outer_columns = 64;
struct OuterArgs {
    float* out;
    size_t out_stride;
    const float* values;
    size_t values_stride;
    const float* gradient;  // [r][outer_columns]
    uint32_t rows;          // count of r
    uint32_t sources;       // count of i
    uint32_t columns;       // count of j, at most outer_columns
};

// A gradient that is not 0.
struct ConvTerm {
    int32_t gradient;  // the bits of the float
    int32_t weights;   // offset of its channel's weights from those of the group's first channel
};

// Convolution, backwards, for one sample.
struct ConvAdjointArgs {
    const ConvShape* shape;
    const float* gradient;  // [out_channel][position] dL/d(sum)
    float* channels_last;   // [block - block_begin][position][16]: `gradient` transposed by turn_channels
    const uint32_t* active;
    uint32_t active_count;
    const float* values;
    uint32_t block_begin, block_end;
    // conv_source_gradient
    const float* weights;    // transposed: [group][group input / 16][kernel_y][group output][row_vectors][16]
    float* source_gradient;  // [in_channel][position] added to
    float* image;            // scratch memory: [in_height][in_width][place_step] and 16 more
    ConvTerm* terms;         // scratch memory: [out_height * out_width * group_outputs + 16]
    uint32_t* term_begins;   // scratch memory: [out_width][out_height], and the end of the last
    // conv_weight_gradient
    float* weight_gradient; // packed, added to
    uint32_t input_begin, input_end;  // group inputs whose weight gradient is wanted
    float* padded;                    // scratch memory: ConvShape::padded_plane() * 16
    uint32_t* offsets;                // scratch memory: one for each active source
    uint32_t* row_begins;             // scratch memory: [group_inputs * in_height + 1]
};

struct OptimizerArgs {
    uint32_t optimizer;  // SNN_OPTIMIZER_*
    const OptimizerConstants<float>* constants;
    float* weights;
    const float* gradient;
    float* first_moment;
    float* second_moment;  // null for SGD
    size_t count;
    float limit;  // weights stay within [-limit, limit]
};

// --- interpreted models: see interpreter.h

struct BlockInstruction {
    uint16_t op;  // Op
    uint32_t result;
    uint32_t a, b, c;  // operands: OperandPlace in 2 bits, index in 30 bits
};
enum OperandPlace : uint32_t { place_scratch = 0, place_input = 1u << 30, place_literal = 2u << 30, place_mask = 3u << 30 };

constexpr uint32_t interpreter_block = 256;  // neurons at a time; a register is 1 KiB, so programs run in L1 and L2

struct BlockProgram {
    const BlockInstruction* instructions;
    uint32_t instruction_count;
    const uint32_t* literals;  // [literal][16] words
    uint32_t input_count;
    uint32_t table_words;     // size of the tables of inputs at the start of the scratch memory, a multiple of 16
    uint32_t constant_count;  // parameters, options and derived constants: the first inputs
    uint32_t receptor_count, state_count, tape_count;
    const uint8_t* state_is_int;
    const uint32_t* state_results;  // operands: next states (step), dL/d(state before) (adjoint)
    const uint32_t* receptor_results;
    const uint32_t* tape_results;
    const uint32_t* constant_results;  // adjoint: what is added to dL/d(constant)
    uint32_t constant_result_count;
    uint32_t spike_result;
    bool spikes;
};

using InterpretStep = void (*)(const BlockProgram&, const NeuronStepArgs&, uint32_t* scratch, uint32_t begin, uint32_t end);
using InterpretAdjoint = void (*)(const BlockProgram&, const NeuronAdjointArgs&, uint32_t* scratch, uint32_t begin,
                                  uint32_t end);

// --- plastic synapses: see plastic_projection.h

constexpr uint32_t most_traces = 4;         // of one side of a synapse, and of the synapse itself
constexpr uint32_t most_target_states = 4;  // states of the target that a rule reads
constexpr uint32_t remembered_spikes = 24;  // spikes kept for each target neuron until every row has learned them

struct PlasticWord {  // a parameter, option or derived constant, by its type
    float real;
    int32_t whole;
};
struct PlasticTrace {
    const float* decay;  // by number of steps; decay[last] is 0 and stands for all later steps
    int32_t last;
    const float *coarse, *fine;  // decay[n] = coarse[n / 32] * fine[n % 32] for n < last
};
// What all rows of one part of a plastic projection share. Steps are counted from 1; 0 means never. Rows of targets have `row`
// words, at least 15 of them behind the last target.
struct PlasticArgs {
    const PlasticWord* constants;  // the first inputs of every event
    PlasticTrace pre[most_traces], post[most_traces], own[most_traces];
    uint32_t constant_count, pre_count, post_count, own_count, target_count;
    size_t own_stride;  // floats from one trace of the synapses to the next
    bool is_signal;     // whether the event is a signal, not an arrival
    float signal;
    float minimum, maximum;  // of the weight
    float least_delivered, most_delivered;  // limits of what is delivered, if that is not the weight
    int32_t now;
    size_t row;
    const int32_t* spikes;      // [k][target] step of the k-th last spike; -1: no such spike that a synapse has yet to learn
    const float* post_before;   // [trace][k][target] the trace just before that spike
    const int32_t* last_spike;  // [target]
    const float* post_after;    // [trace][target] just after the last spike
    const float* post_now;      // [trace][target] now; null: not computed for the whole row
    const float* target[most_target_states];  // [target] states before the target's step; not readable behind the last target
    const float* target_before;               // [state][k][target] just before the step of that spike
    // For interpreted rules. state_results are PlasticEvent::outputs().
    BlockProgram on_pre, on_post, on_signal;
    bool delivers;
    uint32_t* inputs;   // [input][16] words, the constants filled in
    uint32_t* scratch;
};
// One stretch of synapses that share source and delay, so that a spike arrives at all of them together.
struct PlasticVisit {
    float* weights;
    const uint16_t* targets;  // null: `first`, `first` + 1, ...
    uint32_t first, count;
    int32_t last_arrival;
    int32_t learned;               // spikes of targets before this step are learned
    float pre_after[most_traces];  // just after the last arrival
    float* own;                    // [trace], `own_stride` apart: the synapses' traces just after their last events
    int32_t* events;               // step of the last event of each synapse
};
// Brings the synapses of each visit up to date and lets a spike arrive at them: sums[target] += nearest(x * scale), where x is
// the weight or what the rule delivers instead. With `sums` null, it only brings them up to date.
using PlasticVisits = void (*)(const PlasticArgs&, const PlasticVisit* visits, uint32_t count, int32_t* sums, float scale);

struct CompiledPlasticity {
    const char* name;
    const int32_t* options;  // the choices that it was compiled for; -1: any
    PlasticVisits visits;
};

struct KernelTable {
    const char* name;
    const CompiledModel* models;
    uint32_t model_count;
    bool has_fast_products;  // if most sources are active, multiplying everything is faster than adding up rows

    // bit n = values[n] != 0; the words up to padded(count) are written. Returns whether all values are 0 or 1.
    bool (*pack_bits)(const float* values, uint32_t count, uint16_t* out_bits);
    uint64_t (*count_bits)(const uint16_t* bits, size_t words);
    // Lists the indices of the set bits, ascending, counted from `first`. Returns how many there are.
    uint32_t (*list_bits)(const uint16_t* bits, uint32_t words, uint32_t first, uint32_t* out_list);
    // The same for rows of `words` words that lie `stride` words apart. Indices begin at 0 in the first row, and in each next
    // row they begin `rise` higher. May write up to 16 places behind the last index.
    uint32_t (*list_rows)(const uint16_t* bits, size_t stride, uint32_t words, uint32_t rows, uint32_t rise, uint32_t* out_list);
    void (*add_bias)(float* sums, const float* bias, uint32_t begin, uint32_t end);
    // sums[j] += float(fixed[j]) * scale, then fixed[j] = 0, for `count` neurons (a multiple of 16). `from_zero`: sums begin at
    // +0.
    void (*take_fixed)(float* sums, int32_t* fixed, float scale, uint32_t count, bool from_zero);

    void (*deliver_dense)(const DenseArgs&);
    void (*deliver_values)(const ValuesArgs&);
    void (*deliver_dense_samples)(const DenseSamplesArgs&);
    void (*deliver_one_to_one)(const OneToOneArgs&);
    void (*deliver_visits)(float* sums, const Visit* visits, uint32_t count, bool binary);
    void (*deliver_visits_fixed)(int32_t* sums, const Visit* visits, uint32_t count);
    void (*deliver_entries)(int32_t* accumulators, const EntryVisit* visits, uint32_t count);
    void (*deliver_conv)(const ConvArgs&);
    void (*deliver_scatter)(const ScatterArgs&);

    // q = nearest(w * scale), ties to even
    void (*quantize)(const float* weights, float scale, int32_t* out_fixed, size_t count);

    const CompiledPlasticity* plasticity;
    uint32_t plasticity_count;
    PlasticVisits interpret_plastic;
    // Runs an event of a rule for 16 rows or synapses. Inputs and outputs (BlockProgram::state_results) are [.][16] words.
    void (*interpret_event)(const BlockProgram&, const uint32_t* inputs, uint32_t* scratch, uint32_t output_count,
                            uint32_t* out_words);
    // out_now[trace][target] for `count` targets
    void (*decay_post_traces)(const PlasticArgs&, uint32_t count, float* out_now);

    InterpretStep interpret_step;
    InterpretAdjoint interpret_adjoint;

    void (*transpose_panels)(const float* weights, uint32_t rows, uint32_t columns, float* out_panels);
    void (*add_product)(const ProductArgs&);
    void (*add_active_products)(const ActiveProductArgs&);
    // out[j][r] = rows[r][j] for r < count, 0 for count <= r < 16. `stride`: floats from one row to the next, a multiple of 16.
    void (*turn_rows)(const float* rows, uint32_t stride, uint32_t count, float* out);
    void (*add_segment_products)(const SegmentProductArgs&);
    void (*add_outer)(const OuterArgs&);
    void (*add_rows)(float* sums, const float* rows, size_t stride, uint32_t row_count, uint32_t columns);
    void (*turn_channels)(const ConvAdjointArgs&);
    void (*conv_source_gradient)(const ConvAdjointArgs&);
    void (*conv_weight_gradient)(const ConvAdjointArgs&);
    void (*update_weights)(const OptimizerArgs&);
};

namespace scalar {
extern const KernelTable kernels;
}
namespace avx2 {
extern const KernelTable kernels;
}
namespace avx512 {
extern const KernelTable kernels;
}
namespace neon {
extern const KernelTable kernels;
}

}  // namespace snn::cpu
