// What C++ and GLSL agree on: the words of the buffer `run`, and the push constants of each shader. Included by both, so that
// there is one text; all members are uint, which has the same layout on both sides.
//
// "Words" are units of 4 bytes, in which every buffer is addressed.

// The buffer `run`. The host writes the first words before each submission; `advance` makes those of the next step.
const uint RUN_NOW = 0;        // steps since the reset, at its end wraps: position in the rings of activity
const uint RUN_STEP_LOW = 1;   // the step's number for random draws, 64 bits
const uint RUN_STEP_HIGH = 2;
const uint RUN_SEED_LOW = 3;
const uint RUN_SEED_HIGH = 4;
const uint RUN_FRAME = 5;      // step within the submission
const uint RUN_ROW = 6;        // frame of records of states within the submission
const uint RUN_INPUTS = 8;     // from here on: for each input population, words from one step's frame to the next (0: held)

const uint GROUP_SIZE = 128;   // invocations of a workgroup, the most that every Vulkan device has
const uint NOWHERE = 0xFFFFFFFF;  // an offset of something that is not there

// Where the activity of a population lies in its buffer: a ring of slots, one for each of the last steps. A slot holds, for all
// samples, the number of active neurons; then bits (32 neurons a word) or values; then lists of the active neurons, unordered.
struct Activity {
    uint ring_mask;  // slots - 1; their number is a power of two
    uint slot_size;  // words
    uint data;       // bits or values, within a slot
    uint width;      // words of one sample's data
    uint list;       // within a slot, `size` words for each sample; NOWHERE: no list is kept
    uint size;       // neurons
};

struct Advance {
    uint step;  // 1: makes the next step's words; 0: the next row of records
    uint inputs;
};

struct LoadInput {
    Activity own;
    uint frames;   // of this population, in the buffer of input frames
    uint stride;   // its place in `run`
};

// A projection, seen from its targets: all shaders that add up a float sum in the stated order, one invocation for one target.
struct Deliver {
    Activity source;
    uint lag;            // steps back of the activity that arrives now
    uint target_size;
    uint sums;           // of the receptor, in the target's buffer
    uint first, last;    // dense: sources, multiples of 32 or the end; sparse: targets
    uint bias;           // in the buffer `bias`; NOWHERE: none is added here
    uint bias_spread;    // targets that share a value
    uint pool_weight;    // bits of a float
    // (y, x) of windows; a source of shape (channels, height, width)
    uint source_height, source_width, target_height, target_width;
    uint kernel_height, kernel_width, stride_height, stride_width;
    uint padding_height, padding_width, dilation_height, dilation_width;
    uint group_inputs, group_outputs;    // channels of a group
};

// Sparse synapses in integers of one source, driven by the list of its spikes; `rows` and `synapses` are one segment of them.
struct DeliverSpikes {
    Activity source;
    uint sum_stride;     // from one sample's sums to the next
    uint first, last;    // sources of the segment
    uint first_delay;    // in steps
    uint delay_count;
    uint part_count;     // ranges of sums
    uint samples;
};

struct NeuronStep {
    Activity own;          // slot_size 0: the model does not spike
    uint frame;            // samples * size
    uint float_sums;       // bit k: receptor k has float sums
    uint first_fixed_sum;  // of the first receptor, in the buffer of integer sums
    uint fixed_receptor_stride, fixed_stride;  // there, from one receptor and from one sample to the next
    // In the buffer `constants`:
    uint scales;           // of receptors in fixed point, floats; 0: no integer sums
    uint poisson;          // for each mean: where its limits are, their number, words from one to the next, 1 if per neuron
    uint shared_constants; // one value for all neurons
    uint own_constants;    // [constant][size]
    uint population;
    uint first_sample;     // what the draws call it
    uint first_neuron;     // the same
    uint normal_table;     // in `run`
};

// A plastic projection, one sample: arrivals at its synapses, spikes of its targets, or a signal to it.
struct Plastic {
    Activity from;       // of the source, or of the target
    uint first_sum;      // of target 0, in the buffer of integer sums
    uint delay_count;
    // In the buffer `traces`:
    uint pre_size;       // places of the source's side, which is the first
    uint post, post_size;
    uint pre_count, post_count;  // traces of each side
    uint states;         // of the targets, before the step: [state][post_size]
    uint constants;      // of the rule
    uint tables;
    // In the buffer `synapses`, behind them all: the steps of their last events, and what those left, [trace][synapse].
    uint own;            // NOWHERE: a synapse has no traces of its own
    uint synapse_count;
    // Bits of floats:
    uint scale0, scale1;  // their product brings what is delivered to fixed point
    uint minimum, maximum;
    uint least_delivered, most_delivered;
    uint signal;
};

struct PlasticTarget {
    uint size;     // of the population
    uint to;       // in the buffer `traces`
    uint from[4];  // which of the population's states
};

struct CopySpikes {
    Activity from;
    uint lag;        // of how many steps ago
};

struct Record {
    Activity from;   // ring of an activity; slot_size 0: a state
    uint begin;      // within the slot, or of the state
    uint count;      // words of a frame
    uint position;   // RUN_FRAME or RUN_ROW: number of the frame
    uint lag;        // frame of how many steps ago
};

// What a device is asked when it is opened (probe.cpp): of each triple of words x, y, z the answers of probe.comp.
struct Probe {
    uint count;  // triples
};
const uint PROBE_ANSWERS = 17;

// Brains: small networks, each a sample and a workgroup's. The table has an entry for each population in evaluation order, inputs
// first, then one for each projection in order of its target's entry, as it was created; then the normal table and the constants.
// Places in shared memory are words of `brain`, those in buffers words of the buffer.
struct Brains {
    uint now;              // position of the first step in the rings
    uint step_low, step_high, seed_low, seed_high;  // of the first step, for random draws
    uint steps;            // of the dispatch
    uint frame;            // of inputs and records, the first step's
    uint samples;
    uint first_sample;     // what the draws call the first
    uint projections;      // where their entries begin in the table
    uint table_end;
    uint flags;            // sums of BRAINS_...
    uint pushed[20];       // inputs: bits or values
};

const uint BRAINS_HELD = 1;     // inputs are the same in all steps
const uint BRAINS_PUSHED = 2;   // they are in `pushed`
const uint BRAINS_RECORDS = 4;  // spikes are recorded
const uint BRAINS_GO_ON = 8;    // `now` and the step are those where the last dispatch ended, from the buffer of counters
const uint BRAINS_PUSHED_WORDS = 20;

// Of a population's entry.
const uint BRAIN_SIZE = 0;
const uint BRAIN_WIDTH = 1;              // words of activity; 0: the model does not spike
const uint BRAIN_IS_BINARY = 2;
const uint BRAIN_IS_INPUT = 3;
const uint BRAIN_RING = 4;               // in shared memory: [slot][1 + width], each begins with its number of active neurons
const uint BRAIN_RING_MASK = 5;          // slots - 1
const uint BRAIN_RING_IN_MEMORY = 6;     // as Activity has it, without lists
const uint BRAIN_MEMORY_MASK = 7;        // slots there - 1
const uint BRAIN_FRAMES = 8;             // inputs: in the buffer of frames
const uint BRAIN_FRAME_STRIDE = 9;       // inputs: words from one step's frame to the next, unless they are held
const uint BRAIN_PUSHED = 10;            // inputs: in `pushed`, [sample][width]; NOWHERE: never there
const uint BRAIN_STATE_COUNT = 11;
const uint BRAIN_STATES = 12;            // in shared memory: [state][neuron]
const uint BRAIN_STATES_IN_MEMORY = 13;  // [state][sample][neuron]
const uint BRAIN_STATES_OF_HOST = 14;    // 1: they are in the buffer of the host program
const uint BRAIN_HOST_SPIKES = 15;       // there, floats [sample][neuron]; NOWHERE: they are not wanted
const uint BRAIN_HOST_COUNTS = 16;       // the same, added up
const uint BRAIN_RECORDS = 17;           // [step][sample][width]; NOWHERE: its spikes are not recorded
const uint BRAIN_NUMBER = 18;            // of the population, for random draws
const uint BRAIN_PROGRAM = 19;           // which case of model_step()
const uint BRAIN_CONSTANTS = 20;         // where its constants begin; the next three are places among these
const uint BRAIN_SHARED_CONSTANTS = 21;
const uint BRAIN_OWN_CONSTANTS = 22;
const uint BRAIN_POISSON = 23;
const uint BRAIN_FIRST_PROJECTION = 24;  // entries of those onto it
const uint BRAIN_LAST_PROJECTION = 25;   // behind the last
const uint BRAIN_FIRST_NEURON = 26;      // what random draws call it
const uint BRAIN_POPULATION_WORDS = 27;

// Of a projection's entry.
const uint BRAIN_IS_DENSE = 0;           // 0: one-to-one
const uint BRAIN_RECEPTOR = 1;
const uint BRAIN_SOURCE = 2;             // its population's entry
const uint BRAIN_LAG = 3;                // steps back of the activity that arrives now
const uint BRAIN_WEIGHTS = 4;            // among the weights
const uint BRAIN_WEIGHT_STRIDE = 5;      // from one sample's to the next; 0: they are shared
const uint BRAIN_BIAS = 6;               // the same; NOWHERE: none
const uint BRAIN_BIAS_STRIDE = 7;
const uint BRAIN_FAN_OUT = 8;            // synapses of a source neuron
const uint BRAIN_HELD = 9;               // in shared memory, [neuron]: the sum up to here, while inputs are held; NOWHERE: none is
const uint BRAIN_PROJECTION_WORDS = 10;

// What is counted of a brain, 64 bits each; then where its next step is: position in the rings, number.
const uint BRAIN_SPIKES = 0;
const uint BRAIN_INPUT_SPIKES = 1;
const uint BRAIN_EVENTS = 2;
const uint BRAIN_OPERATIONS = 3;
const uint BRAIN_COUNTERS = 4;
const uint BRAIN_NOW = 8;
const uint BRAIN_STEP_LOW = 9;
const uint BRAIN_STEP_HIGH = 10;
const uint BRAIN_COUNTER_WORDS = 12;
