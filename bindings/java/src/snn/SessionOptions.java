package snn;

import java.nio.ByteBuffer;
import java.util.function.IntConsumer;
import snn.Enums.InstructionSet;
import snn.Enums.LogLevel;

/** How a session is opened; see {@code SNNConfig}. What is not set has the library's default. */
public final class SessionOptions {
    private static final int INTERPRET_MODELS = 1, FLOAT64 = 2, SMOOTH_SPIKES = 4, ANY_SIZE = 8, INPUT_GRADIENTS = 16, SAMPLE_WEIGHTS = 32,
            STRICT_BARRIERS = 64; // SNN_FLAG_*

    private String device;
    private Integer batchSize, threadCount, maxCatchUpSteps;
    private InstructionSet instructionSet = InstructionSet.BEST;
    private int flags;
    private long seed;
    LogHandler log;
    JobSystem jobs;
    Vulkan.Host vulkanHost;

    /** What a session has to say besides errors; called on the thread that calls into the session. */
    @FunctionalInterface
    public interface LogHandler {
        void log(LogLevel level, String message);
    }

    /** The host's own job system, used instead of the session's threads. */
    public interface JobSystem {
        /** How many tasks can run at once, 1 to 1024. */
        int workerCount();

        /** Calls task(i) once for every i in 0..count-1, on any threads in any order, and returns when all are done. What it leaves
         * out is done on the calling thread, and a task that is called twice runs once. */
        void parallelFor(int count, IntConsumer task);
    }

    /** "cpu", "vulkan", "auto" and others, see {@code SNNConfig}; default "cpu". */
    public SessionOptions device(String name) {
        device = name;
        return this;
    }

    /** Independent copies of the state, stepped together; default 1. They share the weights, see {@link #sampleWeights}. */
    public SessionOptions batchSize(int samples) {
        batchSize = samples;
        return this;
    }

    /** Default 1; 0: one per core. Results do not depend on it. */
    public SessionOptions threadCount(int count) {
        threadCount = count;
        return this;
    }

    /** For tests and measurements. A simulation has the same bits with each; training agrees within rounding. */
    public SessionOptions instructionSet(InstructionSet set) {
        instructionSet = set;
        return this;
    }

    /** Most steps that one runStep may take; time beyond is dropped. Default (0): as many as fit into 0.25 s of simulated time, at least 100. */
    public SessionOptions maxCatchUpSteps(int steps) {
        maxCatchUpSteps = steps;
        return this;
    }

    /** Of the random draws of models that have some; default 0. */
    public SessionOptions seed(long seed) {
        this.seed = seed;
        return this;
    }

    /** Training goes back to the inputs, see {@link Trainer#runBackward}. */
    public SessionOptions inputGradients() {
        flags |= INPUT_GRADIENTS;
        return this;
    }

    /** Each sample has weights and biases of its own: "projection.weight" is then those of all samples, "projection.weight[7]" those of sample 7. */
    public SessionOptions sampleWeights() {
        flags |= SAMPLE_WEIGHTS;
        return this;
    }

    /**
     * On Vulkan, barriers also between kernels that do not race but use one buffer at once, which a validation layer that checks
     * synchronisation reports as hazards: the same bits, slower.
     */
    public SessionOptions strictBarriers() {
        flags |= STRICT_BARRIERS;
        return this;
    }

    /** Open the session even when its estimate exceeds the free memory. */
    public SessionOptions anySize() {
        flags |= ANY_SIZE;
        return this;
    }

    /** Run built-in models through the interpreter as well (tests). */
    public SessionOptions interpretModels() {
        flags |= INTERPRET_MODELS;
        return this;
    }

    /** Device "reference" only: compute in double (tests). */
    public SessionOptions float64() {
        flags |= FLOAT64;
        return this;
    }

    /** With float64: spikes are the surrogate's smooth function (gradient checks). */
    public SessionOptions smoothSpikes() {
        flags |= SMOOTH_SPIKES;
        return this;
    }

    public SessionOptions log(LogHandler handler) {
        log = handler;
        return this;
    }

    public SessionOptions jobSystem(JobSystem system) {
        jobs = system;
        return this;
    }

    /** The session runs on the Vulkan device of the program; device is left unset, or names several with "vulkan" among them.
     * C: {@code snn_vulkan_create_network}. */
    public SessionOptions vulkanHost(Vulkan.Host host) {
        vulkanHost = host;
        return this;
    }

    /** The address of the struct as C wants it; hooks: a weak reference, or 0. */
    long write(Scope scope, String file, long network, long hooks) {
        ByteBuffer config = scope.bytes((long) Native.SNNConfig.SIZE);
        Native.snn_config_init(Jni.address(config), Native.SNNConfig.SIZE);
        config.putLong(Native.SNNConfig.file, scope.text(file));
        config.putLong(Native.SNNConfig.network, network);
        config.putLong(Native.SNNConfig.device, scope.text(device));
        config.putInt(Native.SNNConfig.flags, flags);
        config.putLong(Native.SNNConfig.seed, seed);
        config.putInt(Native.SNNConfig.instruction_set, instructionSet.value);
        if (batchSize != null) config.putInt(Native.SNNConfig.batch_size, Scope.whole(batchSize, "batchSize"));
        if (threadCount != null) config.putInt(Native.SNNConfig.thread_count, Scope.whole(threadCount, "threadCount"));
        if (maxCatchUpSteps != null) config.putInt(Native.SNNConfig.max_catch_up_steps, Scope.whole(maxCatchUpSteps, "maxCatchUpSteps"));
        if (log != null && hooks != 0) {
            config.putLong(Native.SNNConfig.log, Jni.function(Jni.LOG));
            config.putLong(Native.SNNConfig.log_user, hooks);
        }
        if (jobs != null && hooks != 0) {
            ByteBuffer system = scope.struct(Native.SNNJobSystem.SIZE);
            system.putInt(Native.SNNJobSystem.worker_count, Scope.whole(jobs.workerCount(), "workerCount"));
            system.putLong(Native.SNNJobSystem.parallel_for, Jni.function(Jni.PARALLEL_FOR));
            system.putLong(Native.SNNJobSystem.user, hooks);
            config.putLong(Native.SNNConfig.job_system, Jni.address(system));
        }
        return Jni.address(config);
    }
}
