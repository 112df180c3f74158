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
 * 2. Build a network (snn_network_*: snn_network.h), open a session on it, step it, read and write any state (snn_session_*).
 * 3. Train it (snn_trainer_*: snn_training.h) and save it (snn_network_save).
 *
 * This file declares what runs a network and includes the other two: a program only includes <snn/snn.h>.
 *
 * Terms
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
 * - Status: a function returns SNN_OK (0) or a negative SNNStatus. After an error, snn_last_error() gives, per thread, one
 *   sentence that names the argument and its value. Outputs are then unchanged unless the function says otherwise. Only the
 *   number of values or bytes (io_count, out_size_bytes) is also written when the buffer was too small.
 * - Runs that end early: if a Vulkan device refuses work when some steps of a call are done, the session gives SNN_ERROR_STATE
 *   for steps and values until it is reset or a state is loaded, or it has ended whole, after the steps that its step count
 *   says. If it refuses before the first of them, nothing has changed.
 *   The same holds for a write that ends in the middle; and on every device, also when memory runs out, for a reset and a state
 *   that is loaded. A trainer's run that ends in the middle is followed by a reset. After parameters, weights or biases that a
 *   Vulkan device refuses, steps give SNN_ERROR_STATE until those are set again.
 * - Handles: a handle holds an index and a generation. A stale, foreign or null handle is SNN_ERROR_INVALID_HANDLE, never a
 *   crash.
 * - Arguments: strings are UTF-8, zero-terminated and copied. Pointers are read during the call only, unless a function says
 *   that it borrows. Arrays are C-contiguous (the last index runs fastest). Null with a nonzero count is an error.
 * - Structs begin with `struct_size`, so that fields can be added at their end. snn_..._default sets it and the defaults;
 *   snn_..._init does the same for languages that do not read this header. If a struct has no such function, or the library
 *   fills it, set struct_size to sizeof first. In a callback it is already set. The library reads and writes at most
 *   struct_size bytes. It accepts the sizes of this and of older headers; any other size is SNN_ERROR_VERSION. SNNShape,
 *   SNNInputArray, SNNRecordArray and SNNPlacementSlice are parts of other structs: they have no size and never change.
 * - Thread-safety: networks, models and placements may be used from any thread. A session and its trainer: one thread at a
 *   time; a second thread that enters meanwhile gets SNN_ERROR_BUSY. Different sessions run in parallel. Release and destroy:
 *   any thread, any order, null allowed.
 * - Fork: after fork() a child may not use sessions of its parent (SNN_ERROR_FORKED). Destroying one in the child forgets it
 *   without touching its device and threads; what it holds there stays until the child ends.
 * - Floating point: the library computes in the standard mode (round to nearest, denormals kept, no traps) whatever the mode of
 *   the calling thread, and restores that mode. Callbacks and the tasks of a job system run in the standard mode too.
 * - Steps on "cpu" and "cpu*": snn_run_step and snn_session_step allocate nothing and take no lock after the first call. With
 *   one thread they wait for nothing; with more they wake their own workers and wait for those.
 * - Steps on several devices: the devices wait for each other's spikes. Every 1,024 steps or more it is checked whether
 *   work has to move from one to another, which may allocate.
 * - Steps on a GPU or NPU: a step also does what the driver does, and waits for its results. To avoid the wait, use
 *   snn_session_begin, or command buffers of the program (snn_vulkan.h).
 * - Steps that can survive the loss of a GPU ("auto", several devices): the session copies its state every 1,024 steps or more
 *   and keeps the inputs since the last copy. The copy allocates; the inputs do until the second copy.
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

/* The version of the loaded library: "0.1.0". Static storage. */
SNN_API const char *SNN_CALL snn_version_string(void);
/* SNN_ABI_VERSION of the loaded library. Compare it with the header's when you load the library at run time. */
SNN_API uint32_t SNN_CALL snn_abi_version(void);

/* ---- Status ------------------------------------------------------------------------------------------------------ */

typedef int32_t SNNStatus;
enum {
    SNN_OK = 0,
    SNN_ERROR_INVALID_ARGUMENT = -1, /* a value, size, shape or name is wrong */
    SNN_ERROR_INVALID_HANDLE = -2,   /* null, stale or foreign handle, or a handle of another type */
    SNN_ERROR_NOT_FOUND = -3,        /* no population, projection, variable, model or device of that name */
    SNN_ERROR_OUT_OF_MEMORY = -4,
    SNN_ERROR_IO = -5,               /* file I/O failed; snn_last_error() gives the reason */
    SNN_ERROR_FORMAT = -6,           /* the file is damaged or not a .snn file; snn_last_error() says where */
    SNN_ERROR_UNSUPPORTED = -7,      /* valid, but this device or build cannot do it */
    SNN_ERROR_BUSY = -8,             /* another thread is inside this session */
    SNN_ERROR_STATE = -9,            /* valid call at the wrong time (network not finished, backward before forward) */
    SNN_ERROR_VERSION = -10,         /* struct or file of a version that this library does not know */
    SNN_ERROR_FORKED = -11,          /* the session belongs to the parent process */
    SNN_ERROR_STOPPED = -12,         /* a progress callback asked to stop; what was recorded so far is kept */
    SNN_ERROR_INTERNAL = -13,        /* a defect of the library */
    SNN_ERROR_DEVICE_LOST = -14,     /* the GPU was reset or removed; the session is lost, a new one can be opened */
    SNN_ERROR_DIVERGED = -15         /* training: the loss or a gradient is not finite, or a parameter would leave its range */
};

/* The sentence about the last error on this thread, "" if none. Valid until the next failing call on the same thread. */
SNN_API const char *SNN_CALL snn_last_error(void);
/* "SNN_ERROR_BUSY" and so on; "SNN_UNKNOWN_STATUS" for a value not listed. Static storage. */
SNN_API const char *SNN_CALL snn_status_name(SNNStatus status);

/* ---- Handles ----------------------------------------------------------------------------------------------------- */

typedef struct SNNSessionOpaque *SNNHandle;  /* a running network (a session) */
typedef struct SNNNetworkOpaque *SNNNetwork; /* a network definition with weights, reference-counted */
typedef struct SNNModelOpaque *SNNModel;     /* a neuron model, surrogate or plasticity rule, reference-counted */
typedef struct SNNTrainerOpaque *SNNTrainer; /* training of one session */
typedef struct SNNPlacementOpaque *SNNPlacement; /* where a session would run: what snn_network_place found */

/* ---- Memory and jobs of the host --------------------------------------------------------------------------------- */

/* Optional. A session takes its buffers (state, weights of its own, activity, tapes) from here. `allocate` returns memory
 * aligned to `alignment` (a power of two) or null. Both functions are called by threads that call into the session, run its
 * steps in the background or release what belongs to it: one at a time. */
typedef struct SNNAllocator {
    uint32_t struct_size;
    void *(SNN_CALL *allocate)(void *user, size_t size_bytes, size_t alignment);
    void(SNN_CALL *release)(void *user, void *memory, size_t size_bytes);
    void *user;
} SNNAllocator;

/* Optional: the host's own job system instead of the session's threads. `parallel_for` calls task(context, i) once for each i
 * in 0..count-1, on any threads in any order, and returns when all are done. The results do not depend on it. */
typedef struct SNNJobSystem {
    uint32_t struct_size;
    uint32_t worker_count; /* how many tasks can run at once, 1 to 1024 */
    void(SNN_CALL *parallel_for)(void *user, uint32_t count, void(SNN_CALL *task)(void *context, uint32_t index),
                                 void *context);
    void *user;
} SNNJobSystem;

enum { SNN_LOG_WARNING = 1, SNN_LOG_INFORMATION = 2 };
/* Receives the log messages of a session.
 * INFORMATION: the session opens (device, instruction set, threads, sizes), or work moves between devices.
 * WARNING: a device is skipped or lost, or its bits differ from those of others; snn_run_step begins to drop time; weights of
 * the network, or some that are written or loaded, lose too much to the rounding of integer sums (once for each projection).
 * Called on the thread that calls into the session. For dropped time it may do what a spike callback may do; otherwise it must
 * not use the session. `message` is valid during the call only. */
typedef void(SNN_CALL *SNNLogCallback)(int32_t level, const char *message, void *user);

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

typedef struct SNNDeviceInfo {
    uint32_t struct_size;
    char name[64];           /* what SNNConfig.device takes: "cpu", "vulkan:0", "npu", "openvino:CPU", "reference", "null" */
    char description[192];   /* for people: processor name, instruction set */
    uint32_t core_count;     /* logical processors this process may use */
    uint64_t memory_bytes;   /* total memory, 0 if unknown */
    uint32_t can_train;      /* 1 or 0 */
    char instruction_sets[64]; /* usable on the device, best last: "scalar avx2 avx512", "scalar neon" */
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
/* Measures a device by its name ("cpu", "vulkan:0"), or returns an earlier measurement by this process, or by another one with
 * the same driver, processor and version of libsnn. Measurements are kept in the file device_speeds.json, in the folder that
 * the environment variable SNN_CACHE names, else in the folder snn-engine of the user's cache. Takes up to half a second. Where
 * nothing can be written, each process measures anew.
 * Set out_speed->struct_size first. Thread-safety: any thread; measurements wait for each other. */
SNN_API SNNStatus SNN_CALL snn_device_speed(const char *device, SNNDeviceSpeed *out_speed);

/* ---- Sessions: the simple level ---------------------------------------------------------------------------------- */

/* SNNConfig.instruction_set; forcing one is for tests and measurements. A simulation has the same bits with each. Training
 * agrees within rounding only: gradients are sums, and the vector width sets their order. */
enum {
    SNN_ISA_BEST = 0, SNN_ISA_SCALAR = 1, SNN_ISA_AVX2 = 2, SNN_ISA_AVX512 = 3, SNN_ISA_NEON = 4
};
enum { /* SNNConfig.flags */
    SNN_FLAG_INTERPRET_MODELS = 1u, /* run built-in models through the op-list interpreter as well (tests) */
    SNN_FLAG_FLOAT64 = 2u,          /* device "reference" only: compute in double (tests) */
    SNN_FLAG_SMOOTH_SPIKES = 4u,    /* with FLOAT64: spikes are the surrogate's smooth function (gradient checks) */
    SNN_FLAG_ANY_SIZE = 8u,         /* open a session even when its estimate (snn_network_memory) exceeds the free memory;
                                       without it that is SNN_ERROR_OUT_OF_MEMORY */
    SNN_FLAG_INPUT_GRADIENTS = 16u, /* training computes gradients of the inputs, through untrained projections too: see
                                       snn_trainer_run_backward. Every model must be differentiable; it costs time and
                                       memory. */
    SNN_FLAG_SAMPLE_WEIGHTS = 32u,  /* each sample has its own weights and biases, which begin as the network's; paths:
                                       snn_session_read. No training, no plasticity, one device: "cpu", "reference", or "vulkan"
                                       where a workgroup holds a sample (docs/decisions/0022) */
    SNN_FLAG_STRICT_BARRIERS = 64u  /* device "vulkan": barriers also between kernels that use one buffer at once and do not
                                       race, in different bytes or by atomic sums. The same bits, slower. For programs whose
                                       validation layer checks synchronisation: it reports such kernels as hazards */
};

typedef struct SNNConfig {
    uint32_t struct_size;
    uint32_t flags;            /* SNN_FLAG_* */
    const char *file;          /* a .snn file, or null when `network` is given */
    SNNNetwork network;        /* a finished network; the session keeps a reference */
    const char *device;        /* Where the session runs: "cpu" (default, also when null), "vulkan", "npu", "openvino", "auto",
                                  "reference", "null", or several devices.
                                  "vulkan": the first GPU. "vulkan:1", "vulkan:NAME" (part of its name), "vulkan:UUID": one of
                                  several. A number has one or two digits: "vulkan:4090" is part of a name.
                                  "openvino", "openvino:DEVICE": a device by OpenVINO's name for it ("CPU", "GPU"). ":f16" at
                                  the end takes weights in float16, ":i8" as 8-bit integers with a scale for each target neuron
                                  or channel. "npu": its NPU, which computes in float16; "npu:i8". OpenVINO's devices agree with
                                  the others to a measured degree (docs/performance.md), not bit for bit. Their library is found
                                  on the library path or through the environment variable SNN_OPENVINO, a file or folder.
                                  "auto": the fastest of the CPU and the GPUs, which give the same bits, by snn_device_speed and
                                  the network's size. A small network stays on the CPU. A device that does not work is skipped
                                  with a warning in the log; it is an error only if none works. If a GPU is lost during a run,
                                  the next best device continues, bit for bit (except in training).
                                  "auto:low": for battery power. A small network stays on the CPU, with one thread where its dt
                                  is at least 0.2 ms. Else the first of these devices that is expected to take at most half of
                                  the network's dt for a step: an NPU (its bits are its own), an integrated GPU, the CPU with
                                  one thread, the CPU with thread_count threads, any other GPU. If there is none, the fastest.
                                  "cpu+vulkan:0": several devices at once, each with some of the populations or slices of them;
                                  simulation only. The bits are those of one device. ";exc[0:512]=0;exc[512:]=1;inh=1" at the
                                  end places populations, or slices at multiples of 64 neurons, on devices, which are numbered
                                  from 0; the others are placed by their work and snn_device_speed. Populations with an
                                  undelayed projection between them stay together and whole; targets of convolution and pooling
                                  stay whole. Devices: "cpu", "vulkan" and "reference"; those that compute on the host share the
                                  threads. OpenVINO's devices may take part: what they cannot run is left to the others, and
                                  bits are then their own.
                                  "cpu*8+vulkan:0*24": each device runs so many samples of the batch. "cpu*+vulkan:0*": shares
                                  by snn_device_speed. These train too; gradients are added up in a fixed order. ";microbatch=8"
                                  at the end trains on so many samples at a time: training then has the same bits whatever the
                                  shares, also on one device ("cpu*;microbatch=8").
                                  If one of several devices is a GPU that fails, the log has a warning and the others take over
                                  its part. It is an error only when no device is left. */
    uint32_t batch_size;       /* samples, 1 (default) to 1,048,576 */
    uint32_t thread_count;     /* default 1, at most 1024; 0: one per core. Results do not depend on it. */
    uint32_t instruction_set;  /* SNN_ISA_* */
    uint32_t max_catch_up_steps; /* most steps that one snn_run_step may take; the time beyond is dropped. 0 (default): what
                                    fits into 0.25 s of simulated time, at least 100 */
    const SNNAllocator *allocator;  /* copied; null: the C runtime's */
    const SNNJobSystem *job_system; /* copied; null: own threads */
    SNNLogCallback log;             /* null: silent */
    void *log_user;
    uint64_t seed; /* of the random draws of models, default 0: same network, inputs and seed, same spikes */
} SNNConfig;

SNN_API void SNN_CALL snn_config_init(SNNConfig *out_config, uint32_t struct_size);
SNN_INLINE void snn_config_default(SNNConfig *out_config) { snn_config_init(out_config, sizeof *out_config); }
/* The memory that a session will need: an estimate, right within a few percent for large networks. Training adds gradients,
 * moments and the tape. Weights that a session writes become its own: about 4 bytes each beside those it shares. */
typedef struct SNNMemoryEstimate {
    uint32_t struct_size;
    uint64_t network_bytes; /* held by the network, shared by its sessions: weights, synapses, parameters. Compact synapses that
                               the network reads from a session on "cpu" once that is open are the session's */
    uint64_t weight_bytes;  /* weights and synapses in the form of the session's device */
    uint64_t state_bytes;   /* states, sums and activity kept for delays, of all samples; constants of neurons; how the traces of
                               plasticity decay */
    uint64_t total_bytes;   /* their sum */
    uint64_t opening_bytes; /* what opening the session would add: without what the network already holds */
} SNNMemoryEstimate;
/* Bytes of memory that this process could still take: what the system has free or can free at once, within the limit of a
 * container; 0 if unknown. The estimate of a session is compared with it before the session opens. */
SNN_API uint64_t SNN_CALL snn_available_memory_bytes(void);
/* Estimates the memory of a session that `config` would open; `file` and `network` of config are ignored.
 * `out_projection_bytes`: null, or one value for each projection, its part of network and weights; `count` is then the number
 * of projections. The network must be finished. */
SNN_API SNNStatus SNN_CALL snn_network_memory(SNNNetwork network, const SNNConfig *config, SNNMemoryEstimate *out_estimate,
                                              uint64_t *out_projection_bytes, size_t count);
/* Neurons of one population that one device runs. */
typedef struct SNNPlacementSlice {
    uint32_t population;
    uint32_t first, count; /* neurons first to first + count - 1 */
    uint32_t device;       /* index, from 0, among the devices of SNNPlacementInfo.device */
} SNNPlacementSlice;
/* Where a session would run, and why. Pointers are borrowed: valid until the placement is released. */
typedef struct SNNPlacementInfo {
    uint32_t struct_size;
    uint32_t device_count;
    uint32_t slice_count;
    uint32_t window_steps;   /* devices exchange spikes every so many steps; 0: they exchange none */
    const char *device;      /* for SNNConfig.device: names the devices and reproduces the placement, as
                                "cpu+vulkan:0;exc[0:512]=0;exc[512:800]=1;inh=0" or, for "cpu*+vulkan:0*",
                                "cpu*8+vulkan:0*24". For "auto": the device it chose */
    const char *reasons;     /* one sentence on each line, "" if there are none: why populations cannot run on a device (it
                                cannot run them, its bits are its own, there is not enough memory), or why "auto" chose */
    const SNNPlacementSlice *slices; /* [slice_count] by population, then first neuron, then device. A population that is not
                                        cut is one slice; an input is on the first device that reads it. Where devices share
                                        the samples, each has a slice of every population for its samples */
    const uint32_t *samples; /* [device_count] samples of the batch that each device runs; of devices that share populations
                                all of them */
    const double *step_s;    /* [device_count] expected seconds of a step, the exchange of spikes included; 0 for a device with
                                nothing to do. Computed from the two steps of snn_device_speed and 5 % of the neurons spiking:
                                it tells which device does more, not what a clock will show */
} SNNPlacementInfo;
/* Finds where a session that `config` would open runs, and opens none; `file` and `network` of config are ignored. Measures the
 * devices (snn_device_speed) that have not been measured. Flags and networks that a device cannot do at all may be refused only
 * when the session is opened. Release the placement. The network must be finished. */
SNN_API SNNStatus SNN_CALL snn_network_place(SNNNetwork network, const SNNConfig *config, SNNPlacement *out_placement);
/* Computes nothing; set out_info->struct_size first. */
SNN_API SNNStatus SNN_CALL snn_placement_get_info(SNNPlacement placement, SNNPlacementInfo *out_info);
SNN_API void SNN_CALL snn_placement_release(SNNPlacement placement);
/* Opens a session: loads `file` or takes `network`, prepares the device, sets the initial state. (snn_network_create makes a
 * network to build.) */
SNN_API SNNStatus SNN_CALL snn_create_network(const SNNConfig *config, SNNHandle *out_handle);
/* The device that a session runs on. */
typedef struct SNNSessionDevice {
    uint32_t struct_size;
    char name[64];    /* as SNNConfig.device names it, or what "auto" chose ("vulkan:0"); of several devices without those that
                         failed. A longer name is cut after 63 bytes; SNNPlacementInfo.device has the whole */
    char reason[256]; /* one line: why "auto" chose it, or which of several failed; "" where the caller named it */
} SNNSessionDevice;
/* The device that a session runs on now; set out_device->struct_size first. The device changes when one of several fails, and
 * when a trainer is made on a session that "auto" put on a device that cannot train: the session then continues on the CPU, bit
 * for bit. */
SNN_API SNNStatus SNN_CALL snn_session_device(SNNHandle handle, SNNSessionDevice *out_device);
/* Ends the session and frees its memory; its trainers become invalid. Null is allowed. (An SNNNetwork is released by
 * snn_network_release.) */
SNN_API void SNN_CALL snn_destroy_network(SNNHandle handle);
/* Replaces weights, biases and learnable parameters, in all samples, by those of a .snn file with the same names and shapes.
 * After an error of the file nothing is replaced; one of memory or the device may leave some projections with the new ones and
 * others with the old. */
SNN_API SNNStatus SNN_CALL snn_load_weights(SNNHandle handle, const char *path);
/* Advances the network by `frame_dt` seconds: as many whole steps as fit, at most max_catch_up_steps. The remainder of less
 * than a step is carried to the next call; time beyond max_catch_up_steps is dropped. A `frame_dt` that is NaN, negative or
 * infinite is an error. */
SNN_API SNNStatus SNN_CALL snn_run_step(SNNHandle handle, float frame_dt);
/* The same, but it stops after the step in which `budget_s` seconds of wall time are used up: the frame stays in time and
 * the network catches up later. If a step is due, at least one runs (budget 0: exactly one). The rest is carried to the next
 * call, where max_catch_up_steps bounds it together with the new time. A budget of infinity is as snn_run_step; negative or NaN
 * is an error. *out_steps (may be null): the steps that ran. What a step computes does not depend on the call in which it
 * runs. The clock is read when another sixteenth of the remaining budget should be used up, at the earliest after a step. */
SNN_API SNNStatus SNN_CALL snn_run_step_within(SNNHandle handle, float frame_dt, float budget_s, uint32_t *out_steps);
/* Starts steps in the background and returns at once; a later frame asks with snn_session_poll whether they are done. Runs the
 * steps of snn_run_step_within (INFINITY: no budget) on a thread of the session's own, which the first call creates. *out_begun
 * (may be null): 1, or 0 when steps are still under way; the time is then carried to the next call.
 * Until snn_session_poll or snn_session_wait reports the end, snn_session_set_input, snn_session_set_sample_input and
 * snn_session_add_input_spikes set what the next steps will read, and snn_session_network works. Any other use of the session
 * is SNN_ERROR_BUSY. Bound memory is being read meanwhile. snn_destroy_network waits for the steps.
 * Errors: SNN_ERROR_INVALID_ARGUMENT as for snn_run_step_within; SNN_ERROR_UNSUPPORTED where the program lends a Vulkan device
 * or a job system. */
SNN_API SNNStatus SNN_CALL snn_session_begin(SNNHandle handle, float frame_dt, float budget_s, uint32_t *out_begun);
/* Asks whether the background steps are done, without waiting: *out_done is 1 when none are under way, else 0. The call that
 * finds them done calls the spike callback for each step, in order and on its own thread; what the callback reads is the state
 * after the last step. It returns the error of the steps, if there was one; *out_done is 1 then too. */
SNN_API SNNStatus SNN_CALL snn_session_poll(SNNHandle handle, uint32_t *out_done);
/* The same, but waits until they are done. */
SNN_API SNNStatus SNN_CALL snn_session_wait(SNNHandle handle);
/* The membrane state ("v" in most models) of every neuron of a population: [batch_size][size], `count` floats. Models without a
 * state (sources) have none. */
SNN_API SNNStatus SNN_CALL snn_get_membrane_potentials(SNNHandle handle, const char *population,
                                                       float *out_potentials, size_t count);

typedef struct SNNSpikes {
    uint32_t struct_size;
    uint32_t population, sample, count;
    const uint32_t *neurons; /* ascending; valid during the callback only */
    uint64_t step;           /* the step just computed, 0 = the first */
} SNNSpikes;
/* Called after each step, on the thread that steps, for each population (except inputs) and sample that spiked. It may read
 * from the session. Stepping or writing the session from inside is SNN_ERROR_BUSY; destroying it takes effect when the call
 * that steps returns. */
typedef void(SNN_CALL *SpikeCallback)(SNNHandle handle, const SNNSpikes *spikes, void *user);
/* Sets the session's spike callback, of which there is one; null removes it. */
SNN_API SNNStatus SNN_CALL snn_register_spike_callback(SNNHandle handle, SpikeCallback callback, void *user);

/* ---- Sessions: the full level ------------------------------------------------------------------------------------ */

/* A new reference to the session's network; release it. */
SNN_API SNNStatus SNN_CALL snn_session_network(SNNHandle handle, SNNNetwork *out_network);
/* A new finished network with the session's present weights, biases and parameters; release it. SNN_ERROR_UNSUPPORTED where
 * samples have weights of their own: read the weights of one sample and write them to a session without the flag. */
SNN_API SNNStatus SNN_CALL snn_session_to_network(SNNHandle handle, SNNNetwork *out_network);

/* Sets the input of an input population for the next step: [batch_size][size] floats. Spike inputs accept 0 and 1 only and are
 * empty again after one step; value inputs keep their values. NaN and infinity are refused.
 * Errors: SNN_ERROR_STATE (the input is bound: snn_session_bind_input), SNN_ERROR_INVALID_ARGUMENT. */
SNN_API SNNStatus SNN_CALL snn_session_set_input(SNNHandle handle, uint32_t population, const float *values, size_t count);
/* The same for one sample: `count` is the population's size. The input of other samples stays, so each character of a game can
 * set its own. */
SNN_API SNNStatus SNN_CALL snn_session_set_sample_input(SNNHandle handle, uint32_t population, uint32_t sample,
                                                        const float *values, size_t count);
/* Adds spikes for the next step of one sample, for events from a camera, a socket or another network. `neurons`: `count`
 * neurons of a spike input, in any order; one that is named twice spikes once. They are added to what the sample already has;
 * the input is empty again after the step. The bits are those of snn_session_set_input; on the CPU the cost is that of the
 * spikes and of one bit for each neuron of the input. The first call for an input reserves memory, later ones do not allocate.
 * A run that is given this input itself leaves these spikes for the step after it.
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a neuron or sample out of range; not a spike input), SNN_ERROR_STATE (the input is
 * bound). The input is then unchanged. */
SNN_API SNNStatus SNN_CALL snn_session_add_input_spikes(SNNHandle handle, uint32_t population, uint32_t sample,
                                                        const uint32_t *neurons, size_t count);
/* As snn_session_set_input, but the memory is borrowed: each step reads it, without checking the values, until the input is
 * bound to null. For a spike input values other than 0 are spikes. NaN in a value input makes states NaN until the session is
 * reset. While an input is bound, setting it, adding spikes to it or naming it in a run or a batch is SNN_ERROR_STATE. */
SNN_API SNNStatus SNN_CALL snn_session_bind_input(SNNHandle handle, uint32_t population, const float *values, size_t count);
/* Advances by `step_count` steps. */
SNN_API SNNStatus SNN_CALL snn_session_step(SNNHandle handle, uint32_t step_count);
/* Returns to step 0 and the initial state; weights, parameters, callbacks and bindings stay. */
SNN_API SNNStatus SNN_CALL snn_session_reset(SNNHandle handle);
/* Resets some samples, as when a character of a game respawns. They get their initial states; spikes on their way to them, and
 * spikes set for their next step, are dropped. `samples`: indices below the batch size in any order, repeats allowed.
 * All other samples are unchanged, bit for bit. So are step count, time, counters, weights and the values that inputs hold.
 * Random draws follow the step count, so a reset sample draws other numbers than a new session. Plastic synapses (batch_size 1)
 * keep their weights and lose their traces.
 * The states of all samples are copied, so a call costs the same for one sample as for many. Call it between frames (1,000
 * brains of 128-64-8 on the CPU: 2 ms).
 * Errors: SNN_ERROR_INVALID_ARGUMENT (a sample out of range; nothing is reset then). */
SNN_API SNNStatus SNN_CALL snn_session_reset_samples(SNNHandle handle, const uint32_t *samples, size_t count);
/* The number of steps since creation or reset. A trainer's run begins with a reset of the session, as snn_session_reset. */
SNN_API SNNStatus SNN_CALL snn_session_step_count(SNNHandle handle, uint64_t *out_steps);
/* Sets that number, to continue from a state that was read before: random draws depend on it. States and activity stay. */
SNN_API SNNStatus SNN_CALL snn_session_set_step_count(SNNHandle handle, uint64_t steps);
/* The seed of the random draws: SNNConfig's, or that of the state that was loaded last. */
SNN_API SNNStatus SNN_CALL snn_session_seed(SNNHandle handle, uint64_t *out_seed);
/* The neurons of `sample` that spiked in the last step, ascending. Borrowed: valid until the session is next used. */
SNN_API SNNStatus SNN_CALL snn_session_get_spikes(SNNHandle handle, uint32_t population, uint32_t sample,
                                                  const uint32_t **out_neurons, uint32_t *out_count);

/* What a session has computed since it was opened or reset (a trainer's forward resets). Exact, and the same on every device
 * and instruction set and for every number of threads. Counting has no measurable cost in a step. */
typedef struct SNNCounters {
    uint32_t struct_size;
    uint64_t steps;               /* computed; snn_session_set_step_count changes nothing here */
    uint64_t neuron_updates;      /* steps times neurons times samples, without inputs */
    uint64_t spikes;              /* spikes of neurons */
    uint64_t input_spikes;        /* spikes given to spike inputs */
    uint64_t synaptic_events;     /* one synapse that delivered one spike, counted in the step in which it arrives. Dense: one
                                     for each target; conv2d and pool2d: each use inside the target's image */
    uint64_t synaptic_operations; /* the same, plus synapses that delivered a nonzero value of a value input */
} SNNCounters;
/* Copies the counters; set out_counters->struct_size first. The device "null" counts steps only. */
SNN_API SNNStatus SNN_CALL snn_get_counters(SNNHandle handle, SNNCounters *out_counters);

enum { SNN_FLOAT32 = 0, SNN_FLOAT64 = 1, SNN_INT32 = 2, SNN_UINT8 = 3 };
/* Saves everything that the session's next steps depend on, to continue later. The state can be loaded in a session of the same
 * network on any device, instruction set and number of threads; it continues bit for bit as if never interrupted. The file
 * (docs/file-format.md) has steps, carried time and seed, states, activity kept for delays, inputs that were set, parameters,
 * the counters, and the weights and biases that this session changed; of the others a hash. Not in it: the network, bindings,
 * callbacks and trainers. The file is replaced as a whole, as by snn_network_save. Inside a callback: SNN_ERROR_BUSY, because
 * the step is not over.
 *
 * snn_load_state: a state of another network, time step or batch_size is SNN_ERROR_INVALID_ARGUMENT, and snn_last_error() names
 * the population or projection. A damaged file is SNN_ERROR_FORMAT. After an error of the file the session is unchanged. One of
 * memory or the device may end the load in the middle: steps and values are then SNN_ERROR_STATE until a reset or another load,
 * and the seed, parameters, weights and biases may be those of the state. The seed becomes the saved one. Bindings and
 * callbacks of the session stay. Neither function works with SNN_FLAG_FLOAT64.
 * A network that was trained further is another network. To continue an old state with the new weights, load the state in a
 * session of the old network, then call snn_load_weights there with the new file. */
SNN_API SNNStatus SNN_CALL snn_save_state(SNNHandle handle, const char *path);
SNN_API SNNStatus SNN_CALL snn_load_state(SNNHandle handle, const char *path);
/* The same in memory, for a game that puts it into its own save file: the same bytes as in the file. *out_size_bytes is their
 * number; `out_data` null with `size_bytes` 0 asks for it, which costs little: no value is read. A larger buffer is written
 * only that far; a smaller one is SNN_ERROR_INVALID_ARGUMENT. The size depends on the saved values, so ask again before each
 * save or keep some room. */
SNN_API SNNStatus SNN_CALL snn_save_state_memory(SNNHandle handle, void *out_data, size_t size_bytes, size_t *out_size_bytes);
SNN_API SNNStatus SNN_CALL snn_load_state_memory(SNNHandle handle, const void *data, size_t size_bytes);

/* Reads or writes a variable by its path, converted to or from `dtype`; `count` must match exactly.
 *   "population.state"       [batch_size][size]   any state of the model
 *   "population.spikes"      [batch_size][size]   activity of the last step (read only); not for models that do not spike
 *   "projection.weight"      as in SNNProjectionDef, but sparse ones in the canonical order of SNNProjectionArrays; writing
 *                            gives the session its own copy
 *   "projection.bias"        as in SNNProjectionDef
 *                            With SNN_FLAG_SAMPLE_WEIGHTS both are [batch_size][...]; "projection.weight[7]" and
 *                            "projection.bias[7]" are those of sample 7
 *   "projection.weight.gradient", "projection.bias.gradient"   in the same order; after a backward pass (read only)
 *   "projection.parameter"   [1], this session's value of a parameter of the projection's plasticity rule; writing takes
 *                            effect with the next step and may not move the bounds of the weights
 *   "projection.trace"       a trace of the rule as the next step sees it (read only): of sources [source][delay], one for
 *                            each distinct delay of its synapses; of targets [target]; of synapses [synapse]
 *   "projection.signal"      [1] (write only): a signal, such as a reward, to all synapses of a rule that has [on_signal]
 *   "population.history"     [delay][batch_size][size]  activity kept for delays, the newest first (resume a run)
 *   "population.parameter"   [1] or [size], in the model's unit: this session's value of a parameter of the model. Writing
 *                            accepts either count, checks as snn_network_set_parameter does, and takes effect with the next
 *                            step. States stay; so do initial states, except those that begin at a learnable parameter. The
 *                            network and other sessions keep their values.
 *   "population.parameter.gradient"   of a learnable parameter, as many values as it has; after a backward pass (read only)
 * An integer state ("int" in its model) accepts whole numbers only, the history of spikes only 0 and 1: nothing is rounded
 * silently. */
SNN_API SNNStatus SNN_CALL snn_session_read(SNNHandle handle, const char *path, uint32_t dtype, void *out_data, size_t count);
SNN_API SNNStatus SNN_CALL snn_session_write(SNNHandle handle, const char *path, uint32_t dtype, const void *data,
                                             size_t count);
/* The `count` that snn_session_read needs for a path. */
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
    const char *variable; /* a state, "spikes", or "spike_count" ([batch_size][size], of the run; SNN_FLOAT32: up to 2^24) */
    void *data;           /* [step][batch_size][size], written as the run goes; SNNRunDef.record_interval: fewer steps */
    size_t count;
} SNNRecordArray;
/* Records the spikes of a population as events in the caller's arrays, ordered by step, then sample, then neuron. The memory
 * grows with the number of spikes, not with steps times neurons. */
typedef struct SNNSpikeRecord {
    uint32_t struct_size;
    uint32_t population; /* neurons that spike, or a spike input */
    uint32_t *steps;     /* [capacity]; 0 is the run's first step */
    uint32_t *neurons;   /* [capacity] */
    uint32_t *samples;   /* [capacity]; may be null when batch_size is 1 */
    size_t capacity;     /* at least batch_size times size: the most that one step can give */
    size_t count;        /* out: number of events */
} SNNSpikeRecord;
/* Gives the spikes of a spike input as events in the caller's arrays: ascending steps, any order within a step. A neuron that
 * is named twice in a step spikes once. Silent steps and neurons take no memory. Events that SNNSpikeRecord recorded from a
 * population of the same size can be given as they are. */
typedef struct SNNSpikeInput {
    uint32_t struct_size;
    uint32_t population;     /* a spike input */
    const uint32_t *steps;   /* [count]; 0 is the run's first step; less than steps_before + step_count. Events before
                                steps_before belong to an earlier call of the run and are skipped */
    const uint32_t *neurons; /* [count] less than the population's size */
    const uint32_t *samples; /* [count] less than batch_size; may be null when batch_size is 1 */
    size_t count;            /* number of events, may be 0; at most 2^32 - 1 */
} SNNSpikeInput;
/* Records values of chosen neurons or synapses after every record_interval steps. The memory grows with the number chosen. */
typedef struct SNNValueRecord {
    uint32_t struct_size;
    uint32_t dtype;          /* SNN_FLOAT32 or SNN_FLOAT64; for spikes also SNN_UINT8, for states of whole numbers SNN_INT32 */
    const char *path;        /* as for snn_session_read: "population.state", "population.spikes", "projection.weight",
                                "projection.bias", "projection.trace" */
    const uint64_t *indices; /* [index_count] neurons or synapses: indices into the values of one sample, in any order, repeats
                                allowed; null, with index_count 0: all */
    size_t index_count;
    void *data;              /* [row][batch_size][index_count], written as the run goes. For a projection [row][index_count],
                                unless samples have weights of their own and the path does not name one of them */
    size_t count;
} SNNValueRecord;
/* Called every `progress_interval` steps, or by the clock; a nonzero return value stops the run (SNN_ERROR_STOPPED). */
typedef int32_t(SNN_CALL *SNNProgressCallback)(uint64_t steps_done, uint64_t steps_total, void *user);
typedef struct SNNRunDef {
    uint32_t struct_size;
    uint32_t step_count;
    uint32_t steps_before;         /* default 0; steps already done of a run that this call continues: they count in `steps` of
                                      events and towards record_interval */
    uint32_t record_interval;      /* `records` and `value_records` are written after every so many steps, default 1;
                                      "spike_count" sums over all steps */
    const SNNInputArray *inputs;
    const SNNSpikeInput *spike_inputs;   /* all of one struct_size; an input is here or in `inputs`, once */
    const SNNRecordArray *records;
    SNNSpikeRecord *spike_records;       /* all of one struct_size; each population at most once */
    const SNNValueRecord *value_records; /* all of one struct_size */
    uint32_t input_count, spike_input_count;
    uint32_t record_count, spike_record_count, value_record_count;
    uint32_t progress_interval;    /* steps, default 1000; 0: about 10 times a second, by the clock */
    SNNProgressCallback progress;  /* null: none */
    void *progress_user;
    uint32_t *out_step_count;      /* the steps that were done; may be null, but not with spike_records */
} SNNRunDef;
SNN_API void SNN_CALL snn_run_def_init(SNNRunDef *out_def, uint32_t struct_size);
SNN_INLINE void snn_run_def_default(SNNRunDef *out_def) { snn_run_def_init(out_def, sizeof *out_def); }
/* Runs `step_count` steps with inputs and recordings. Input populations that are not named use what was set or bound; one that
 * is named must not be bound. Everything is checked before the first step.
 * No event of spike_records is lost. If the next step could give more events than fit, the call returns SNN_OK with
 * *out_step_count below step_count. Take the events out and call again for the remaining steps, with inputs and records moved
 * on and steps_before set. SNN_ERROR_STOPPED also keeps what was recorded. */
SNN_API SNNStatus SNN_CALL snn_session_run(SNNHandle handle, const SNNRunDef *def);

/* ---- Encoders and random numbers --------------------------------------------------------------------------------- */

enum { /* values in [0, 1] -> [step][sample][feature] */
    SNN_ENCODE_RATE = 0,     /* spike with probability gain * value at each step (clipped to 1) */
    SNN_ENCODE_LATENCY = 1,  /* one spike at step round((1 - value) * (T - 1)); none for values below `threshold` */
    SNN_ENCODE_CONSTANT = 2, /* gain * value at every step (for value inputs) */
    SNN_ENCODE_DELTA = 3     /* values are [step][sample][feature]: 1 where the value rose by more than threshold since the last
                                step, else 0; the first step is compared with 0 */
};
typedef struct SNNEncoderDef {
    uint32_t struct_size;
    uint32_t kind;       /* SNN_ENCODE_* */
    uint32_t step_count; /* T */
    float gain;          /* default 1 */
    float threshold;     /* default 0.01 */
    uint64_t seed;       /* rate: Philox counter-based random numbers; the seed is the key, step, sample and feature the
                            counter */
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

#ifdef __cplusplus
}
#endif

/* Last, because both need what stands above. */
#include <snn/snn_network.h>
#include <snn/snn_training.h>

#endif /* SNN_SNN_H */
