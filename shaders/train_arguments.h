// The interface between C++ and GLSL for training, as arguments.h is for other runs. All members are uint.
//
// A taped run keeps what its neurons did in each step. With `frame` = samples * size and `row` = step * samples + sample, these
// are the buffers of a population:
//
//   spikes or values   1 word, the float that a spike delivers (dropout makes it more than 1); samples * width words, a bit for
//                      each neuron that is not silenced; then frames [step][sample][width], beginning with those before the
//                      first step that delays look back to. Inputs have no bits of silenced neurons. Value inputs have frames
//                      [step][sample][size], held inputs a single frame.
//   sums               [receptor][step][frame]; the backward pass replaces them by dL/d(sum)
//   tape               [entry][step][frame], then recorded states, [state][step][frame], then for EventProp a state from before
//                      each step, [step][frame], then the spike count of each neuron, [frame]
//
// Workgroups: x counts neurons or weights, y samples, z steps, unless a shader says otherwise.

// The activity of a population in a taped run.
struct TapedActivity {
    uint data;    // offset of step 0
    uint stride;  // words from one step to the next; 0: held
    uint width;   // words of one sample
    uint size;    // neurons
};

struct TrainStep {
    TapedActivity own;      // width 0: the model does not spike
    uint frame;
    uint first_sample;      // its number in random draws
    uint first_step, step_count;  // steps of the run that this dispatch computes
    uint all_steps;
    uint recorded;          // a bit for each recorded state
    uint records, counts;   // offsets in the tape
    uint seed_low, seed_high;
    uint number_low, number_high;  // number of step 0, for random draws
    // Offsets in the buffer `constants`, as in NeuronStep:
    uint poisson, shared_constants, own_constants;
    uint population;
    uint normal_table;
    uint before_of, befores;  // 1 + a state (0: none), and the offset in the tape of its values from before each step
};

struct TrainAdjoint {
    TapedActivity own;
    uint frame;
    uint first_step, step_count, all_steps;
    uint gradient_steps;      // no gradient goes back from a step that is a multiple of this
    uint constant_gradients;  // offset in the gradients, after those of the states
    uint shared_constants, own_constants;
    uint outputs;             // number of gradients from the loss
    // For learning rules (docs/semantics.md). With back-propagation through time, `states` is 0.
    uint states, receptors;
    uint linear;   // offset in the outputs, floats: J[state after][state before], B[receptor][state after], then CROSSING_...
    uint instant;  // offset in the sums, [receptor][step][frame]: the gradient for sources; 0: they get that of the sums
    uint credit;   // OTTT and e-prop: offset in the gradients, [state][frame]: what later steps add to dL/d(state)
    // EventProp: `is_event` is 1.
    uint is_event;
    uint membrane;         // 1 + a state; 0: the model does not spike
    uint risen, befores;   // on the tape: entry of the membrane before the reset, minus offset; offset of it before the step
};
// The buffer of outputs begins with four words for each gradient: its target, the offset of its values, the words from one step
// to the next, and 0.
const uint OUTPUT_WORDS = 4;
const uint OF_ACTIVITY = 0;  // the target is the activity; otherwise 1 + index of a state

const uint CROSSING_OFFSET = 0, CROSSING_THRESHOLD = 1, CROSSING_STEEPENING = 2, CROSSING_WORDS = 3;

struct TrainWindow {  // (y, x); a source of shape (channels, height, width)
    uint source_height, source_width, target_height, target_width;
    uint kernel_height, kernel_width, stride_height, stride_width;
    uint padding_height, padding_width, dilation_height, dilation_width;
    uint group_inputs, group_outputs;  // channels of a group
};

// A projection, forwards or backwards.
struct TrainProjection {
    TapedActivity source;
    uint samples;
    uint target_size;
    uint sums;          // offset of the receptor in the sums
    uint delay;
    uint first_step, step_count;  // steps of the target that this dispatch computes
    uint weight_count;  // the bias follows the weights
    uint bias_spread;   // number of targets that share a value of the bias; 0: no bias
    uint scale;         // bits of a float, 2^exponent of weights in fixed point
    uint pool_weight;   // bits of a float; dL/dw from traces: offset of the bias's trace
    uint source_first;  // dL/d(activity): step of the source that the first workgroup computes
    uint gradient_steps;  // dL/d(activity): no gradient crosses the beginning of a step that is a multiple of this
    uint slice_rows;    // dL/dw: number of rows in a slice
    uint first_slice;   // dL/dw: slice of the first workgroup
    TrainWindow window;
};

// The traces of a projection for OTTT and e-prop: J[state after][state before], B[state after], then at `before` and at `now`
// the traces of the bias, [state], and of sources, [state][delay, the largest first][sample][source].
struct TrainTraces {
    TapedActivity source;
    uint samples;
    uint step_count;
    uint states;
    uint most_delay;
    uint before, now;
};

// Adds up the sums of slices to the gradient of a projection.
struct TrainReduce {
    uint count, weight_count;
    uint slices;
    uint place;  // index of the word that becomes 1 if a value is not finite
};

// Adds integer sums, scaled, to float sums.
struct TrainFinish {
    uint begin, count;
    uint scale;  // bits of a float
};

struct TrainUpdate {
    uint count, weight_count;
    // Bits of floats, as in OptimizerConstants (train/optimizer.h):
    uint rate, momentum, beta1, beta2, one_minus_beta1, one_minus_beta2, epsilon, decay, l1, gradient_scale;
    uint first_correction, second_correction;
    uint limit;  // of the magnitude of weights
};
