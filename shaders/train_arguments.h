// What C++ and GLSL agree on for training, as arguments.h does for runs; all members are uint.
//
// A taped run keeps what its neurons did step by step. With `frame` = samples * size, `row` = step * samples + sample, of each
// population:
//
//   spikes or values   1 word, bits of what a spike delivers (dropout makes it more than 1); samples * width words, bits of the
//                      neurons that are not silenced; then frames [step][sample][width], those that delays look back to from
//                      the first step before it. Inputs have no bits of silenced ones, value inputs frames
//                      [step][sample][size]; inputs that are held one frame
//   sums               [receptor][step][frame]; the backward pass puts dL/d(sum) in their place
//   tape               [entry][step][frame], then states that are recorded, [state][step][frame], then how often each neuron
//                      has spiked, [frame]
//
// Workgroups: x counts neurons or weights, y samples, z steps, unless a shader says otherwise.

// A taped run's activity of a population.
struct TapedActivity {
    uint data;    // of step 0
    uint stride;  // words from one step to the next; 0: held
    uint width;   // words of one sample
    uint size;    // neurons
};

struct TrainStep {
    TapedActivity own;      // width 0: the model does not spike
    uint frame;
    uint first_sample;      // what the first one is called in random draws
    uint first_step, step_count;  // of the run, to go through now
    uint all_steps;
    uint recorded;          // bit for each state that is recorded
    uint records, counts;   // in the tape
    uint seed_low, seed_high;
    uint number_low, number_high;  // of step 0, for random draws
    // In the buffer `constants`, as in NeuronStep:
    uint poisson, shared_constants, own_constants;
    uint population;
    uint normal_table;
    uint before_of, befores;  // 1 + a state that is kept as it was before each step, [step][frame] in the tape; 0: none is
};

struct TrainAdjoint {
    TapedActivity own;
    uint frame;
    uint first_step, step_count, all_steps;
    uint gradient_steps;      // no gradient goes from a step that is a multiple of it to one before
    uint constant_gradients;  // behind those of the states
    uint shared_constants, own_constants;
    uint outputs;             // gradients that the loss gives
    // Of learning rules (docs/semantics.md); of back-propagation `states` is 0.
    uint states, receptors;
    uint linear;   // in the buffer of outputs, floats: J[state after][state before], then B[receptor][state after], then CROSSING_...
    uint instant;  // behind the sums: [receptor][step][frame], what goes to sources; 0: the sums do
    uint credit;   // OTTT and e-prop, behind the gradients: [state][frame], what later steps ask of the states after the step at hand
    // EventProp, by spikes: `is_event` is 1.
    uint is_event;
    uint membrane;         // 1 + a state; 0: the model does not spike
    uint risen, befores;   // in the tape: the entry of the membrane before the reset, - offset; what it was before the step
};
// In front of those are for each: what it is of, where its values are, words from one step to the next, 0.
const uint OUTPUT_WORDS = 4;
const uint OF_ACTIVITY = 0;  // else 1 + number of a state

const uint CROSSING_OFFSET = 0, CROSSING_THRESHOLD = 1, CROSSING_STEEPENING = 2, CROSSING_WORDS = 3;

struct TrainWindow {  // (y, x); a source of shape (channels, height, width)
    uint source_height, source_width, target_height, target_width;
    uint kernel_height, kernel_width, stride_height, stride_width;
    uint padding_height, padding_width, dilation_height, dilation_width;
    uint group_inputs, group_outputs;  // channels of a group
};

// A projection in either direction.
struct TrainProjection {
    TapedActivity source;
    uint samples;
    uint target_size;
    uint sums;          // of the receptor
    uint delay;
    uint first_step, step_count;  // of the target, to go through now
    uint weight_count;  // the bias is behind the weights
    uint bias_spread;   // targets that share a value of the bias; 0: there is none
    uint scale;         // bits of a float, 2^exponent of weights in fixed point
    uint pool_weight;   // bits of a float; dL/dw from traces: where the bias's is
    uint source_first;  // dL/d(activity): step of the source that the first workgroup has
    uint gradient_steps;  // dL/d(activity): none goes from a step that is a multiple of it, or later, to one before
    uint slice_rows;    // dL/dw: rows that are summed up together
    uint first_slice;   // dL/dw: of the first workgroup
    TrainWindow window;
};

// The traces of a projection, of OTTT and e-prop: J[state after][state before], B[state after], then at `before` and `now` each
// those of the bias, [state], and of sources, [state][delay, the largest first][sample][source].
struct TrainTraces {
    TapedActivity source;
    uint samples;
    uint step_count;
    uint states;
    uint most_delay;
    uint before, now;
};

// Sums of slices: the gradient of a projection.
struct TrainReduce {
    uint count, weight_count;
    uint slices;
    uint place;  // in the words that tell of values that are not finite
};

// Sums in fixed point become floats.
struct TrainFinish {
    uint begin, count;
    uint scale;  // bits of a float
};

struct TrainUpdate {
    uint count, weight_count;
    // Bits of floats, as OptimizerConstants (train/optimizer.h) has them:
    uint rate, momentum, beta1, beta2, one_minus_beta1, one_minus_beta2, epsilon, decay, l1, gradient_scale;
    uint first_correction, second_correction;
    uint limit;  // of the weights' magnitudes
};
