// The interface between C++ and GLSL: the words of the buffer `run`, and the push constants of each shader. Both include this
// file. All members are uint, which has the same layout in both languages.
//
// "Words" are units of 4 bytes, in which every buffer is addressed.

// The buffer `run`. The host writes its first words before each submission; advance.comp computes those of the next step.
const uint RUN_NOW = 0;        // steps since the reset, modulo 2^32: position in the rings of activity
const uint RUN_STEP_LOW = 1;   // number of the step for random draws, 64 bits
const uint RUN_STEP_HIGH = 2;
const uint RUN_SEED_LOW = 3;
const uint RUN_SEED_HIGH = 4;
const uint RUN_FRAME = 5;      // index of the step in the submission
const uint RUN_ROW = 6;        // index of the row of recorded states in the submission
const uint RUN_INPUTS = 8;     // from here on, for each input population: words from one step's frame to the next (0: held)

const uint GROUP_SIZE = 128;   // invocations of a workgroup: the most that every Vulkan device supports
const uint NOWHERE = 0xFFFFFFFF;  // the offset of something that does not exist

// The layout of a population's activity: a ring of slots, one for each of the last steps. A slot holds the number of active
// neurons of each sample; then bits (32 neurons per word) or values; then lists of the active neurons, unordered.
struct Activity {
    uint ring_mask;  // number of slots, which is a power of two, - 1
    uint slot_size;  // words
    uint data;       // offset of bits or values in a slot
    uint width;      // words of one sample's data
    uint list;       // offset of the lists in a slot, `size` words for each sample; NOWHERE: no list is kept
    uint size;       // neurons
};

struct Advance {
    uint step;  // 1: advances to the next step; 0: to the next row of records
    uint inputs;
};

struct LoadInput {
    Activity own;
    uint frames;   // offset of this population in the buffer of input frames
    uint stride;   // offset in `run` of the stride of its frames
};

// A projection, for all shaders that add up a float sum in the specified order. An invocation computes the sum of one target.
struct Deliver {
    Activity source;
    uint lag;            // how many steps ago the activity was that arrives now
    uint target_size;
    uint sums;           // offset of the receptor in the target's buffer
    uint first, last;    // dense: range of sources, in multiples of 32 or up to the end; sparse: range of targets
    uint bias;           // offset in the buffer `bias`; NOWHERE: no bias is added here
    uint bias_spread;    // number of targets that share a value of the bias
    uint pool_weight;    // bits of a float
    // (y, x) of windows; a source of shape (channels, height, width)
    uint source_height, source_width, target_height, target_width;
    uint kernel_height, kernel_width, stride_height, stride_width;
    uint padding_height, padding_width, dilation_height, dilation_width;
    uint group_inputs, group_outputs;    // channels of a group
};

// Integer sums of one source's sparse synapses, driven by the list of its spikes. `rows` and `synapses` hold one segment.
struct DeliverSpikes {
    Activity source;
    uint sum_stride;     // words from one sample's sums to the next
    uint first, last;    // sources of the segment
    uint first_delay;    // in steps
    uint delay_count;
    uint part_count;     // number of ranges of sums
    uint lists;          // of a source and delay: one for each range of sums, or 1
    uint ends;           // where in `rows` short entries begin
    uint part_bytes;     // where in `synapses` the numbers of the ranges begin
    uint samples;
};

struct NeuronStep {
    Activity own;          // slot_size 0: the model does not spike
    uint frame;            // samples * size
    uint float_sums;       // bit k: receptor k has float sums
    uint first_fixed_sum;  // offset of the first receptor in the buffer of integer sums
    uint fixed_receptor_stride, fixed_stride;  // words from one receptor's and from one sample's integer sums to the next
    // Offsets in the buffer `constants`:
    uint scales;           // a float for each receptor, the scale of its integer sums; 0.0: it has none
    uint poisson;          // for each mean: where its limits are, their number, words from one to the next, 1 if per neuron
    uint shared_constants; // one value for all neurons
    uint own_constants;    // [constant][size]
    uint population;
    uint first_sample;     // its number in random draws
    uint first_neuron;     // likewise
    uint normal_table;     // offset in `run`
};

// A plastic projection of one sample: spikes that arrive at its synapses, spikes of its targets, or a signal.
struct Plastic {
    Activity from;       // of the source, or of the target
    uint first_sum;      // offset of target 0 in the buffer of integer sums
    uint first, last;    // sources of the segment that `synapses` and `rows` hold
    uint is_last;        // 1: the last segment, after which the traces of the targets count their spikes
    uint delay_count;
    // Offsets and sizes in the buffer `traces`, which begins with the source's side:
    uint pre_size;       // places of the source's side
    uint post, post_size;
    uint pre_count, post_count;  // number of traces of each side
    uint states;         // of the targets, from before the step: [state][post_size]
    uint constants;      // of the rule
    uint tables;
    // In the buffer `synapses`, after the synapses: the step of each synapse's last event, then its traces, [trace][synapse].
    uint own;            // offset of these steps; NOWHERE: synapses have no traces of their own
    uint synapse_count;  // of the segment
    // Bits of floats:
    uint scale0, scale1;  // their product converts what is delivered to fixed point
    uint minimum, maximum;
    uint least_delivered, most_delivered;
    uint signal;
};

struct PlasticTarget {
    uint size;     // of the population
    uint to;       // offset in the buffer `traces`
    uint from[4];  // indices of states of the population
};

struct CopySpikes {
    Activity from;
    uint lag;        // from how many steps ago
};

struct Record {
    Activity from;   // the ring of an activity; slot_size 0: a state
    uint begin;      // offset in the slot, or of the state
    uint count;      // words of a frame
    uint position;   // RUN_FRAME or RUN_ROW: which of them numbers the frames
    uint lag;        // from how many steps ago
};

// The test of a device when it is opened (probe.cpp): probe.comp computes PROBE_ANSWERS results for each triple of words.
struct Probe {
    uint count;  // of triples
};
const uint PROBE_ANSWERS = 17;

// Brains are small networks: a workgroup computes one sample. The table has an entry for each population in evaluation order,
// inputs first, then one for each projection, sorted by the target's entry, then in order of creation. The normal table and the
// constants follow. Offsets in shared memory are in words of `brain`, those in buffers in words of the buffer.
struct Brains {
    uint now;              // position of the first step in the rings
    uint step_low, step_high, seed_low, seed_high;  // number of the first step, for random draws; seed
    uint steps;            // number of steps in the dispatch
    uint frame;            // index of the first step's frame, in inputs and records
    uint samples;
    uint first_sample;     // its number in random draws
    uint projections;      // offset of their entries in the table
    uint table_end;
    uint flags;            // sum of BRAINS_... flags
    uint pushed[20];       // inputs: bits or values
};

const uint BRAINS_HELD = 1;     // inputs are the same in all steps
const uint BRAINS_PUSHED = 2;   // inputs that are not read from host buffers are in `pushed`
const uint BRAINS_RECORDS = 4;  // spikes are recorded
const uint BRAINS_GO_ON = 8;    // continue where the last dispatch ended: `now` and the step come from the buffer of counters
const uint BRAINS_PUSHED_WORDS = 20;

// Words of a population's entry.
const uint BRAIN_SIZE = 0;
const uint BRAIN_WIDTH = 1;              // words of activity; 0: the model does not spike
const uint BRAIN_IS_BINARY = 2;
const uint BRAIN_IS_INPUT = 3;
const uint BRAIN_RING = 4;               // in shared memory: [slot][1 + width]; a slot begins with the number of active neurons
const uint BRAIN_RING_MASK = 5;          // number of slots - 1
const uint BRAIN_RING_IN_MEMORY = 6;     // offset of the ring in device memory, which has the layout of Activity without lists
const uint BRAIN_MEMORY_MASK = 7;        // number of slots in device memory - 1
const uint BRAIN_FRAMES = 8;             // inputs: offset in the buffer of frames
const uint BRAIN_FRAME_STRIDE = 9;       // inputs: words from one step's frame to the next, unless they are held
const uint BRAIN_PUSHED = 10;            // inputs: offset in `pushed`, [sample][width]; NOWHERE: never pushed
const uint BRAIN_STATE_COUNT = 11;
const uint BRAIN_STATES = 12;            // in shared memory: [state][neuron]
const uint BRAIN_STATES_IN_MEMORY = 13;  // in device memory: [state][sample][neuron]
const uint BRAIN_STATES_OF_HOST = 14;    // 1: the states are in a buffer of the host program
const uint BRAIN_HOST_SPIKES = 15;       // in a buffer of the host program: floats [sample][neuron]; NOWHERE: not bound
const uint BRAIN_HOST_COUNTS = 16;       // likewise, spikes added up
const uint BRAIN_RECORDS = 17;           // [step][sample][width]; NOWHERE: the spikes are not recorded
const uint BRAIN_NUMBER = 18;            // of the population, for random draws
const uint BRAIN_PROGRAM = 19;           // its case in model_step()
const uint BRAIN_CONSTANTS = 20;         // offset of its constants; the next three are offsets in them
const uint BRAIN_SHARED_CONSTANTS = 21;
const uint BRAIN_OWN_CONSTANTS = 22;
const uint BRAIN_POISSON = 23;
const uint BRAIN_FIRST_PROJECTION = 24;  // first entry of the projections onto it
const uint BRAIN_LAST_PROJECTION = 25;   // end of these entries
const uint BRAIN_FIRST_NEURON = 26;      // its number in random draws
const uint BRAIN_POPULATION_WORDS = 27;

// Words of a projection's entry.
const uint BRAIN_IS_DENSE = 0;           // 0: one-to-one
const uint BRAIN_RECEPTOR = 1;
const uint BRAIN_SOURCE = 2;             // entry of the source population
const uint BRAIN_LAG = 3;                // how many steps ago the activity was that arrives now
const uint BRAIN_WEIGHTS = 4;            // offset in the buffer of weights
const uint BRAIN_WEIGHT_STRIDE = 5;      // from one sample's weights to the next; 0: they are shared
const uint BRAIN_BIAS = 6;               // offset in the buffer of weights; NOWHERE: no bias
const uint BRAIN_BIAS_STRIDE = 7;
const uint BRAIN_FAN_OUT = 8;            // synapses of a source neuron
const uint BRAIN_HELD = 9;               // in shared memory, [neuron]: the sum so far, if it is constant while inputs are held
const uint BRAIN_PROJECTION_WORDS = 10;

// Counters of a brain, 64 bits each; then its next step: position in the rings, and number.
const uint BRAIN_SPIKES = 0;
const uint BRAIN_INPUT_SPIKES = 1;
const uint BRAIN_EVENTS = 2;
const uint BRAIN_OPERATIONS = 3;
const uint BRAIN_COUNTERS = 4;
const uint BRAIN_NOW = 8;
const uint BRAIN_STEP_LOW = 9;
const uint BRAIN_STEP_HIGH = 10;
const uint BRAIN_COUNTER_WORDS = 12;
