/* snn_network.h - the part of snn.h that builds, saves, loads and inspects networks: models, populations, projections,
 * plasticity. Include <snn/snn.h>: it has the terms and the rules that hold for every function. */
#ifndef SNN_NETWORK_H
#define SNN_NETWORK_H

#include <snn/snn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Models ------------------------------------------------------------------------------------------------------ */

/* Built-in models by index, in alphabetical order. Names are static; null when the index is past the end. */
SNN_API const char *SNN_CALL snn_model_builtin_name(uint32_t index);
SNN_API const char *SNN_CALL snn_surrogate_builtin_name(uint32_t index);
SNN_API const char *SNN_CALL snn_plasticity_builtin_name(uint32_t index);
/* Loads a model, surrogate or plasticity rule of the user from its op list (docs/model-format.md). `text`: `size_bytes` bytes
 * of JSON, which `snn model FILE.toml -o FILE.json` makes of a definition. The op list is checked completely; errors name the
 * place.
 * Ownership: release it; networks that use it keep it alive. */
SNN_API SNNStatus SNN_CALL snn_model_load(const char *text, size_t size_bytes, SNNModel *out_model);
/* A built-in neuron model (kind 0), surrogate (kind 1) or plasticity rule (kind 2) by name. Release it. */
SNN_API SNNStatus SNN_CALL snn_model_builtin(const char *name, uint32_t kind, SNNModel *out_model);
/* The op list of a model as JSON. Borrowed: valid while the model lives. */
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
    SNN_POPULATION_SPIKE_INPUT = 1, /* the caller gives spikes (0 or 1) for each step; the input is empty again after the
                                       step */
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
    SNN_ARITHMETIC_DEFAULT = 0, /* sparse static projections from spikes: compact; fixed, then float, where its largest weights
                                   would cost others onto the receptor too much precision (docs/semantics.md). All others:
                                   float */
    SNN_ARITHMETIC_FLOAT = 1,   /* float32, in ascending order of the source neuron */
    SNN_ARITHMETIC_FIXED = 2,   /* int32 sums with one power-of-two scale per target population and receptor */
    SNN_ARITHMETIC_COMPACT = 3  /* as fixed, with the weights themselves rounded to 16 bits at that scale when the network is
                                   finished and when they are written; static projections only. 4 bytes a synapse */
};

typedef struct SNNProjectionDef {
    uint32_t struct_size;
    uint32_t kind;             /* SNN_CONNECT_* */
    const char *name;          /* as for populations; null: "source_to_target" (at most 63 bytes) */
    uint32_t source, target;   /* population indices */
    const char *receptor;      /* a receptor of the target's model; null: its first */
    uint32_t delay_steps;      /* 0: arrives within the same step (such projections must form no cycle). At most 4096, together
                                  with the delay of a synapse. */
    uint32_t trainable;        /* 1 (default) or 0; pooling never is */
    uint32_t detached;         /* 1: no gradient goes back through it to its source, but its own weights still learn. Default
                                  0 */
    uint32_t arithmetic;       /* SNN_ARITHMETIC_* */
    uint32_t pool_mode;        /* SNN_POOL_* */
    const float *weights;      /* copied, all finite; null with weight_count 0: zeros */
    size_t weight_count;
    const float *bias;         /* null: none. Added at every step: [target], or [out_channel] for conv2d */
    size_t bias_count;
    /* sparse only */
    const uint64_t *row_offsets;     /* [source size + 1], ascending from 0 to synapse_count; row i: the synapses from
                                        row_offsets[i] to row_offsets[i + 1] - 1 */
    size_t row_offset_count;
    const uint32_t *synapse_targets; /* [synapse_count]; any order within a row, repeats allowed */
    const uint16_t *synapse_delays;  /* [synapse_count] steps, added to delay_steps (sum at most 4096); null: none */
    size_t synapse_count;
    /* conv2d and pool2d only: (y, x). Shapes of source and target are (channels, height, width). */
    uint32_t kernel[2], stride[2], padding[2], dilation[2];
    uint32_t groups;
} SNNProjectionDef;

/* How weights and delays of a connection rule are drawn. A number outside `low` to `high` is drawn again. Part of other
 * structs: no size, never changes. */
enum {
    SNN_DISTRIBUTION_CONSTANT = 0,  /* a */
    SNN_DISTRIBUTION_NORMAL = 1,    /* mean a, standard deviation b; never farther than 6.34 b from a */
    SNN_DISTRIBUTION_UNIFORM = 2,   /* from a to b */
    SNN_DISTRIBUTION_LOGNORMAL = 3, /* exp of a normal number of mean a and standard deviation b */
    SNN_DISTRIBUTION_EXPONENTIAL = 4 /* mean a, above 0; b is not used. At most 22.9 a */
};
typedef struct SNNDistribution {
    uint32_t kind;    /* SNN_DISTRIBUTION_* */
    double a, b;
    double low, high; /* bounds; none: -INFINITY and INFINITY, as snn_random_connection_def_default sets them. Bounds that
                         contain less than 2^-16 of the distribution are refused: so is a struct that leaves both 0 */
} SNNDistribution;

enum { /* rules that make sparse connections, at most 2^34 synapses */
    SNN_RULE_FIXED_PROBABILITY = 0, /* each pair with `probability` */
    SNN_RULE_FIXED_INDEGREE = 1,    /* `count` sources for each target */
    SNN_RULE_FIXED_TOTAL = 2,       /* `count` synapses in all */
    SNN_RULE_ONE_TO_ONE = 3,        /* each neuron to the one of the same index; equal sizes */
    SNN_RULE_ALL_TO_ALL = 4,        /* each pair */
    SNN_RULE_SPATIAL = 5,           /* each pair with a probability that falls with the distance d, 0 beyond `cutoff` */
    SNN_RULE_FIXED_OUTDEGREE = 6    /* `count` targets for each source */
};
enum { /* SNNRandomConnectionDef.kernel */
    SNN_KERNEL_GAUSSIAN = 0,   /* probability * exp(-d^2 / (2 width^2)) */
    SNN_KERNEL_EXPONENTIAL = 1 /* probability * exp(-d / width) */
};
/* The default seed: derived from the projection's index, so that no two projections are alike. Any other seed is used as it is:
 * the same rule, sizes and seed give the same connections. Both give the same on every machine. */
#define SNN_SEED_BY_INDEX 0xFFFFFFFFFFFFFFFFu
/* Begin with snn_random_connection_def_default: zeros are not the defaults. */
typedef struct SNNRandomConnectionDef {
    uint32_t struct_size;
    uint32_t rule;             /* SNN_RULE_* */
    double probability;        /* 0 to 1 */
    uint64_t count;
    uint64_t seed;             /* default SNN_SEED_BY_INDEX */
    uint32_t allow_autapses;   /* 1 (default): in a projection onto its own population a neuron may connect to itself */
    uint32_t allow_multapses;  /* for fixed in-degree, out-degree and total. 1 (default): drawn with replacement, a pair may
                                  have several synapses; 0: without replacement; more synapses than pairs are refused */
    SNNDistribution weight;    /* default: constant 1 */
    SNNDistribution delay;     /* milliseconds, rounded to the nearest step; added to delay_steps (sum at most 4096 steps).
                                  Default: constant 0. Delays that may fall below the network's dt are refused, except a
                                  constant 0. */
    /* Connects only a part of each population, as if it were a population of its own: sizes and positions of the rule are those
       of the parts. If source and target are one population, the two parts must be equal or disjoint, unless autapses are
       allowed. */
    uint32_t first_source;     /* default 0 */
    uint32_t source_count;     /* 0 (default): all from first_source on */
    uint32_t first_target;
    uint32_t target_count;
    /* spatial only */
    uint32_t kernel;           /* SNN_KERNEL_* */
    uint32_t dimensions;       /* 1 to 3 */
    double kernel_width;       /* above 0; like the cutoff in the unit of the positions */
    double cutoff;             /* above 0 */
    double period[3];          /* 0 (default): open; else the period of space along this axis, at least twice the cutoff */
    const float *source_positions; /* [sources][dimensions], finite; copied */
    size_t source_position_count;  /* sources times dimensions */
    const float *target_positions;
    size_t target_position_count;
} SNNRandomConnectionDef;

SNN_API void SNN_CALL snn_population_def_init(SNNPopulationDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_population_def_default(SNNPopulationDef *out_def) { snn_population_def_init(out_def, sizeof *out_def); }
SNN_API void SNN_CALL snn_projection_def_init(SNNProjectionDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_projection_def_default(SNNProjectionDef *out_def) { snn_projection_def_init(out_def, sizeof *out_def); }
SNN_API void SNN_CALL snn_random_connection_def_init(SNNRandomConnectionDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_random_connection_def_default(SNNRandomConnectionDef *out_def) {
    snn_random_connection_def_init(out_def, sizeof *out_def);
}

/* Draws `count` numbers of a distribution, the same on every platform: for parameters and initial states, one for each
 * neuron. */
SNN_API SNNStatus SNN_CALL snn_random_draw(const SNNDistribution *distribution, uint64_t seed, uint64_t stream,
                                           double *out_values, size_t count);

/* Creates an empty network, the definition, with the time step `dt_ms` (milliseconds, above 0 and at most 1e6). Release it with
 * snn_network_release. What runs is a session: snn_create_network opens one, snn_destroy_network ends it. */
SNN_API SNNStatus SNN_CALL snn_network_create(double dt_ms, SNNNetwork *out_network);
SNN_API SNNStatus SNN_CALL snn_network_add_population(SNNNetwork network, const SNNPopulationDef *def, uint32_t *out_index);
/* Sets a parameter of the population's model, in the model's unit: `count` is 1 (shared) or the population's size. */
SNN_API SNNStatus SNN_CALL snn_network_set_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                                     const double *values, size_t count);
/* Sets whether training changes the parameter: `learnable` is 1 or 0 (default). A parameter with one value is learned as one
 * number, else one for each neuron. A state that begins at a learnable parameter follows it in sessions too.
 * SNN_ERROR_UNSUPPORTED: no gradient reaches the parameter (a refractory time, which is rounded to steps; the mean of a random
 * draw). */
SNN_API SNNStatus SNN_CALL snn_network_set_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                                     uint32_t learnable);
/* Whether training changes the parameter; *out_learnable: 1 or 0. */
SNN_API SNNStatus SNN_CALL snn_network_get_learnable(SNNNetwork network, uint32_t population, const char *parameter,
                                                     uint32_t *out_learnable);
/* Sets an option of the model by the names of option and choice: ("reset", "subtract"). */
SNN_API SNNStatus SNN_CALL snn_network_set_option(SNNNetwork network, uint32_t population, const char *option,
                                                  const char *choice);
/* Sets the state at step 0 and after a reset: `count` is 1 or the population's size. */
SNN_API SNNStatus SNN_CALL snn_network_set_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                                         const double *values, size_t count);
/* Sets the surrogate derivative for training: a built-in one by name (`surrogate` null) or a user's. `parameters` in the order
 * of its definition; `count` 0 keeps the defaults. */
SNN_API SNNStatus SNN_CALL snn_network_set_surrogate(SNNNetwork network, uint32_t population, const char *name,
                                                     SNNModel surrogate, const double *parameters, size_t count);
SNN_API SNNStatus SNN_CALL snn_network_connect(SNNNetwork network, const SNNProjectionDef *def, uint32_t *out_index);
/* Makes a sparse projection plastic: the rule changes its weights, or what its spikes deliver, while the network runs. The
 * projection goes from spikes to neurons that spike. The rule is a built-in one by name ("pair_stdp" and the others of
 * snn/models/plasticity; `rule` null) or a user's (`name` is ignored). Order of events in a step: docs/semantics.md,
 * "Plasticity".
 * The projection's arithmetic becomes SNN_ARITHMETIC_FIXED. A network with a plastic projection cannot be trained, and its
 * sessions have batch_size 1. Parameters and options begin at their defaults. When the network is finished, the weights must
 * lie within the bounds of the rule; a session keeps them there.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (another kind of projection; a target whose model lacks a state that the rule reads),
 * SNN_ERROR_NOT_FOUND, SNN_ERROR_STATE (finished). */
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity(SNNNetwork network, uint32_t projection, const char *name,
                                                      SNNModel rule);
/* Sets a parameter of the projection's rule, in the rule's unit, one value for all synapses; or an option by the names of
 * option and choice. */
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity_parameter(SNNNetwork network, uint32_t projection,
                                                                const char *parameter, double value);
SNN_API SNNStatus SNN_CALL snn_network_set_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                             const char *choice);
/* Connects by a rule: `def->kind` is SNN_CONNECT_SPARSE, and its sparse arrays and weights are null. The rule makes the
 * synapses whenever they are needed: the network stores no memory per synapse, and a file holds the rule itself. Sessions on
 * "cpu" build what they run on from the rule. Some uses need the synapses as arrays, which the network then makes and keeps (10
 * bytes a synapse): training, float and fixed arithmetic, snn_network_get_projection_arrays, and reading or writing weights in
 * a session. */
SNN_API SNNStatus SNN_CALL snn_network_connect_random(SNNNetwork network, const SNNProjectionDef *def,
                                                      const SNNRandomConnectionDef *rule, uint32_t *out_index);
/* Checks the whole network (cycles without delay, fixed-point range, shapes) and makes it immutable. Needed before sessions and
 * saving. The error names the population or projection. */
SNN_API SNNStatus SNN_CALL snn_network_finish(SNNNetwork network);
SNN_API SNNStatus SNN_CALL snn_network_retain(SNNNetwork network);
SNN_API void SNN_CALL snn_network_release(SNNNetwork network);

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* Saves the network: writes a new file beside `path` and renames it. A full disk or a crash leaves the old file as it was, and
 * several threads and processes may save to one path while others load it. A symbolic link is followed, and the permissions of
 * an old file stay. Anything but a regular file at `path` is SNN_ERROR_IO and left alone. */
SNN_API SNNStatus SNN_CALL snn_network_save(SNNNetwork network, const char *path);
/* Loads a finished network. Every size, index, name and number is checked; nothing in the file is executed. `path` must be a
 * regular file. All of it is copied, so it may change or go away afterwards. */
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
    uint64_t synapse_count; /* connections that deliver: each use of a conv kernel's weight counts */
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
    uint32_t kind, source, target, delay_steps, trainable, detached, arithmetic, pool_mode;
    /* The shortest and the longest delay of the synapses in steps, delay_steps included; of a rule bounds of what it draws.
       Both are delay_steps where there is no synapse. */
    uint32_t min_delay_steps, max_delay_steps;
    uint32_t by_rule;                 /* 1: a connection rule makes the synapses; 0: they are arrays */
    const char *name, *receptor; /* borrowed as above */
    uint64_t weight_count, bias_count, synapse_count;
    const float *bias;                /* borrowed as above; null when there is none */
    double fixed_point_scale;         /* 0 for float arithmetic; weights are rounded to multiples of 1/scale */
    uint32_t kernel[2], stride[2], padding[2], dilation[2], groups;
} SNNProjectionInfo;
typedef struct SNNProjectionArrays {
    uint32_t struct_size;
    uint64_t weight_count;
    const float *weights;             /* borrowed as above; null when the count is 0 */
    /* Sparse only. The arrays and `weights` are in canonical order: by source, then delay, then target, then order in
       SNNProjectionDef. */
    const uint64_t *row_offsets;      /* [source size + 1] */
    const uint32_t *synapse_targets;  /* [synapse_count] */
    const uint16_t *synapse_delays;   /* [synapse_count]; null: none */
} SNNProjectionArrays;

/* Set out_info->struct_size first. */
SNN_API SNNStatus SNN_CALL snn_network_get_info(SNNNetwork network, SNNNetworkInfo *out_info);
SNN_API SNNStatus SNN_CALL snn_network_get_population(SNNNetwork network, uint32_t index, SNNPopulationInfo *out_info);
SNN_API SNNStatus SNN_CALL snn_network_get_projection(SNNNetwork network, uint32_t index, SNNProjectionInfo *out_info);
/* The weights and synapses of a projection. Those of a rule, and compact ones, are made at the first call and kept with the
 * network: 10 bytes a synapse. snn_network_get_synapses makes nothing that stays. */
SNN_API SNNStatus SNN_CALL snn_network_get_projection_arrays(SNNNetwork network, uint32_t index,
                                                             SNNProjectionArrays *out_arrays);
/* The rule that makes the synapses, with the seed in use; the positions are borrowed as above. SNN_ERROR_NOT_FOUND when the
 * synapses are arrays. */
SNN_API SNNStatus SNN_CALL snn_network_get_connection_rule(SNNNetwork network, uint32_t index,
                                                           SNNRandomConnectionDef *out_rule);
/* The synapses of the source neurons `first_source` to `first_source + source_count - 1`, row after row, each row in canonical
 * order. Those of a rule are made for this call only. `*io_count`: capacity of the arrays in, number of synapses out. An array
 * that is null is skipped; with all arrays null only the number is returned. Delays are in steps, delay_steps included. */
SNN_API SNNStatus SNN_CALL snn_network_get_synapses(SNNNetwork network, uint32_t projection, uint32_t first_source,
                                                    uint32_t source_count, uint32_t *out_sources, uint32_t *out_targets,
                                                    uint32_t *out_delays, float *out_weights, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_find_population(SNNNetwork network, const char *name, uint32_t *out_index);
SNN_API SNNStatus SNN_CALL snn_network_find_projection(SNNNetwork network, const char *name, uint32_t *out_index);
/* The model of a population of neurons, or its surrogate; release it. */
SNN_API SNNStatus SNN_CALL snn_network_get_model(SNNNetwork network, uint32_t population, SNNModel *out_model);
SNN_API SNNStatus SNN_CALL snn_network_get_surrogate(SNNNetwork network, uint32_t population, SNNModel *out_surrogate);
/* The values in use, defaults included. `*io_count`: capacity in, number of values out (1 or the population's size). With
 * out_values null only the number is returned. */
SNN_API SNNStatus SNN_CALL snn_network_get_parameter(SNNNetwork network, uint32_t population, const char *parameter,
                                                     double *out_values, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_get_initial_state(SNNNetwork network, uint32_t population, const char *state,
                                                         double *out_values, size_t *io_count);
SNN_API SNNStatus SNN_CALL snn_network_get_surrogate_parameters(SNNNetwork network, uint32_t population,
                                                                double *out_values, size_t *io_count);
/* The name of the choice that an option has; borrowed as above. */
SNN_API SNNStatus SNN_CALL snn_network_get_option(SNNNetwork network, uint32_t population, const char *option,
                                                  const char **out_choice);
/* The plasticity rule of a projection (release it), the value of a parameter, and the choice of an option (borrowed as above).
 * SNN_ERROR_NOT_FOUND where the projection has no rule. */
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity(SNNNetwork network, uint32_t projection, SNNModel *out_rule);
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity_parameter(SNNNetwork network, uint32_t projection,
                                                                const char *parameter, double *out_value);
SNN_API SNNStatus SNN_CALL snn_network_get_plasticity_option(SNNNetwork network, uint32_t projection, const char *option,
                                                             const char **out_choice);

#ifdef __cplusplus
}
#endif
#endif /* SNN_NETWORK_H */
