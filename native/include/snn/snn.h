/* snn.h - the C interface of libsnn: create, train and run spiking neural networks.
 *
 * Three levels of use
 * -------------------
 * 1. Run a network that someone trained (a game, a robot). Seven functions; C99:
 *
 *        SNNConfig config;
 *        snn_config_default(&config);
 *        config.file = "digits.snn";
 *        SNNHandle brain;
 *        if (snn_create_network(&config, &brain) != SNN_OK) puts(snn_last_error());
 *        snn_session_set_input(brain, 0, pixels, 64);
 *        snn_run_step(brain, frame_dt_seconds);          // every frame
 *        snn_get_membrane_potentials(brain, "motors", voltages, 3);  // where membranes are the answer;
 *                                                 // spikes: snn_session_get_spikes, counts of a run: snn_session_run
 *        snn_destroy_network(brain);
 *
 * 2. Build a network (snn_network_*), open a session on it, step it, read and write any state (snn_session_*).
 * 3. Train it (snn_trainer_*) and save it (snn_network_save).
 *
 * Words
 * -----
 * network     what a user built: populations, projections, weights. Immutable once finished; shared by sessions.
 * population  neurons of one model, or a named input. Numbered in the order of creation.
 * projection  connections from one population to one receptor of another. Numbered in the order of creation.
 * receptor    a named input sum of a neuron model ("current").
 * session     one running copy of a network on one device: state, and weights of its own once they change. `SNNHandle`.
 * step        the fixed time step dt of the network. Time inside is an integer number of steps.
 * sample      one of `batch_size` independent copies of the state, which share the weights or have their own
 *             (SNN_FLAG_SAMPLE_WEIGHTS): a thousand characters of a game, stepped together.
 *
 * Rules that hold for every function
 * ----------------------------------
 * - Status: functions return SNN_OK (0) or a negative SNNStatus. After an error snn_last_error() gives, per thread, one
 *   sentence that names the argument and its value. Outputs are then untouched unless the function says otherwise.
 * - Handles carry an index and a generation: a stale, foreign or null handle is SNN_ERROR_INVALID_HANDLE, never a crash.
 * - Strings are UTF-8, zero-terminated, copied. Pointers in arguments are read during the call only, unless a function
 *   says that it borrows. Arrays are C-contiguous; the last index runs fastest. Null with a count other than 0 is an error.
 * - Structs begin with `struct_size`, so that fields can be added at their end. snn_..._default sets it and the defaults
 *   (snn_..._init is the same for languages that do not read this header); for a struct without one, and before the library
 *   fills a struct, set it to sizeof. Callbacks find it set. The library reads and writes at most struct_size bytes, accepts
 *   the sizes of this and of older headers and answers others with SNN_ERROR_VERSION. SNNShape, SNNInputArray and
 *   SNNRecordArray are parts of other structs: they have no size and never change.
 * - Thread-safety: networks, models: any thread. A session and its trainer: one thread at a time; a second thread that
 *   enters at the same moment gets SNN_ERROR_BUSY. Different sessions run in parallel. Release and destroy: any thread,
 *   any order, null allowed.
 * - After fork() a child may not use sessions of its parent: SNN_ERROR_FORKED. Destroying one there forgets it and leaves its
 *   device and threads alone; what it had on them stays until the child ends.
 * - Steps: snn_run_step and snn_session_step neither allocate, lock nor wait after the first call, single-threaded
 *   sessions never; sessions with threads wake their own workers only.
 *
 * Since: every function is in ABI 1.  Licence: MIT.
 */
#ifndef SNN_SNN_H
#define SNN_SNN_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(SNN_BUILD_SHARED)
#define SNN_API __declspec(dllexport)
#elif defined(SNN_STATIC)
#define SNN_API
#else
#define SNN_API __declspec(dllimport)
#endif
#define SNN_CALL __cdecl
#else
#define SNN_API __attribute__((visibility("default")))
#define SNN_CALL
#endif

#ifdef __cplusplus
#define SNN_INLINE inline
extern "C" {
#else
#define SNN_INLINE static inline
#endif

/* ---- Versions ---------------------------------------------------------------------------------------------------- */

#define SNN_VERSION_MAJOR 0
#define SNN_VERSION_MINOR 1
#define SNN_VERSION_PATCH 0
#define SNN_ABI_VERSION 1u /* raised when an existing function or struct changes meaning; additions keep it */

/* "0.1.0" of the library that is loaded; static storage. */
SNN_API const char *SNN_CALL snn_version_string(void);
/* SNN_ABI_VERSION of the library that is loaded. Compare it with the header's when loading the library at run time. */
SNN_API uint32_t SNN_CALL snn_abi_version(void);

/* ---- Status ------------------------------------------------------------------------------------------------------ */

typedef int32_t SNNStatus;
enum {
    SNN_OK = 0,
    SNN_ERROR_INVALID_ARGUMENT = -1, /* a value, size, shape or name is wrong */
    SNN_ERROR_INVALID_HANDLE = -2,   /* null, stale or foreign handle, or a handle of another type */
    SNN_ERROR_NOT_FOUND = -3,        /* no population, projection, variable, model or device of that name */
    SNN_ERROR_OUT_OF_MEMORY = -4,
    SNN_ERROR_IO = -5,               /* file I/O failed; the sentence gives the reason */
    SNN_ERROR_FORMAT = -6,           /* the file is damaged or not a .snn file; the sentence says where */
    SNN_ERROR_UNSUPPORTED = -7,      /* valid, but this device or build cannot do it */
    SNN_ERROR_BUSY = -8,             /* another thread is inside this session */
    SNN_ERROR_STATE = -9,            /* valid call at the wrong time (network not finished, backward before forward) */
    SNN_ERROR_VERSION = -10,         /* struct or file of a version this library does not know */
    SNN_ERROR_FORKED = -11,          /* the session belongs to the parent process */
    SNN_ERROR_STOPPED = -12,         /* a progress callback asked to stop; what was recorded so far is kept */
    SNN_ERROR_INTERNAL = -13,        /* a defect of the library */
    SNN_ERROR_DEVICE_LOST = -14      /* the GPU was reset or removed; the session is lost, a new one can be opened */
};

/* The sentence of the last error on this thread, "" if none. Valid until the next failing call on the same thread. */
SNN_API const char *SNN_CALL snn_last_error(void);
/* "SNN_ERROR_BUSY" and so on; "SNN_UNKNOWN_STATUS" for a value not listed. Static storage. */
SNN_API const char *SNN_CALL snn_status_name(SNNStatus status);

/* ---- Handles ----------------------------------------------------------------------------------------------------- */

typedef struct SNNSessionOpaque *SNNHandle;  /* a running network (a session) */
typedef struct SNNNetworkOpaque *SNNNetwork; /* a network definition with weights, reference-counted */
typedef struct SNNModelOpaque *SNNModel;     /* a neuron model, surrogate or plasticity rule, reference-counted */
typedef struct SNNTrainerOpaque *SNNTrainer; /* training of one session */

/* ---- Memory and jobs of the host --------------------------------------------------------------------------------- */

/* Optional. Session buffers (state, weights of its own, activity, tapes) come from here. `allocate` returns memory aligned to
 * `alignment` (a power of two) or null. Called by threads that call into the session, take its steps in the background or end what is
 * its: one at a time. */
typedef struct SNNAllocator {
    uint32_t struct_size;
    void *(SNN_CALL *allocate)(void *user, size_t size_bytes, size_t alignment);
    void(SNN_CALL *release)(void *user, void *memory, size_t size_bytes);
    void *user;
} SNNAllocator;

/* Optional: the host's own job system instead of the session's threads. `parallel_for` calls task(context, i) once for
 * every i in 0..count-1, on any threads in any order, and returns when all are done. Results do not depend on it. */
typedef struct SNNJobSystem {
    uint32_t struct_size;
    uint32_t worker_count; /* how many tasks can run at once, 1 to 1024 */
    void(SNN_CALL *parallel_for)(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index),
                                 void *context);
    void *user;
} SNNJobSystem;

enum { SNN_LOG_WARNING = 1, SNN_LOG_INFORMATION = 2 };
/* Log messages of a session: INFORMATION when it opens (device, instruction set, threads, sizes) or work moves between devices,
 * WARNING when a device is left or not used, or snn_run_step begins to drop time. Called on the thread that calls into the
 * session; on dropped time it may do what a spike callback may do, else not use the session. `message`: valid in the call. */
typedef void(SNN_CALL *SNNLogCallback)(int32_t level, const char *message, void *user);

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

typedef struct SNNDeviceInfo {
    uint32_t struct_size;
    char name[64];           /* what SNNConfig.device takes: "cpu", "vulkan:0", "npu", "openvino:CPU", "reference", "null" */
    char description[192];   /* for people: processor name, instruction set */
    uint32_t core_count;     /* logical processors this process may use */
    uint64_t memory_bytes;   /* total memory, 0 if unknown */
    uint32_t can_train;      /* 1 or 0 */
    char instruction_sets[64]; /* those the device can use, best last: "scalar avx2 avx512", "scalar neon" */
} SNNDeviceInfo;

SNN_API SNNStatus SNN_CALL snn_device_count(uint32_t *out_count);
SNN_API SNNStatus SNN_CALL snn_device_get(uint32_t index, SNNDeviceInfo *out_info); /* set out_info->struct_size first */

/* Duration of one step of one sample on one thread: the median of steps that are requested one at a time. */
typedef struct SNNDeviceSpeed {
    uint32_t struct_size;
    uint32_t was_kept;   /* 1: not measured by this call */
    char driver[64];     /* driver of the device and its version; "" for libsnn itself */
    double small_step_s; /* seconds: 128-256-256-8 LIF neurons, densely connected */
    double large_step_s; /* seconds: 1024-2048-1024 */
} SNNDeviceSpeed;
/* Measures a device by its name ("cpu", "vulkan:0"), or gives what was measured before: by this process, or by another one with the
 * same driver, processor and version of libsnn, from the file device_speeds.json in the folder that the environment variable
 * SNN_CACHE names, else in snn-engine in the user's folder for such files. Takes up to half a second; a machine that lets
 * nothing be written measures in every process.
 * Set out_speed->struct_size first. Thread-safety: any thread; measurements wait for each other. */
SNN_API SNNStatus SNN_CALL snn_device_speed(const char *device, SNNDeviceSpeed *out_speed);

/* ---- Models ------------------------------------------------------------------------------------------------------ */

/* Built-in models by index, in alphabetical order. Names are static; null when the index is past the end. */
SNN_API const char *SNN_CALL snn_model_builtin_name(uint32_t index);
SNN_API const char *SNN_CALL snn_surrogate_builtin_name(uint32_t index);
SNN_API const char *SNN_CALL snn_plasticity_builtin_name(uint32_t index);
/* A model, surrogate or plasticity rule of the user from its op list (docs/model-format.md): `text` holds `size_bytes` bytes of
 * JSON. It is checked completely; errors name the place. Ownership: release it; networks that use it keep it alive. */
SNN_API SNNStatus SNN_CALL snn_model_load(const char *text, size_t size_bytes, SNNModel *out_model);
/* A built-in neuron model (kind 0), surrogate (kind 1) or plasticity rule (kind 2) by name. Release it. */
SNN_API SNNStatus SNN_CALL snn_model_builtin(const char *name, uint32_t kind, SNNModel *out_model);
/* The op list as JSON. Borrowed: valid while the model lives. */
SNN_API SNNStatus SNN_CALL snn_model_text(SNNModel model, const char **out_text, size_t *out_size_bytes);
SNN_API SNNStatus SNN_CALL snn_model_retain(SNNModel model);
SNN_API void SNN_CALL snn_model_release(SNNModel model);

/* ---- Building a network ------------------------------------------------------------------------------------------ */

typedef struct SNNShape {
    uint32_t rank;    /* 1 to 3 */
    uint32_t dims[3]; /* (neurons) or (channels, height, width); at most 2^30 neurons in all */
} SNNShape;

enum { /* what a population is */
    SNN_POPULATION_NEURONS = 0,
    SNN_POPULATION_SPIKE_INPUT = 1, /* the caller gives spikes (0 or 1) for each step; empty after the step */
    SNN_POPULATION_VALUE_INPUT = 2  /* the caller gives real values; they stay until changed */
};

typedef struct SNNPopulationDef {
    uint32_t struct_size;
    uint32_t kind;           /* SNN_POPULATION_* */
    const char *name;        /* [A-Za-z_][A-Za-z0-9_]*, unique in the network, at most 63 bytes */
    SNNShape shape;
    const char *model_name;  /* a built-in model ("lif"), for neurons when `model` is null */
    SNNModel model;          /* a user's model, or null */
} SNNPopulationDef;

enum { /* how a projection connects */
    SNN_CONNECT_DENSE = 0,      /* weights [source][target] */
    SNN_CONNECT_ONE_TO_ONE = 1, /* weights [neuron]; equal sizes */
    SNN_CONNECT_SPARSE = 2,     /* rows of targets per source neuron (CSR); weights [synapse] */
    SNN_CONNECT_CONV2D = 3,     /* weights [out_channel][in_channel / groups][kernel_y][kernel_x]; cross-correlation */
    SNN_CONNECT_POOL2D = 4      /* no weights; pool_mode; padding counts as zero (average divides by the window size) */
};
enum { SNN_POOL_SUM = 0, SNN_POOL_AVERAGE = 1, SNN_POOL_MAX = 2 };
enum { /* how inputs are summed; stored with the network, part of its meaning */
    SNN_ARITHMETIC_DEFAULT = 0, /* compact for sparse static projections from spikes, else float */
    SNN_ARITHMETIC_FLOAT = 1,   /* float32, in ascending order of the source neuron */
    SNN_ARITHMETIC_FIXED = 2,   /* int32 sums with one power-of-two scale per target population and receptor */
    SNN_ARITHMETIC_COMPACT = 3  /* as fixed, and the weights themselves are rounded to 16 bits at that scale when the network
                                   is finished and when they are written; static projections only. 4 bytes a synapse */
};

typedef struct SNNProjectionDef {
    uint32_t struct_size;
    uint32_t kind;             /* SNN_CONNECT_* */
    const char *name;          /* as for populations; null: "source_to_target", if that has at most 63 bytes */
    uint32_t source, target;   /* population indices */
    const char *receptor;      /* of the target's model; null: its first */
    uint32_t delay_steps;      /* 0: within the same step (the graph of such projections must have no cycle). At most
                                  4096, the delay of a synapse included. */
    uint32_t trainable;        /* 1 (default) or 0; pooling never is */
    uint32_t arithmetic;       /* SNN_ARITHMETIC_* */
    uint32_t pool_mode;        /* SNN_POOL_* */
    const float *weights;      /* copied; null with weight_count 0: zeros. All finite. */
    size_t weight_count;
    const float *bias;         /* null: none. Added at every step: [target], or [out_channel] for conv2d */
    size_t bias_count;
    /* sparse only */
    const uint64_t *row_offsets;     /* [source size + 1], ascending from 0 to synapse_count; row i: the synapses from
                                        row_offsets[i] to row_offsets[i + 1] - 1 */
    size_t row_offset_count;
    const uint32_t *synapse_targets; /* [synapse_count]; any order within a row, repeats allowed */
    const uint16_t *synapse_delays;  /* [synapse_count] steps, added to delay_steps, 4096 in all; null: none */
    size_t synapse_count;
    /* conv2d and pool2d only: (y, x). Shapes of source and target are (channels, height, width). */
    uint32_t kernel[2], stride[2], padding[2], dilation[2];
    uint32_t groups;
    uint32_t reserved;         /* 0 */
    uint32_t detached;         /* 1: training takes no gradient back through it to its source; its own weights learn all the
                                  same. Default 0 */
} SNNProjectionDef;

/* How weights and delays of a connection rule are drawn. `low` and `high` cut the distribution off: what lies outside is drawn
 * again. Part of other structs: no size, never changes. */
enum {
    SNN_DISTRIBUTION_CONSTANT = 0,  /* a */
    SNN_DISTRIBUTION_NORMAL = 1,    /* mean a, standard deviation b; never further than 6.34 b from a */
    SNN_DISTRIBUTION_UNIFORM = 2,   /* from a to b */
    SNN_DISTRIBUTION_LOGNORMAL = 3  /* exp of a normal number of mean a and standard deviation b */
};
typedef struct SNNDistribution {
    uint32_t kind;    /* SNN_DISTRIBUTION_* */
    double a, b;
    double low, high; /* default -infinity and infinity. Bounds that hold less than 2^-16 of the distribution are refused. */
} SNNDistribution;

enum { /* rules that make sparse connections, at most 2^34 */
    SNN_RULE_FIXED_PROBABILITY = 0, /* each pair with `probability` */
    SNN_RULE_FIXED_INDEGREE = 1,    /* `count` sources for each target */
    SNN_RULE_FIXED_TOTAL = 2,       /* `count` synapses in all */
    SNN_RULE_ONE_TO_ONE = 3,        /* each neuron to the one of the same index; equal sizes */
    SNN_RULE_ALL_TO_ALL = 4,        /* each pair */
    SNN_RULE_SPATIAL = 5            /* each pair with a probability that falls with the distance d, 0 beyond `cutoff` */
};
enum { /* SNNRandomConnectionDef.kernel */
    SNN_KERNEL_GAUSSIAN = 0,   /* probability * exp(-d^2 / (2 width^2)) */
    SNN_KERNEL_EXPONENTIAL = 1 /* probability * exp(-d / width) */
};
/* The default seed: one that follows from the projection's index, so that no two projections are alike. Any other is taken
 * as it is: the same rule, sizes and seed give the same connections. Both give the same on every machine. */
#define SNN_SEED_BY_INDEX 0xFFFFFFFFFFFFFFFFu
typedef struct SNNRandomConnectionDef {
    uint32_t struct_size;
    uint32_t rule;             /* SNN_RULE_* */
    double probability;        /* 0 to 1 */
    uint64_t count;
    uint64_t seed;             /* default SNN_SEED_BY_INDEX */
    uint32_t allow_autapses;   /* 1 (default): a neuron may connect to itself, in a projection onto its own population */
    uint32_t allow_multapses;  /* fixed in-degree and total. 1 (default): drawn with replacement, a pair may have several
                                  synapses; 0: without, and more than there are pairs are refused */
    SNNDistribution weight;    /* default: constant 1 */
    SNNDistribution delay;     /* milliseconds, rounded to the nearest step; added to delay_steps, 4096 steps in all. Default:
                                  constant 0. Delays that may fall below the network's dt are refused, except a constant 0. */
    /* spatial only */
    uint32_t kernel;           /* SNN_KERNEL_* */
    uint32_t dimensions;       /* 1 to 3 */
    double kernel_width;       /* above 0, in the unit of the positions, as is the cutoff */
    double cutoff;             /* above 0 */
    double period[3];          /* 0 (default): open; else the period of space along the axis, at least twice the cutoff */
    const float *source_positions; /* [sources][dimensions], finite; copied */
    size_t source_position_count;  /* sources times dimensions */
    const float *target_positions;
    size_t target_position_count;
    /* The part of each population that is connected, as if it were a population of its own: sizes and positions of the rule are
     * those of the parts. Parts of one population are the same or apart, or autapses are allowed. */
    uint32_t first_source;     /* default 0 */
    uint32_t source_count;     /* 0 (default): all from first_source on */
    uint32_t first_target;
    uint32_t target_count;
} SNNRandomConnectionDef;

SNN_API void SNN_CALL snn_population_def_init(SNNPopulationDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_population_def_default(SNNPopulationDef *out_def) { snn_population_def_init(out_def, sizeof *out_def); }
SNN_API void SNN_CALL snn_projection_def_init(SNNProjectionDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_projection_def_default(SNNProjectionDef *out_def) { snn_projection_def_init(out_def, sizeof *out_def); }
SNN_API void SNN_CALL snn_random_connection_def_init(SNNRandomConnectionDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_random_connection_def_default(SNNRandomConnectionDef *out_def) {
    snn_random_connection_def_init(out_def, sizeof *out_def);
}

/* An empty network with the time step `dt_ms` (milliseconds, above 0 and at most 1e6). One reference; release it. */
SNN_API SNNStatus SNN_CALL snn_network_create(double dt_ms, SNNNetwork *out_network);
SNN_API SNNStatus SNN_CALL snn_network_add_population(SNNNetwork network, const SNNPopulationDef *def, uint32_t *out_index);
/* A parameter of the population's model, in the model's unit: `count` is 1 (shared) or the population's size. */
SNN_API SNNStatus SNN_CALL snn_network_set_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                                     const double *values, size_t count);
/* Whether training changes the parameter: as one number where it has one value, else one for each neuron. A state that begins at
 * a learnable parameter follows it in sessions too. SNN_ERROR_UNSUPPORTED: no gradient reaches the parameter (a refractory time,
 * which is rounded to steps; the mean of a random draw). Default 0. */
SNN_API SNNStatus SNN_CALL snn_network_set_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                                     uint32_t learnable);
/* *out_learnable: 1 or 0. */
SNN_API SNNStatus SNN_CALL snn_network_get_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                                     uint32_t *out_learnable);
/* An option of the model by the names of option and choice: ("reset", "subtract"). */
SNN_API SNNStatus SNN_CALL snn_network_set_option(SNNNetwork network, uint32_t population, const char *option,
                                                  const char *choice);
/* The state at step 0 and after a reset: `count` is 1 or the population's size. */
SNN_API SNNStatus SNN_CALL snn_network_set_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                                         const double *values, size_t count);
/* The surrogate derivative used in training: a built-in by name (`surrogate` null) or a user's. Parameters in the order
 * of its definition; `count` 0 keeps the defaults. */
SNN_API SNNStatus SNN_CALL snn_network_set_surrogate(SNNNetwork network, uint32_t population, const char *name,
                                                     SNNModel surrogate, const double *parameters, size_t count);
SNN_API SNNStatus SNN_CALL snn_network_connect(SNNNetwork network, const SNNProjectionDef *def, uint32_t *out_index);
/* Lets the weights of a sparse projection from spikes onto neurons that spike change while the network runs, or what its
 * spikes deliver, by a built-in rule ("pair_stdp" and the others of snn/models/plasticity; `rule` null) or a user's (`name` is not
 * read then). What happens when: docs/semantics.md, "Plasticity". The projection's arithmetic becomes SNN_ARITHMETIC_FIXED
 * and it is not trained; a network with a plastic projection cannot be trained at all, and a session of it has batch_size 1.
 * Parameters and options begin at their defaults; weights must lie within the bounds of the rule when the network is
 * finished, and a session keeps them there.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (another kind of projection; a target whose model lacks a state that the rule reads),
 * SNN_ERROR_NOT_FOUND, SNN_ERROR_STATE (finished). */
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity(SNNNetwork network, uint32_t projection, const char *name,
                                                      SNNModel rule);
/* A parameter of the projection's rule, in the rule's unit, one value for all synapses; an option by name of the choice. */
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity_parameter(SNNNetwork network, uint32_t projection,
                                                                const char *parameter, double value);
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                             const char *choice);
/* `def->kind` is SNN_CONNECT_SPARSE and its sparse arrays and weights are null: the rule makes them whenever they are needed. A
 * network keeps no memory for each synapse of a rule, and a file holds the rule itself. Sessions of the device "cpu" make what
 * they run on from it; what needs the synapses as arrays makes 10 bytes a synapse that the network then keeps: training, float
 * and fixed arithmetic, snn_network_get_projection_arrays, and weights that a session reads or writes. */
SNN_API SNNStatus SNN_CALL snn_network_connect_random(SNNNetwork network, const SNNProjectionDef *def,
                                                      const SNNRandomConnectionDef *rule, uint32_t *out_index);
/* Checks the whole network and makes it immutable: cycles without delay, fixed-point range, shapes. Needed before sessions and
 * saving. The sentence names the population or projection. */
SNN_API SNNStatus SNN_CALL snn_network_finish(SNNNetwork network);
SNN_API SNNStatus SNN_CALL snn_network_retain(SNNNetwork network);
SNN_API void SNN_CALL snn_network_release(SNNNetwork network);

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* Writes to a new file beside `path` and renames it, so a full disk or a crash leaves the old file as it was, and several
 * threads and processes may save to one path while others load it. A symbolic link is followed; the permissions of an old
 * file stay; anything but a regular file at `path` is SNN_ERROR_IO and left alone. */
SNN_API SNNStatus SNN_CALL snn_network_save(SNNNetwork network, const char *path);
/* Returns a finished network. Every size, index, name and number is checked; nothing in the file is executed. `path` must
 * be a regular file; all of it is copied, so it may change or go away afterwards. */
SNN_API SNNStatus SNN_CALL snn_network_load(const char *path, SNNNetwork *out_network);
SNN_API SNNStatus SNN_CALL snn_network_load_memory(const void *data, size_t size_bytes, SNNNetwork *out_network);

/* ---- Looking at a network ---------------------------------------------------------------------------------------- */

/* Pointers in these structs are borrowed: valid while the network lives and nothing is added to it. */

typedef struct SNNNetworkInfo {
    uint32_t struct_size;
    uint32_t population_count, projection_count;
    uint32_t finished;
    double dt_ms;
    uint64_t neuron_count;  /* without inputs */
    uint64_t synapse_count; /* connections as delivered: a conv kernel counts each use */
    uint64_t parameter_count; /* stored weights and biases */
} SNNNetworkInfo;
typedef struct SNNPopulationInfo {
    uint32_t struct_size;
    uint32_t kind;
    SNNShape shape;
    uint32_t size;
    const char *name, *model_name, *surrogate_name; /* borrowed as above; null where there is none */
} SNNPopulationInfo;
typedef struct SNNProjectionInfo {
    uint32_t struct_size;
    uint32_t kind, source, target, delay_steps, trainable, arithmetic, pool_mode;
    const char *name, *receptor; /* borrowed as above */
    uint64_t weight_count, bias_count, synapse_count;
    uint32_t kernel[2], stride[2], padding[2], dilation[2], groups;
    uint32_t by_rule;                 /* 1: a connection rule makes the synapses; 0: they are arrays */
    const float *bias;                /* borrowed as above; null when there is none */
    double fixed_point_scale;         /* 0 for float arithmetic; weights are rounded to multiples of 1/scale */
    uint32_t detached;                /* as in SNNProjectionDef */
} SNNProjectionInfo;
typedef struct SNNProjectionArrays {
    uint32_t struct_size;
    uint64_t weight_count;
    const float *weights;             /* borrowed as above; null when the count is 0 */
    /* Sparse, in canonical order: by source, then delay, then target, then order in SNNProjectionDef; `weights` too. */
    const uint64_t *row_offsets;      /* [source size + 1] */
    const uint32_t *synapse_targets;  /* [synapse_count] */
    const uint16_t *synapse_delays;   /* [synapse_count]; null: none */
} SNNProjectionArrays;

/* Set out_info->struct_size first. */
SNN_API SNNStatus SNN_CALL snn_network_get_info(SNNNetwork network, SNNNetworkInfo *out_info);
SNN_API SNNStatus SNN_CALL snn_network_get_population(SNNNetwork network, uint32_t index, SNNPopulationInfo *out_info);
SNN_API SNNStatus SNN_CALL snn_network_get_projection(SNNNetwork network, uint32_t index, SNNProjectionInfo *out_info);
/* The weights and synapses. Those of a rule are made at the first call: 10 bytes a synapse, kept with the network. */
SNN_API SNNStatus SNN_CALL snn_network_get_projection_arrays(SNNNetwork network, uint32_t index,
                                                             SNNProjectionArrays *out_arrays);
/* The rule that makes the synapses, with the seed in use; the positions are borrowed as above. SNN_ERROR_NOT_FOUND when they are
 * arrays. */
SNN_API SNNStatus SNN_CALL snn_network_get_connection_rule(SNNNetwork network, uint32_t index,
                                                           SNNRandomConnectionDef *out_rule);
/* The synapses of the source neurons `first_source` to `first_source + source_count - 1`, row after row, canonical order within a
 * row; those of a rule are made for this call only. `*io_count`: capacity of the arrays in, number of synapses out; with all
 * arrays null only the number is returned, and an array that is null is left out. Delays are in steps, delay_steps included. */
SNN_API SNNStatus SNN_CALL snn_network_get_synapses(SNNNetwork network, uint32_t projection, uint32_t first_source,
                                                    uint32_t source_count, uint32_t *out_sources, uint32_t *out_targets,
                                                    uint32_t *out_delays, float *out_weights, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_find_population(SNNNetwork network, const char *name, uint32_t *out_index);
SNN_API SNNStatus SNN_CALL snn_network_find_projection(SNNNetwork network, const char *name, uint32_t *out_index);
/* The model of a population (neurons), or its surrogate; release it. */
SNN_API SNNStatus SNN_CALL snn_network_get_model(SNNNetwork network, uint32_t population, SNNModel *out_model);
SNN_API SNNStatus SNN_CALL snn_network_get_surrogate(SNNNetwork network, uint32_t population, SNNModel *out_surrogate);
/* Values in use, defaults included. `*io_count`: capacity in, number of values out (1 or the population's size); with
 * out_values null only the number is returned. */
SNN_API SNNStatus SNN_CALL snn_network_get_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                                     double *out_values, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_get_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                                         double *out_values, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_get_surrogate_parameters(SNNNetwork network, uint32_t population,
                                                                double *out_values, size_t *io_count);
/* The name of the chosen option; borrowed as above. */
SNN_API SNNStatus SNN_CALL snn_network_get_option(SNNNetwork network, uint32_t population, const char *option,
                                                  const char **out_choice);
/* The plasticity rule of a projection (release it), a parameter in use, and the name of a chosen option (borrowed as above).
 * SNN_ERROR_NOT_FOUND where the projection has none. */
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity(SNNNetwork network, uint32_t projection, SNNModel *out_rule);
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity_parameter(SNNNetwork network, uint32_t projection,
                                                                const char *parameter, double *out_value);
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                             const char **out_choice);

/* ---- Sessions: the simple level ---------------------------------------------------------------------------------- */

enum { /* SNNConfig.instruction_set; forcing one is for tests and measurements: all give the same bits */
    SNN_ISA_BEST = 0, SNN_ISA_SCALAR = 1, SNN_ISA_AVX2 = 2, SNN_ISA_AVX512 = 3, SNN_ISA_NEON = 4
};
enum { /* SNNConfig.flags */
    SNN_FLAG_INTERPRET_MODELS = 1u, /* run built-in models through the op-list interpreter as well (tests) */
    SNN_FLAG_FLOAT64 = 2u,          /* device "reference" only: compute in double (tests) */
    SNN_FLAG_SMOOTH_SPIKES = 4u,    /* with FLOAT64: spikes are the surrogate's smooth function (gradient checks) */
    SNN_FLAG_ANY_SIZE = 8u,         /* open a session even when its estimate (snn_network_memory) exceeds the free memory, which
                                       is SNN_ERROR_OUT_OF_MEMORY else */
    SNN_FLAG_INPUT_GRADIENTS = 16u, /* training goes back to the inputs, through what is not trainable too: see
                                       snn_trainer_run_backward. Every model must be differentiable; it costs time and memory. */
    SNN_FLAG_SAMPLE_WEIGHTS = 32u   /* each sample has weights and biases of its own, at first the network's: paths of
                                       snn_session_read. Without training and plasticity, on one device: "cpu", "reference", and
                                       "vulkan" where a workgroup holds a sample (docs/decisions/0022) */
};

typedef struct SNNConfig {
    uint32_t struct_size;
    uint32_t flags;            /* SNN_FLAG_* */
    const char *file;          /* a .snn file, or null when `network` is given */
    SNNNetwork network;        /* a finished network; the session keeps a reference */
    const char *device;        /* "cpu" (default, also when null), "vulkan", "npu", "openvino", "reference", "null"; of several
                                  GPUs "vulkan" is the first, and "vulkan:1", "vulkan:NAME" (part of its name) or "vulkan:UUID"
                                  one of them. "openvino:DEVICE" is what OpenVINO calls so ("CPU", "GPU"); ":f16" or ":i8" behind
                                  it takes weights in float16, or in integers of 8 bits with a scale for each target neuron or
                                  channel. "npu" is its NPU, which computes in float16; "npu:i8". OpenVINO's devices agree with the
                                  others to a measured degree (docs/performance.md), not to the bit. Their library is found on the
                                  library path or by the environment variable SNN_OPENVINO, a file or folder.
                                  "auto": the fastest of the CPU and GPUs, which give the same bits, by snn_device_speed and the
                                  network's size; a small network stays on the CPU. One that does not work is left with a
                                  warning in the log, and never an error while another one does; a GPU that is lost in the middle
                                  of a run as well, and the next best device continues, bit for bit (except in training).
                                  "auto:low": on a battery. A small network stays on the CPU, with one thread where its dt is at
                                  least 0.2 ms. Of the devices that are expected to take at most half of the
                                  network's dt for a step, the first of: an NPU (its bits are its own), a GPU that is part of the
                                  processor, the CPU with one thread, with thread_count threads, any other GPU; none: the fastest.
                                  "cpu+vulkan:0": several at once, each with some of the populations or slices of them, for
                                  simulation alone. All give the bits of one. ";exc[0:512]=0;exc[512:]=1;inh=1" behind it places
                                  populations, or slices at multiples of 64 neurons, on devices, counted from 0; the others are
                                  placed by their work and snn_device_speed. Populations with an undelayed projection between them
                                  stay together and whole, targets of convolution and pooling whole. Of "cpu", "vulkan" and
                                  "reference"; threads are shared among those that compute on the host. OpenVINO's devices may be
                                  among them: what they cannot run is left to the others, and bits are then their own.
                                  "cpu*8+vulkan:0*24": each with so many samples of the batch; "cpu*+vulkan:0*": as many as
                                  snn_device_speed tells. These train too, with gradients added up in order; ";microbatch=8"
                                  behind it: of so many samples at a time, so that training has the same bits whatever the shares,
                                  on one device as well: "cpu*;microbatch=8". A GPU among several that fails is left with a warning
                                  in the log, and what it had goes to the others; an error comes when no device is left */
    uint32_t batch_size;       /* samples, 1 (default) to 1,048,576 */
    uint32_t thread_count;     /* default 1, at most 1024; 0: one per core. Results do not depend on it. */
    uint32_t instruction_set;  /* SNN_ISA_* */
    uint32_t max_catch_up_steps; /* most steps that one snn_run_step may take; time beyond is dropped. 0 (default): as many as fit
                                    into 0.25 s of simulated time, at least 100 */
    const SNNAllocator *allocator;  /* copied; null: the C runtime's */
    const SNNJobSystem *job_system; /* copied; null: own threads */
    SNNLogCallback log;             /* null: silent */
    void *log_user;
    uint64_t seed; /* of the random draws of models that have some, default 0: same network, inputs and seed, same spikes */
} SNNConfig;

SNN_API void SNN_CALL snn_config_init(SNNConfig *out_config, uint32_t struct_size);
SNN_INLINE void snn_config_default(SNNConfig *out_config) { snn_config_init(out_config, sizeof *out_config); }
/* What a session needs, before one is opened: an estimate that is right within a few percent for large networks. Training adds
 * gradients, moments and the tape. */
typedef struct SNNMemoryEstimate {
    uint32_t struct_size;
    uint64_t network_bytes; /* held by the network, shared by its sessions: weights, synapses, parameters */
    uint64_t weight_bytes;  /* weights and synapses in the form of the session's device */
    uint64_t state_bytes;   /* states, sums, activity kept for delays; of all samples */
    uint64_t total_bytes;   /* their sum */
    uint64_t opening_bytes; /* what opening the session would add: without what the network holds already */
} SNNMemoryEstimate;
/* For a session as `config` would open it; its `file` and `network` are not looked at. `out_projection_bytes`: null, or one value
 * for each projection, its part of network and weights; `count` is then the number of projections. The network must be
 * finished. */
SNN_API SNNStatus SNN_CALL snn_network_memory(SNNNetwork network, const SNNConfig *config, SNNMemoryEstimate *out_estimate,
                                              uint64_t *out_projection_bytes, size_t count);
#define SNN_PLACE_CUT 0xFFFFFFFFu
/* Where a session as `config` would open it runs: for each of the `count` populations the number of its device, from 0, among those
 * of config->device (with one device all are 0); of inputs it is that of the first device that reads them. SNN_PLACE_CUT: several
 * devices have a slice of it each. `out_window_steps` (null allowed): spikes go from device to device after every so many steps, 0 when
 * none do. Measures devices (snn_device_speed) where they differ and config->device leaves populations to be placed. The network must
 * be finished. */
SNN_API SNNStatus SNN_CALL snn_network_placement(SNNNetwork network, const SNNConfig *config, uint32_t *out_places, size_t count,
                                                 uint32_t *out_window_steps);
/* The same, and how a batch is divided, as a device string that reproduces this placement:
 * "cpu+vulkan:0;exc[0:512]=0;exc[512:800]=1;inh=0", or "cpu*8+vulkan:0*24" for "cpu*+vulkan:0*". Writes it zero-terminated;
 * *out_size_bytes: the size it needs. `out_words` null and `size_bytes` 0 ask for the size; a buffer that is too small is an
 * error. */
SNN_API SNNStatus SNN_CALL snn_network_placement_words(SNNNetwork network, const SNNConfig *config, char *out_words, size_t size_bytes,
                                                       size_t *out_size_bytes);
/* Seconds that a step is expected to take on each of the `count` devices of config->device, with what spikes between devices cost; 0 for
 * one that has nothing to do. From two measured steps of a device (snn_device_speed) and 5 % of the neurons spiking, so it says which
 * device does more, not what a clock will show. */
SNN_API SNNStatus SNN_CALL snn_network_placement_times(SNNNetwork network, const SNNConfig *config, double *out_seconds, size_t count);
/* What keeps populations from some of the devices, a sentence on each line: a device cannot run them, its bits are its own, or there
 * is not enough memory. Empty where nothing does. Size and buffer as in snn_network_placement_words. */
SNN_API SNNStatus SNN_CALL snn_network_placement_reasons(SNNNetwork network, const SNNConfig *config, char *out_text, size_t size_bytes,
                                                         size_t *out_size_bytes);
/* Opens a session: loads `file` or takes `network`, prepares the device, sets the initial state. */
SNN_API SNNStatus SNN_CALL snn_create_network(const SNNConfig *config, SNNHandle *out_handle);
/* The device that a session runs on. */
typedef struct SNNSessionDevice {
    uint32_t struct_size;
    char name[64];    /* as SNNConfig.device: "vulkan:0". A longer one, of several devices, is cut after 63 bytes; the whole has
                         snn_network_placement_words */
    char reason[256]; /* one line that says why "auto" chose it, or which of several failed; "" where the caller named it */
} SNNSessionDevice;
/* Set out_device->struct_size first. It changes when a trainer is made on a session that "auto" put on a device that cannot train - the
 * session continues on the CPU, bit for bit - and when one of several devices fails. */
SNN_API SNNStatus SNN_CALL snn_session_device(SNNHandle handle, SNNSessionDevice *out_device);
/* Ends the session and frees its memory; its trainers become invalid. Null is allowed. */
SNN_API void SNN_CALL snn_destroy_network(SNNHandle handle);
/* Replaces weights, biases and learnable parameters by those of a .snn file with the same names and shapes, in all samples; either
 * all of them or, after an error, none. */
SNN_API SNNStatus SNN_CALL snn_load_weights(SNNHandle handle, const char *path);
/* Advances the network by `frame_dt` seconds: as many whole steps as fit, the remainder is carried to the next call; at
 * most max_catch_up_steps, the time beyond that is dropped. NaN, negative or infinite is an error. */
SNN_API SNNStatus SNN_CALL snn_run_step(SNNHandle handle, float frame_dt);
/* The same, but it stops after the step in which `budget_s` seconds of wall time are spent: a frame keeps its time, and the
 * network falls behind and catches up later. At least one step that is due runs (budget 0: exactly one); what is left is
 * carried to the next call, where max_catch_up_steps bounds it together with the new time. Infinity: as snn_run_step. Negative
 * or NaN is an error. *out_steps (may be null): the steps that ran. Which steps run does not change what they compute. */
SNN_API SNNStatus SNN_CALL snn_run_step_within(SNNHandle handle, float frame_dt, float budget_s, uint32_t *out_steps);
/* Steps in the background: a frame begins them and goes on, a later frame asks whether they are done. Begins what snn_run_step_within
 * does (INFINITY: no budget), on a thread that the session has for it from its first call on, and returns at once. *out_begun (may be
 * null): 1; 0 when steps are still under way, and the time is carried to the next call.
 * Until snn_session_poll or snn_session_wait has said that they are done, functions of inputs take what the next steps read -
 * snn_session_set_input, snn_session_set_sample_input and snn_session_add_input_spikes - and any other use of the session is
 * SNN_ERROR_BUSY, except snn_session_network; memory that is bound is being read. snn_destroy_network waits for the steps.
 * Errors: SNN_ERROR_INVALID_ARGUMENT as for snn_run_step_within; SNN_ERROR_UNSUPPORTED where the program lends a Vulkan device or a job
 * system. */
SNN_API SNNStatus SNN_CALL snn_session_begin(SNNHandle handle, float frame_dt, float budget_s, uint32_t *out_begun);
/* *out_done: 1 when nothing is under way any more, else 0. Never waits. The call that finds steps done calls the spike callback for
 * each of them, in their order and on its own thread - what the callback reads is the state after the last step - and returns the
 * error of the steps, if there was one. */
SNN_API SNNStatus SNN_CALL snn_session_poll(SNNHandle handle, uint32_t *out_done);
/* The same, but it waits until they are done. */
SNN_API SNNStatus SNN_CALL snn_session_wait(SNNHandle handle);
/* The membrane state ("v" in most models) of every neuron of a population: [batch_size][size], `count` floats. Sources, models
 * without a state, have none. */
SNN_API SNNStatus SNN_CALL snn_get_membrane_potentials(SNNHandle handle, const char *population,
                                                       float *out_potentials, size_t count);

typedef struct SNNSpikes {
    uint32_t struct_size;
    uint32_t population, sample, count;
    const uint32_t *neurons; /* ascending; valid during the callback only */
    uint64_t step;           /* the step that has just been computed, 0 = the first */
} SNNSpikes;
/* Called on the thread that steps, after each step, for each population and sample that spiked (inputs excepted). It may
 * read from the session; stepping or writing it from inside is SNN_ERROR_BUSY, destroying it takes effect when the call
 * that steps returns. */
typedef void(SNN_CALL *SpikeCallback)(SNNHandle handle, const SNNSpikes *spikes, void *user);
/* One callback for each session; null removes it. */
SNN_API SNNStatus SNN_CALL snn_register_spike_callback(SNNHandle handle, SpikeCallback callback, void *user);

/* ---- Sessions: the full level ------------------------------------------------------------------------------------ */

/* A new reference to the session's network; release it. */
SNN_API SNNStatus SNN_CALL snn_session_network(SNNHandle handle, SNNNetwork *out_network);
/* A new finished network with the session's present weights, biases and parameters; release it. SNN_ERROR_UNSUPPORTED where samples
 * have weights of their own: read those of the sample that is meant and write them to a session without the flag. */
SNN_API SNNStatus SNN_CALL snn_session_to_network(SNNHandle handle, SNNNetwork *out_network);

/* Input of an input population for the coming step: [batch_size][size] floats. Spike inputs take 0 and 1 only and are
 * empty again after one step; values stay. NaN and infinity are refused.
 * Errors: SNN_ERROR_STATE (the input is bound, see below), SNN_ERROR_INVALID_ARGUMENT. */
SNN_API SNNStatus SNN_CALL snn_session_set_input(SNNHandle handle, uint32_t population, const float *values, size_t count);
/* The same for one sample: `count` is the population's size. What other samples were given for the coming step stays, so that each
 * creature of a game gives its own senses. */
SNN_API SNNStatus SNN_CALL snn_session_set_sample_input(SNNHandle handle, uint32_t population, uint32_t sample, const float *values,
                                                        size_t count);
/* Spikes for the coming step of one sample, as they come from a camera, a socket or another network: the `count` neurons of a
 * spike input, in any order, are added to what the sample was given before. One that is named twice spikes once; the input is
 * empty again after the step. The bits are those of snn_session_set_input; on the CPU the time follows the spikes and one bit
 * for each neuron of the input. The first call for an input reserves memory, later ones do not allocate. A run that is given the
 * input itself leaves them for the step after it.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a neuron or sample out of range; no spike input), SNN_ERROR_STATE (the input is bound);
 * the input is then as it was. */
SNN_API SNNStatus SNN_CALL snn_session_add_input_spikes(SNNHandle handle, uint32_t population, uint32_t sample,
                                                        const uint32_t *neurons, size_t count);
/* As snn_session_set_input, but the memory is borrowed and read at each step, without a check of the values, until it is bound to null.
 * Values other than 0 count as spikes for a spike input; NaN in a value input makes states NaN until the session is reset.
 * A bound input reads nothing else: what sets it, adds spikes to it or names it in a run or a batch is SNN_ERROR_STATE. */
SNN_API SNNStatus SNN_CALL snn_session_bind_input(SNNHandle handle, uint32_t population, const float *values, size_t count);
/* Advances by `step_count` steps. */
SNN_API SNNStatus SNN_CALL snn_session_step(SNNHandle handle, uint32_t step_count);
/* Back to step 0 and the initial state; weights, parameters, callbacks and bindings stay. */
SNN_API SNNStatus SNN_CALL snn_session_reset(SNNHandle handle);
/* Steps since creation or reset; a trainer's forward resets and runs its steps. */
SNN_API SNNStatus SNN_CALL snn_session_step_count(SNNHandle handle, uint64_t *out_steps);
/* Sets that number, to continue from a state that was read before: random draws depend on it. States and activity stay. */
SNN_API SNNStatus SNN_CALL snn_session_set_step_count(SNNHandle handle, uint64_t steps);
/* The neurons of `sample` that spiked in the last step, ascending. Borrowed: valid until the session is next used. */
SNN_API SNNStatus SNN_CALL snn_session_get_spikes(SNNHandle handle, uint32_t population, uint32_t sample,
                                                  const uint32_t **out_neurons, uint32_t *out_count);

/* What a session has computed since it was opened or reset (a trainer's forward resets). Exact: the same on every device, for
 * every number of threads and instruction set. Copies the counts; keeping them has no measurable cost in a step. */
typedef struct SNNCounters {
    uint32_t struct_size;
    uint64_t steps;               /* computed; snn_session_set_step_count changes nothing here */
    uint64_t neuron_updates;      /* steps times neurons times samples, without inputs */
    uint64_t spikes;              /* of neurons */
    uint64_t input_spikes;        /* that spike inputs were given */
    uint64_t synaptic_events;     /* one synapse that delivered one spike, counted in the step in which it arrives. Dense: one
                                     for each target; conv2d and pool2d: each use inside the target's image */
    uint64_t synaptic_operations; /* the same, and synapses that delivered a value other than 0 of a value input */
} SNNCounters;
/* Set out_counters->struct_size first. Device "null" counts steps only. */
SNN_API SNNStatus SNN_CALL snn_get_counters(SNNHandle handle, SNNCounters *out_counters);

enum { SNN_FLOAT32 = 0, SNN_FLOAT64 = 1, SNN_INT32 = 2, SNN_UINT8 = 3 };
/* Saves everything that the session's next steps depend on, to continue later: in a session of the same network on any
 * device, instruction set and number of threads, bit for bit as if it had not been interrupted. The file (docs/file-format.md) has
 * steps, carried time and seed, states, activity kept for delays, inputs that were set, parameters, the counters, and the weights
 * and biases that this session changed; of the others a hash. It is replaced whole, as by snn_network_save. Not in it: the
 * network, bindings, callbacks and trainers. From a callback it is SNN_ERROR_BUSY: the step is not over.
 *
 * snn_load_state changes everything or nothing. A state of another network, time step or batch_size is
 * SNN_ERROR_INVALID_ARGUMENT, and the sentence names the population or projection; a damaged file is SNN_ERROR_FORMAT. The seed
 * becomes the saved one. Bindings and callbacks of the session stay. Neither works with SNN_FLAG_FLOAT64. */
SNN_API SNNStatus SNN_CALL snn_save_state(SNNHandle handle, const char *path);
SNN_API SNNStatus SNN_CALL snn_load_state(SNNHandle handle, const char *path);

/* Any variable by its path, converted to or from `dtype`; `count` must match exactly.
 *   "population.state"       [batch_size][size]   any state of the model
 *   "population.spikes"      [batch_size][size]   activity of the last step (read only); not of neurons that do not spike
 *   "projection.weight"      as in SNNProjectionDef, but sparse ones in the canonical order of SNNProjectionInfo; writing
 *                            gives the session its own copy
 *   "projection.bias"        as in SNNProjectionDef
 *                            With SNN_FLAG_SAMPLE_WEIGHTS both are [batch_size][...], and "projection.weight[7]",
 *                            "projection.bias[7]" are those of sample 7 alone
 *   "projection.weight.gradient", "projection.bias.gradient"   in the same order; after a backward pass (read only)
 *   "projection.parameter"   [1], a parameter of the projection's rule of plasticity, as this session has it; writing takes effect
 *                            with the next step and may not move the bounds of the weights
 *   "projection.trace"       a trace of the rule as the step to come sees it: [source][delay], where delay counts the different
 *                            delays of its synapses, [target] or [synapse], by whose trace it is (read only)
 *   "projection.signal"      [1] (write only): a signal, such as a reward, to all synapses of a rule that has [on_signal]
 *   "population.history"     [delay][batch_size][size]  activity kept for delays, the newest first (resume a run)
 *   "population.parameter"   [1] or [size], in the model's unit: a parameter of the model, as this session has it. Writing
 *                            takes either count, checks as snn_network_set_parameter does, and takes effect with the next step;
 *                            states stay, initial states too (except those that begin at a learnable parameter). The network
 *                            and other sessions keep theirs.
 *   "population.parameter.gradient"   of a learnable parameter, as many values as it has; after a backward pass (read only)
 * A state of whole numbers ("int" in its model) takes whole numbers only, the history of spikes 0 and 1 only: nothing is
 * rounded silently. */
SNN_API SNNStatus SNN_CALL snn_session_read(SNNHandle handle, const char *path, uint32_t dtype, void *out_data, size_t count);
SNN_API SNNStatus SNN_CALL snn_session_write(SNNHandle handle, const char *path, uint32_t dtype, const void *data,
                                             size_t count);
/* How many values snn_session_read wants for a path. */
SNN_API SNNStatus SNN_CALL snn_session_value_count(SNNHandle handle, const char *path, size_t *out_count);

typedef struct SNNInputArray {
    uint32_t population;
    uint32_t held;      /* 1: data is [batch_size][size] and used at every step; 0: [step][batch_size][size] */
    const float *data;
    size_t count;
} SNNInputArray;
typedef struct SNNRecordArray {
    uint32_t population;
    uint32_t dtype;       /* SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32 */
    const char *variable; /* a state, "spikes", or "spike_count" ([batch_size][size], summed over the run) */
    void *data;           /* [step][batch_size][size], written as the run goes; SNNRunDef.record_interval: fewer steps */
    size_t count;
} SNNRecordArray;
/* Spikes of a population as events, in the caller's arrays: ordered by step, then sample, then neuron. The memory follows the
 * spikes there are, not steps times neurons. */
typedef struct SNNSpikeRecord {
    uint32_t struct_size;
    uint32_t population; /* neurons that spike, or a spike input */
    uint32_t *steps;     /* [capacity] since the run began, 0: its first */
    uint32_t *neurons;   /* [capacity] */
    uint32_t *samples;   /* [capacity]; may be null when batch_size is 1 */
    size_t capacity;     /* at least batch_size times size: as many as one step can give */
    size_t count;        /* out: number of events */
} SNNSpikeRecord;
/* The spikes of a spike input one by one, in the caller's arrays: in the order of their steps, those of a step in any order; a
 * neuron that is named twice in a step spikes once. Silent steps and neurons take no memory. What SNNSpikeRecord recorded of a
 * population of the same size may be given as it is. */
typedef struct SNNSpikeInput {
    uint32_t struct_size;
    uint32_t population;     /* a spike input */
    const uint32_t *steps;   /* [count] since the run began, 0: its first; less than steps_before + step_count. Events before
                                steps_before belong to an earlier call of the run and are passed over */
    const uint32_t *neurons; /* [count] less than the population's size */
    const uint32_t *samples; /* [count] less than batch_size; may be null when that is 1 */
    size_t count;            /* number of events, may be 0; at most 2^32 - 1 */
} SNNSpikeInput;
/* Values of chosen neurons or synapses, after every record_interval steps: the memory follows what was chosen. */
typedef struct SNNValueRecord {
    uint32_t struct_size;
    uint32_t dtype;          /* SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32 */
    const char *path;        /* as for snn_session_read: "population.state", "population.spikes", "projection.weight",
                                "projection.bias", "projection.trace" */
    const uint64_t *indices; /* [index_count] neurons or synapses: places in one sample's values, in any order, repeats allowed;
                                null, with index_count 0: all */
    size_t index_count;
    void *data;              /* [row][batch_size][index_count], written as the run goes. Of a projection [row][index_count],
                                unless samples have weights of their own and the path names none of them */
    size_t count;
} SNNValueRecord;
/* Called every `progress_interval` steps, or by the clock; a value other than 0 stops the run (SNN_ERROR_STOPPED). */
typedef int32_t(SNN_CALL *SNNProgressCallback)(uint64_t steps_done, uint64_t steps_total, void *user);
typedef struct SNNRunDef {
    uint32_t struct_size;
    uint32_t step_count;
    const SNNInputArray *inputs;
    uint32_t input_count;
    uint32_t record_count;
    const SNNRecordArray *records;
    SNNProgressCallback progress; /* null: none */
    void *progress_user;
    uint32_t progress_interval;   /* steps, default 1000; 0: about 50 times a second, by the clock */
    SNNSpikeRecord *spike_records; /* all of one struct_size; a population once at most */
    uint32_t spike_record_count;
    uint32_t record_interval;      /* `records` are written after every so many steps, default 1; "spike_count" sums over all */
    uint32_t steps_before;         /* default 0; of a run that this call goes on with: they count in `steps` of events and towards
                                      record_interval */
    uint32_t *out_step_count;      /* the steps that were done; null: not wanted, only without spike_records */
    const SNNSpikeInput *spike_inputs; /* all of one struct_size; an input is here or in `inputs`, once */
    const SNNValueRecord *value_records; /* all of one struct_size; written after every record_interval steps */
    uint32_t spike_input_count;
    uint32_t value_record_count;
} SNNRunDef;
SNN_API void SNN_CALL snn_run_def_init(SNNRunDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_run_def_default(SNNRunDef *out_def) { snn_run_def_init(out_def, sizeof *out_def); }
/* Runs `step_count` steps with inputs and recordings. Input populations not named get what was set or bound; one that
 * is named must not be bound. Everything is checked before the first step.
 * No event of spike_records is lost: where the next step could give more than there is room for, the call returns SNN_OK with
 * *out_step_count below step_count. The caller then takes the events out and calls again for the steps that are left, with
 * inputs and records moved on and steps_before set. SNN_ERROR_STOPPED leaves what was recorded as well. */
SNN_API SNNStatus SNN_CALL snn_session_run(SNNHandle handle, const SNNRunDef *def);

/* ---- Training ---------------------------------------------------------------------------------------------------- */

enum { /* losses, averaged over the batch; T steps, class = argmax of the scores */
    /* Softmax cross-entropy; the score of an output is */
    SNN_LOSS_CROSS_ENTROPY_COUNT = 0,         /* its number of spikes */
    SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE = 1,  /* its largest membrane value in time */
    SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE = 2, /* its mean membrane value in time */
    SNN_LOSS_CROSS_ENTROPY_RATE = 4,          /* its spikes per step */
    SNN_LOSS_CROSS_ENTROPY_LAST_MEMBRANE = 5, /* its membrane value after the last step */
    SNN_LOSS_CROSS_ENTROPY_LATENCY = 6,       /* minus the step of its first spike, T when there is none */
    /* Mean over the steps of the softmax cross-entropy of each step; its class is that of the mean membranes or of the counts */
    SNN_LOSS_CROSS_ENTROPY_MEMBRANE = 14,     /* of the membranes after the step */
    SNN_LOSS_CROSS_ENTROPY_SPIKES = 15,       /* of the spikes, 0 or 1, of the step */
    /* Mean over outputs of (score - target)^2 */
    SNN_LOSS_MEAN_SQUARE_RATE = 3,
    SNN_LOSS_MEAN_SQUARE_COUNT = 7,
    SNN_LOSS_MEAN_SQUARE_MAX_MEMBRANE = 8,
    SNN_LOSS_MEAN_SQUARE_MEAN_MEMBRANE = 9,
    SNN_LOSS_MEAN_SQUARE_LAST_MEMBRANE = 10,
    SNN_LOSS_MEAN_SQUARE_LATENCY = 11,        /* of latencies in steps; takes no labels alone */
    /* Targets for each step; no labels alone. Scores are mean membranes and counts of spikes. */
    SNN_LOSS_MEAN_SQUARE_MEMBRANE = 12,       /* mean over outputs and steps of (membrane after the step - target)^2 */
    SNN_LOSS_VAN_ROSSUM = 13,                 /* mean over outputs of the van Rossum distance (squared) to target trains */
    /* The caller's own: snn_trainer_run and snn_trainer_run_backward; output_population is not looked at. */
    SNN_LOSS_NONE = 255
};
/* How gradients are computed; docs/semantics.md. */
enum {
    SNN_LEARNING_BPTT = 0,  /* back-propagation through time */
    SNN_LEARNING_OTTT = 1,  /* online training through time (Xiao et al. 2022): errors go back through layers at each step, and meet
                               traces of what arrived before */
    SNN_LEARNING_EPROP = 2, /* e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to those
                               that project onto it, and meet eligibility traces */
    SNN_LEARNING_EVENTPROP = 3 /* EventProp (Wunderlich and Pehle 2021), in steps: gradients of the times of spikes, from 4 bytes for
                               each; membranes may not jump with inputs; losses of latency, membrane (no spikes) or VAN_ROSSUM */
};
enum { SNN_OPTIMIZER_SGD = 0, SNN_OPTIMIZER_ADAM = 1, SNN_OPTIMIZER_ADAMW = 2, SNN_OPTIMIZER_LION = 3 };

typedef struct SNNTrainerDef {
    uint32_t struct_size;
    uint32_t output_population;
    uint32_t step_count;          /* T */
    uint32_t loss;                /* SNN_LOSS_* */
    uint32_t optimizer;           /* SNN_OPTIMIZER_*, default Adam */
    float rate_on, rate_off;      /* MEAN_SQUARE losses with labels alone: target of the class and of the others; of COUNT this
                                     times T. Defaults 0.8 and 0 */
    double learning_rate;         /* default 1e-3 */
    double momentum;              /* SGD, default 0 */
    double beta1, beta2, epsilon; /* Adam: 0.9, 0.999, 1e-8; Lion (published with 0.9, 0.99) reads the betas too */
    double weight_decay;          /* SGD and Adam: added to the gradient, as of weight_decay / 2 * sum w^2 (L2); AdamW and Lion:
                                     decoupled. Default 0 */
    double gradient_clip_norm;    /* 0: none; else the gradient is scaled so that its global L2 norm, learnable parameters as
                                     they are stepped included, is at most this */
    double rate_regularization;   /* strength s of s * mean((rate - rate_target)^2) over all spiking populations, 0: none */
    double rate_target;           /* spikes per step */
    double parameter_rate_factor; /* on the learning rate, for learnable parameters of neurons; default 1. A parameter that must
                                     lie above a number (a time constant) is stepped as the logarithm of its distance from it, so
                                     that it stays there and steps are relative; others as they are, within their limits. No decay
                                     and no L1 acts on them */
    double l1_regularization;     /* strength s: s * sign(w) is added to the gradient of weights and biases; default 0. The loss
                                     that is told counts neither this nor weight_decay */
    double van_rossum_tau_ms;     /* time constant of VAN_ROSSUM, default 10 */
    uint32_t checkpoint_steps;    /* 0 (default): all steps are kept for the backward pass. Else about so many at once, and the state
                                     before each such segment: the others are run again on the way back. Gradients are the same
                                     bits; memory is that of one segment and a state for each, time that of a second forward.
                                     0xFFFFFFFF: about the square root of T, which takes the least memory.
                                     snn_trainer_forward and snn_trainer_run then copy their inputs, snn_trainer_step does not */
    uint32_t window_steps;        /* 0 (default): gradients go back through all T steps. Else truncated back-propagation: the run
                                     is cut into windows of so many steps, the last one perhaps shorter; states go on from one to
                                     the next, gradients do not go back */
    uint32_t window_updates;      /* 1 (default): snn_trainer_step takes each window as a run of its own, with the loss of its steps
                                     and an update after it; the result has the mean loss and the last window's correct_count.
                                     0, and in snn_trainer_forward and backward always: one loss over T, one update */
    uint32_t rule;                /* SNN_LEARNING_*, default BPTT. The others need one of the library's losses, models that are
                                     linear between spikes with the same decays in a whole population, and no learnable parameters.
                                     With window_steps memory does not grow with T: traces of OTTT and e-prop go on from window to
                                     window, their gradients are not truncated, except e-prop's filter of the output's leak */
    double label_smoothing;       /* CROSS_ENTROPY losses, 0 to 1, default 0: so much of what is wanted of the class is wanted of all
                                     K outputs alike, 1 - e + e / K of it and e / K of each other (Szegedy et al. 2016) */
} SNNTrainerDef;
typedef struct SNNBatch {
    uint32_t struct_size;
    uint32_t input_count;
    const SNNInputArray *inputs;  /* counts as for the session's batch_size */
    const int32_t *labels;        /* [batch_size] class of each sample; -1: the sample is padding and ignored */
    size_t label_count;
    const float *targets;         /* MEAN_SQUARE losses: [batch_size][outputs], those of each step [T][batch_size][outputs], instead
                                     of labels or with them; then labels mark padding and say what counts as correct */
    size_t target_count;
    const SNNSpikeInput *spike_inputs; /* inputs as spikes one by one, in place of frames of all steps; all of one struct_size; an input
                                     is here or in `inputs`, once. Steps count from the batch's first; the same results */
    uint32_t spike_input_count;
} SNNBatch;
typedef struct SNNTrainResult {
    uint32_t struct_size;
    uint32_t sample_count;        /* samples that were not padding */
    uint32_t correct_count;       /* argmax equal to the label; 0 without labels */
    double loss;                  /* mean over samples, regularisation included */
    double spike_count;           /* of all spiking populations and steps, without padding */
} SNNTrainResult;

SNN_API void SNN_CALL snn_trainer_def_init(SNNTrainerDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_trainer_def_default(SNNTrainerDef *out_def) { snn_trainer_def_init(out_def, sizeof *out_def); }
/* The session gets its own copy of the weights. The trainer ends with its session; release it all the same. */
SNN_API SNNStatus SNN_CALL snn_trainer_create(SNNHandle handle, const SNNTrainerDef *def, SNNTrainer *out_trainer);
SNN_API void SNN_CALL snn_trainer_release(SNNTrainer trainer);
/* forward + backward + update on one batch, or on each of its windows. State is reset before and left as after the last step. */
SNN_API SNNStatus SNN_CALL snn_trainer_step(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result);
/* The three parts of a step. backward needs a forward before it, update a backward; another trainer of the session may not
 * run forward in between. update refuses a loss or gradient that is not finite and leaves the weights (SNN_ERROR_STATE). */
SNN_API SNNStatus SNN_CALL snn_trainer_forward(SNNTrainer trainer, const SNNBatch *batch, SNNTrainResult *io_result);
SNN_API SNNStatus SNN_CALL snn_trainer_backward(SNNTrainer trainer);
SNN_API SNNStatus SNN_CALL snn_trainer_update(SNNTrainer trainer);
/* A loss that the caller computes, for a trainer with SNN_LOSS_NONE, instead of forward and backward:
 * run gives what the loss needs, `records` as for snn_session_run (every step). Labels may be null and only mark padding, for
 * the regularisation and the result, whose loss is the regularisation and whose correct_count is 0.
 * run_backward takes the loss, for the check before an update and the mean of an epoch, and dL/d(variable) of the last run,
 * [step][batch_size][size] in SNN_FLOAT32 or SNN_FLOAT64: `variable` is "spikes" or a state that is no whole number, `data` is
 * only read; what is not given is 0. It makes the gradients of weights (snn_session_read, "NAME.weight.gradient") for
 * snn_trainer_update, and writes into `input_gradients` dL/d(input) of input populations, variable "spikes", the same shape,
 * also where the input was held; that needs SNN_FLAG_INPUT_GRADIENTS. Until the update it may be called again for the same run. */
SNN_API SNNStatus SNN_CALL snn_trainer_run(SNNTrainer trainer, const SNNBatch *batch, const SNNRecordArray *records,
                                           uint32_t record_count, SNNTrainResult *io_result);
SNN_API SNNStatus SNN_CALL snn_trainer_run_backward(SNNTrainer trainer, double loss, const SNNRecordArray *gradients,
                                                    uint32_t gradient_count, const SNNRecordArray *input_gradients,
                                                    uint32_t input_gradient_count);
/* Scores of the last forward as the loss has them; [batch_size][outputs]. */
SNN_API SNNStatus SNN_CALL snn_trainer_scores(SNNTrainer trainer, float *out_scores, size_t count);
/* The part of the last step's or forward's loss that comes from the loss of output_population or from an auxiliary one, its weight
 * included; 0 before the first. What is left of the whole is the regularisation of rates. SNN_ERROR_INVALID_ARGUMENT: the
 * population has no loss in this trainer. */
SNN_API SNNStatus SNN_CALL snn_trainer_loss_of(SNNTrainer trainer, uint32_t population, double *out_loss);
/* What a trainer remembers from update to update, the optimiser's moments above all, as numbers to keep with the weights and
 * parameters of its session: training that continues from all of them gives the same bits as training that was never
 * interrupted. A state belongs to trainers of the same network and optimiser. With out_values null only the number is
 * returned; *io_count: capacity in, number out. */
SNN_API SNNStatus SNN_CALL snn_trainer_get_state(SNNTrainer trainer, double *out_values, size_t *io_count);
/* Takes over a state; a forward and backward that wait for their update are forgotten. SNN_ERROR_INVALID_ARGUMENT: another number
 * of values, or one that is not finite. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_state(SNNTrainer trainer, const double *values, size_t count);
/* A second loss, of another population than output_population: `weight` times it is added to the loss, and its gradients to
 * theirs. It looks at the same labels or targets, so the population has as many neurons as the outputs, and its loss has targets
 * for each step where the other has. With readouts of hidden layers and `detached` projections between the layers each layer learns
 * by a loss of its own (local learning, as in DECOLLE: Kaiser et al. 2020). Called again for a population it replaces what was
 * set; weight 0: none. Results and epochs count it in the loss; correct_count and scores are those of output_population alone.
 * SNN_ERROR_INVALID_ARGUMENT: an input, output_population itself, another number of neurons, a loss that does not fit the
 * population or the other loss, a weight that is negative. SNN_ERROR_UNSUPPORTED: the rule does not know it (SNN_LEARNING_EPROP
 * has one output, SNN_LEARNING_EVENTPROP times of spikes). SNN_ERROR_STATE: the trainer has SNN_LOSS_NONE. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_auxiliary_loss(SNNTrainer trainer, uint32_t population, uint32_t loss, double weight);
/* Weights of the classes in CROSS_ENTROPY losses, auxiliary ones too: [outputs], each at least 0; they are copied. count 0: none, which
 * is 1 each. The cross-entropy with class y counts w_y times, with label_smoothing that with output k w_k times, and the mean divides
 * by the sum of the w_y instead of the number of samples (as PyTorch's CrossEntropyLoss); a batch where that is 0 has the loss 0.
 * SNN_ERROR_INVALID_ARGUMENT: another count, or a weight that is negative or not finite. SNN_ERROR_STATE: SNN_LOSS_NONE. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_class_weights(SNNTrainer trainer, const float *weights, size_t count);
/* Dropout (Srivastava et al. 2014) of neurons that spike, fixed over time: in every forward and step of this trainer each neuron
 * of each sample is silent in all steps with `probability` (0: none, the default), and what the others send counts
 * 1 / (1 - probability) times. Which ones follows from seed, population, sample and number of updates. To evaluate, take a trainer
 * without it. SNN_ERROR_UNSUPPORTED: a projection from it sums in fixed point or is maximum pooling. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_dropout(SNNTrainer trainer, uint32_t population, double probability, uint64_t seed);
/* Quantisation-aware training: from now on the session has the weights of a projection rounded to `bits` bits, 2 to 8 (0: no longer;
 * it keeps the weights it has), each an integer of at most 2^(bits - 1) - 1 times a float32 scale that all share, or those of each output
 * channel (conv2d) or target neuron where per_channel is 1; the products are exact. The trainer keeps the weights that are rounded,
 * beginning with the session's, and changes them by the gradients of the rounded ones (straight-through: Jacob et al. 2018).
 * Biases stay float32. Weights written to the session later are overwritten by the next update. A projection that is normalised
 * needs per_channel: the normalisation is folded into the scales, and the integers stay.
 * SNN_ERROR_INVALID_ARGUMENT: it is not trained, is normalised without per_channel, or its delays are learned. SNN_ERROR_UNSUPPORTED:
 * it sums in fixed point. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_quantization(SNNTrainer trainer, uint32_t projection, uint32_t bits, uint32_t per_channel);
/* Batch normalisation through time (tdBN: Zheng et al. 2021): in every forward and step of this trainer a projection delivers
 * (x - mean) * scale * lambda / sqrt(variance + epsilon) + bias. x is its sum without the bias; mean and variance are taken over all
 * steps, the samples that are not padding and, of a conv2d, the neurons of a channel. lambda is learned, one for each channel or target neuron,
 * beginning at 1; so is the bias, which the projection must have. tdBN's scale is alpha times the threshold.
 * After an update the session has ordinary weights and biases, with the running statistics folded in: those of the first
 * batch, then moved towards each batch's by `momentum` (0.1 is usual; epsilon 1e-5) of the way. It can be run, read and saved at any time.
 * Weights written to the session later are overwritten by the next update. scale 0: no longer; the session keeps what it has.
 * SNN_ERROR_INVALID_ARGUMENT: not trained, without a bias, quantised without per_channel, or a number out of range. What is set for
 * a projection starts over when the settings change. SNN_ERROR_UNSUPPORTED: it lies on a
 * cycle, where what it delivers depends on what it has delivered; it sums in fixed point; the trainer has window_steps,
 * checkpoint_steps or another rule than SNN_LEARNING_BPTT; the device cannot do it. */
SNN_API SNNStatus SNN_CALL snn_trainer_set_normalization(SNNTrainer trainer, uint32_t projection, double scale, double momentum,
                                                         double epsilon);
/* Learns delays beside weights (dilated convolutions with learnable spacings: Hammouamri et al. 2024, arXiv 2306.17670). The projection
 * is sparse, in float arithmetic, and each of its sources has the same targets, once each, at every delay from the shortest to the
 * longest: a pair of neurons has a synapse, a tap, for each. In every forward and step of this trainer the weight w of a pair is
 * spread over its taps: w g(d - p) / sum of g(d' - p) at the delay d, p being the pair's delay, a real number that is learned with
 * w. g(x) = exp(-x^2 / (2 width^2)) or max(0, width - |x|), x and width in steps. Between calls the session has all of w at the tap
 * next to p and 0 at the others: what an ordinary projection with one synapse for each pair delivers. It begins with w the sum of a
 * pair's weights and p their mean delay. Called again it changes kernel, width and rate alone: begin wide, to look far, and end
 * narrow, so that rounding changes little. width 0: no longer; the session keeps what it has. rate_factor: on the learning rate for
 * p, whose gradient is in steps; 100 is usual with Adam, and neither decay nor L1 acts on it.
 * Gradients of norms and clipping are those of w and p. Weights written to the session later are overwritten by the next update.
 * SNN_ERROR_INVALID_ARGUMENT: it is not trained, not sparse or quantised, its synapses are no taps, a width below 0.2 (Gaussian) or 1
 * (triangle) or above 1e6, a negative factor. SNN_ERROR_UNSUPPORTED: it sums in fixed point. */
enum { SNN_DELAY_KERNEL_GAUSSIAN = 0, SNN_DELAY_KERNEL_TRIANGLE = 1 };
SNN_API SNNStatus SNN_CALL snn_trainer_set_delay_learning(SNNTrainer trainer, uint32_t projection, uint32_t kernel, double width,
                                                          double rate_factor);
SNN_API SNNStatus SNN_CALL snn_trainer_set_learning_rate(SNNTrainer trainer, double learning_rate);

typedef struct SNNWeightUpdate {
    uint32_t struct_size;
    uint32_t projection;
    uint64_t update;       /* 1 = the first */
    double gradient_norm;  /* L2, before clipping */
} SNNWeightUpdate;
/* After each update, for each trained projection. */
typedef void(SNN_CALL *SNNWeightCallback)(SNNHandle handle, const SNNWeightUpdate *update, void *user);
SNN_API SNNStatus SNN_CALL snn_register_weight_callback(SNNHandle handle, SNNWeightCallback callback, void *user);

typedef struct SNNEpoch {
    uint32_t struct_size;
    uint64_t epoch;        /* 1 = the first */
    uint64_t sample_count, correct_count;
    double mean_loss;
} SNNEpoch;
typedef void(SNN_CALL *SNNEpochCallback)(SNNHandle handle, const SNNEpoch *epoch, void *user);
SNN_API SNNStatus SNN_CALL snn_register_epoch_callback(SNNHandle handle, SNNEpochCallback callback, void *user);
/* Sums up the updates since the last call, calls the epoch callback, and returns the same in io_epoch (may be null). */
SNN_API SNNStatus SNN_CALL snn_trainer_end_epoch(SNNTrainer trainer, SNNEpoch *io_epoch);

/* ---- Encoders and random numbers --------------------------------------------------------------------------------- */

enum { /* values in [0, 1] -> [step][sample][feature] */
    SNN_ENCODE_RATE = 0,     /* spike with probability gain * value at each step (clipped to 1) */
    SNN_ENCODE_LATENCY = 1,  /* one spike at step round((1 - value) * (T - 1)); none for values below `threshold` */
    SNN_ENCODE_CONSTANT = 2, /* gain * value at every step (for value inputs) */
    SNN_ENCODE_DELTA = 3     /* values are [step][sample][feature]: 1 where the value rose by more than threshold since the
                                last step, else 0; the first step compares with 0 */
};
typedef struct SNNEncoderDef {
    uint32_t struct_size;
    uint32_t kind;       /* SNN_ENCODE_* */
    uint32_t step_count; /* T */
    float gain;          /* default 1 */
    float threshold;     /* default 0.01 */
    uint64_t seed;       /* rate: Philox counter-based numbers, keyed by seed; step, sample and feature are the counter */
} SNNEncoderDef;
SNN_API void SNN_CALL snn_encoder_def_init(SNNEncoderDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_encoder_def_default(SNNEncoderDef *out_def) { snn_encoder_def_init(out_def, sizeof *out_def); }
/* values: [sample][feature] ([step][sample][feature] for DELTA), finite; out: [step][sample][feature]. */
SNN_API SNNStatus SNN_CALL snn_encode(const SNNEncoderDef *def, const float *values, size_t value_count,
                                      size_t sample_count, size_t feature_count, float *out_encoded, size_t out_count);

enum { SNN_RANDOM_UNIFORM = 0, SNN_RANDOM_NORMAL = 1 };
/* `count` numbers, the same on every platform: uniform in [a, b), or normal with mean a and standard deviation b. */
SNN_API SNNStatus SNN_CALL snn_random_fill(uint64_t seed, uint64_t stream, uint32_t distribution, double a, double b,
                                           float *out_values, size_t count);
/* `count` numbers of a distribution, the same on every platform: for parameters and initial states, one for each neuron. */
SNN_API SNNStatus SNN_CALL snn_random_draw(const SNNDistribution *distribution, uint64_t seed, uint64_t stream,
                                           double *out_values, size_t count);

#ifdef __cplusplus
}
#endif
#endif /* SNN_SNN_H */
