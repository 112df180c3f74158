package snn;

import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import snn.Enums.DataType;

/** A running copy of a network. One thread at a time: a second one that enters at the same moment gets {@code Status.BUSY}. What a
 * callback throws is thrown by the call that caused it. Arrays are copied through memory that the session keeps; direct
 * {@link FloatBuffer}s are used where they are. */
public final class Session implements AutoCloseable {
    /** Spikes of one population and sample in the step that has just been computed, ascending. The buffer is valid during the call.
     * It may read from the session; stepping or writing it from inside is {@code Status.BUSY}. */
    @FunctionalInterface
    public interface SpikeHandler {
        void spikes(Session session, int population, int sample, long step, IntBuffer neurons);
    }

    /** After an update of the weights of a projection. Updates are numbered from 1; the norm is L2, before clipping. */
    @FunctionalInterface
    public interface WeightHandler {
        void updated(Session session, int projection, long update, double gradientNorm);
    }

    /** At the end of an epoch of training. */
    @FunctionalInterface
    public interface EpochHandler {
        void ended(Session session, Trainer.Epoch epoch);
    }

    /** What a session has computed since it was opened or reset; see {@code SNNCounters}. */
    public static final class Counters {
        public final long steps, neuronUpdates, spikes, inputSpikes, synapticEvents, synapticOperations;

        private Counters(ByteBuffer raw) {
            steps = raw.getLong(Native.SNNCounters.steps);
            neuronUpdates = raw.getLong(Native.SNNCounters.neuron_updates);
            spikes = raw.getLong(Native.SNNCounters.spikes);
            inputSpikes = raw.getLong(Native.SNNCounters.input_spikes);
            synapticEvents = raw.getLong(Native.SNNCounters.synaptic_events);
            synapticOperations = raw.getLong(Native.SNNCounters.synaptic_operations);
        }
    }

    /** Those on the device of the program are kept until they are closed: a Cleaner does not know whether the device is still there. */
    private static final Set<Session> ON_HOSTS = ConcurrentHashMap.newKeySet();

    final Handle handle;
    final Hooks hooks;
    private final long weakHooks; // freed with the session's handle
    private final Map<Integer, FloatBuffer> bound = new HashMap<>(); // read at each step, so they stay
    private final Map<String, ByteBuffer> texts = new HashMap<>();
    /** Apart from scratch, which a callback may replace while C has the address. */
    private final ByteBuffer steps = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
    private final long stepsAddress = Jni.address(steps);
    private ByteBuffer scratch = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
    private FloatBuffer scratchFloats = scratch.asFloatBuffer();
    private long scratchAddress = Jni.address(scratch);

    /** Opens a session of a network. C: {@code snn_create_network}. */
    public Session(Network network) {
        this(network, new SessionOptions());
    }

    /** Opens a session of a network. C: {@code snn_create_network}. */
    public Session(Network network, SessionOptions options) {
        this(null, Objects.requireNonNull(network, "network"), options);
    }

    /** Opens a session of a .snn file. C: {@code snn_create_network}. */
    public static Session open(String path) {
        return open(path, new SessionOptions());
    }

    /** Opens a session of a .snn file. C: {@code snn_create_network}. */
    public static Session open(String path, SessionOptions options) {
        Library.checkVersion(); // before the fields of a session, which need the library
        return new Session(Objects.requireNonNull(path, "path"), null, options);
    }

    private Session(String path, Network network, SessionOptions options) {
        Vulkan.Host host = options.vulkanHost;
        hooks = new Hooks(options.log, options.jobs, host == null ? null : host.queueLock, host == null ? null : host.submit);
        hooks.session = this;
        long weak = Jni.newWeak(hooks);
        weakHooks = weak;
        boolean opened = false;
        try (Scope scope = new Scope()) {
            ByteBuffer session = scope.bytes(8);
            long config = options.write(scope, path, network == null ? 0 : network.handle.get(), weak);
            Library.check(host == null ? Native.snn_create_network(config, Jni.address(session))
                : host.create(scope, config, weak, Jni.address(session)));
            opened = true;
            handle = Handle.of(this, "session", session.getLong(0), value -> {
                Native.snn_destroy_network(value);
                Jni.deleteWeak(weak);
            });
        } finally {
            Reference.reachabilityFence(network);
            if (!opened) {
                Jni.deleteWeak(weak);
                hooks.rethrow();
            }
        }
        if (host != null) ON_HOSTS.add(this);
        try {
            hooks.rethrow();
        } catch (Throwable any) {
            close();
            throw any;
        }
    }

    /** Advances by frameDt seconds: as many whole steps as fit, the remainder is carried to the next call.
     * C: {@code snn_run_step}. */
    public void runStep(float frameDt) {
        long session = handle.enter();
        try {
            finish(Native.snn_run_step(session, frameDt));
        } finally {
            leave();
        }
    }

    /** The same, until so many seconds of wall time are spent; returns the steps that ran. C: {@code snn_run_step_within}. */
    public int runStepWithin(float frameDt, float budget) {
        long session = handle.enter();
        try {
            finish(Native.snn_run_step_within(session, frameDt, budget, stepsAddress));
            return steps.getInt(0);
        } finally {
            leave();
        }
    }

    /** Begins such steps on a thread of the session's own and returns at once; false when steps are under way already, whose
     * successors take the time over. A budget of infinity is none. Until {@link #poll} is true the session takes inputs and nothing
     * else; buffers that are bound are being read. C: {@code snn_session_begin}. */
    public boolean begin(float frameDt, float budget) {
        long session = handle.enter();
        try {
            finish(Native.snn_session_begin(session, frameDt, budget, stepsAddress));
            return steps.getInt(0) != 0;
        } finally {
            leave();
        }
    }

    /** Whether nothing is under way any more. Never waits. The call that sees the end calls the listener of onSpikes for all spikes
     * that were, on its own thread, and throws what was wrong with the steps. C: {@code snn_session_poll}. */
    public boolean poll() {
        long session = handle.enter();
        try {
            finish(Native.snn_session_poll(session, stepsAddress));
            return steps.getInt(0) != 0;
        } finally {
            leave();
        }
    }

    /** The same, but it waits until they are done. C: {@code snn_session_wait}. */
    public void await() {
        long session = handle.enter();
        try {
            finish(Native.snn_session_wait(session));
        } finally {
            leave();
        }
    }

    /** Advances by one step. C: {@code snn_session_step}. */
    public void step() {
        step(1);
    }

    /** Advances by a number of steps. C: {@code snn_session_step}. */
    public void step(int stepCount) {
        long session = handle.enter();
        try {
            finish(Native.snn_session_step(session, Scope.whole(stepCount, "stepCount")));
        } finally {
            leave();
        }
    }

    /** Runs steps with inputs and recordings; returns the steps that were done. C: {@code snn_session_run}. */
    public int run(Run run) {
        long session = handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer done = scope.bytes(4);
            long def = run.write(scope, Jni.address(done), weakHooks);
            hooks.progress = run.progress;
            int status = Native.snn_session_run(session, def);
            run.read();
            finish(status);
            return done.getInt(0);
        } finally {
            hooks.progress = null;
            leave();
        }
    }

    /** Back to step 0 and the initial state. C: {@code snn_session_reset}. */
    public void reset() {
        finish(Native.snn_session_reset(handle.get()));
    }

    /** Some samples begin again, as a character of a game that comes back; the others go on as if nothing had happened.
     * C: {@code snn_session_reset_samples}. */
    public void resetSamples(int... samples) {
        reserve(4L * samples.length);
        for (int i = 0; i < samples.length; ++i) scratch.putInt(4 * i, Scope.whole(samples[i], "a sample"));
        finish(Native.snn_session_reset_samples(handle.get(), scratchAddress, samples.length));
    }

    /** The device that it runs on: "vulkan:0". C: {@code snn_session_device}. */
    public String device() {
        return deviceText(Native.SNNSessionDevice.name);
    }

    /** Why "auto" chose the device, or which of several failed, in one line; else empty. */
    public String deviceReason() {
        return deviceText(Native.SNNSessionDevice.reason);
    }

    private String deviceText(int offset) {
        try (Scope scope = new Scope()) {
            ByteBuffer device = scope.struct(Native.SNNSessionDevice.SIZE);
            finish(Native.snn_session_device(handle.get(), Jni.address(device)));
            return Scope.copyText(Jni.address(device) + offset);
        }
    }

    /** Steps since the session was opened or reset. C: {@code snn_session_step_count}. */
    public long stepCount() {
        ByteBuffer steps = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()); // callbacks may ask, so not scratch
        finish(Native.snn_session_step_count(handle.get(), Jni.address(steps)));
        return steps.getLong(0);
    }

    /** To go on from a state that was read before. C: {@code snn_session_set_step_count}. */
    public void setStepCount(long steps) {
        finish(Native.snn_session_set_step_count(handle.get(), steps));
    }

    /** The seed of the random draws: that it was opened with, or that of the state that was loaded last; unsigned.
     * C: {@code snn_session_seed}. */
    public long seed() {
        ByteBuffer seed = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()); // callbacks may ask, so not scratch
        finish(Native.snn_session_seed(handle.get(), Jni.address(seed)));
        return seed.getLong(0);
    }

    /** Input for the coming step: [batch_size][size]. Spikes, 0 or 1, hold for one step; values stay.
     * C: {@code snn_session_set_input}. */
    public void setInput(int population, float[] values) {
        reserve(4L * values.length);
        scratchFloats.clear();
        scratchFloats.put(values);
        finish(Native.snn_session_set_input(handle.get(), Scope.whole(population, "population"), scratchAddress, values.length));
    }

    /** The same from a direct buffer, without a copy of Java's: from its position to its limit. C: {@code snn_session_set_input}. */
    public void setInput(int population, FloatBuffer values) {
        finish(Native.snn_session_set_input(handle.get(), Scope.whole(population, "population"), addressOf(values), values.remaining()));
        Reference.reachabilityFence(values);
    }

    /** The same for one sample: [size]. What other samples were given for the coming step stays.
     * C: {@code snn_session_set_sample_input}. */
    public void setSampleInput(int population, int sample, float[] values) {
        reserve(4L * values.length);
        scratchFloats.clear();
        scratchFloats.put(values);
        finish(Native.snn_session_set_sample_input(handle.get(), Scope.whole(population, "population"),
            Scope.whole(sample, "sample"), scratchAddress, values.length));
    }

    /** Adds spikes, by neuron, to those that a sample was given for the coming step: in any order, from a camera, a socket or another
     * network. One that is named twice spikes once. C: {@code snn_session_add_input_spikes}. */
    public void addInputSpikes(int population, int sample, int[] neurons) {
        reserve(4L * neurons.length);
        for (int i = 0; i < neurons.length; ++i) scratch.putInt(4 * i, Scope.whole(neurons[i], "a neuron"));
        finish(Native.snn_session_add_input_spikes(handle.get(), Scope.whole(population, "population"),
            Scope.whole(sample, "sample"), scratchAddress, neurons.length));
    }

    /** The same for sample 0. */
    public void addInputSpikes(int population, int[] neurons) {
        addInputSpikes(population, 0, neurons);
    }

    /** A direct buffer that the session reads at each step, from its position to its limit, until it is unbound. The session keeps
     * the buffer; change its values between steps. C: {@code snn_session_bind_input}. */
    public void bindInput(int population, FloatBuffer values) {
        finish(Native.snn_session_bind_input(handle.get(), Scope.whole(population, "population"), addressOf(values), values.remaining()));
        bound.put(population, values);
    }

    /** Ends a binding. C: {@code snn_session_bind_input}. */
    public void unbindInput(int population) {
        finish(Native.snn_session_bind_input(handle.get(), Scope.whole(population, "population"), 0, 0));
        bound.remove(population);
    }

    /** The membrane state of every neuron of a population: [batch_size][size]. C: {@code snn_get_membrane_potentials}. */
    public void membranePotentials(String population, float[] potentials) {
        reserve(4L * potentials.length);
        finish(
            Native.snn_get_membrane_potentials(handle.get(), textOf(population), scratchAddress, potentials.length));
        scratchFloats.clear();
        scratchFloats.get(potentials);
    }

    /** The same into a direct buffer, from its position to its limit. C: {@code snn_get_membrane_potentials}. */
    public void membranePotentials(String population, FloatBuffer potentials) {
        finish(Native.snn_get_membrane_potentials(handle.get(), textOf(population), addressOf(potentials),
            potentials.remaining()));
        Reference.reachabilityFence(potentials);
    }

    /** The neurons of a sample that spiked in the last step, ascending. C: {@code snn_session_get_spikes}. */
    public int[] spikes(int population, int sample) {
        finish(Native.snn_session_get_spikes(handle.get(), Scope.whole(population, "population"), Scope.whole(sample, "sample"), scratchAddress, scratchAddress + 8));
        int[] neurons = Scope.copyInts(scratch.getLong(0), scratch.getInt(8)); // borrowed from the session
        Reference.reachabilityFence(this);
        return neurons;
    }

    /** Any variable by its path, "population.state", "projection.weight". C: {@code snn_session_read}. */
    public void read(String path, float[] values) {
        read(path, DataType.FLOAT32, 4L * values.length, values.length);
        scratchFloats.clear();
        scratchFloats.get(values);
    }

    /** The same as double. C: {@code snn_session_read}. */
    public void read(String path, double[] values) {
        read(path, DataType.FLOAT64, 8L * values.length, values.length);
        scratch.asDoubleBuffer().get(values);
    }

    /** The same as whole numbers. C: {@code snn_session_read}. */
    public void read(String path, int[] values) {
        read(path, DataType.INT32, 4L * values.length, values.length);
        scratch.asIntBuffer().get(values);
    }

    /** The same as bytes. C: {@code snn_session_read}. */
    public void read(String path, byte[] values) {
        read(path, DataType.UINT8, values.length, values.length);
        scratch.duplicate().get(values);
    }

    /** The same into a direct buffer, from its position to its limit. C: {@code snn_session_read}. */
    public void read(String path, FloatBuffer values) {
        finish(Native.snn_session_read(handle.get(), textOf(path), DataType.FLOAT32.value, addressOf(values),
            values.remaining()));
        Reference.reachabilityFence(values);
    }

    /** The same in a new array. */
    public float[] read(String path) {
        float[] values = new float[Math.toIntExact(valueCount(path))];
        read(path, values);
        return values;
    }

    private void read(String path, DataType type, long bytes, int count) {
        reserve(bytes);
        finish(Native.snn_session_read(handle.get(), textOf(path), type.value, scratchAddress, count));
    }

    /** Changes a variable by its path. C: {@code snn_session_write}. */
    public void write(String path, float[] values) {
        try (Scope scope = new Scope()) {
            write(path, DataType.FLOAT32, scope.floats(values), values.length);
        }
    }

    /** The same from double. C: {@code snn_session_write}. */
    public void write(String path, double[] values) {
        try (Scope scope = new Scope()) {
            write(path, DataType.FLOAT64, scope.doubles(values), values.length);
        }
    }

    /** The same from whole numbers. C: {@code snn_session_write}. */
    public void write(String path, int[] values) {
        try (Scope scope = new Scope()) {
            write(path, DataType.INT32, scope.ints(values), values.length);
        }
    }

    /** The same from bytes. C: {@code snn_session_write}. */
    public void write(String path, byte[] values) {
        try (Scope scope = new Scope()) {
            write(path, DataType.UINT8, scope.bytes(values), values.length);
        }
    }

    private void write(String path, DataType type, long address, int count) {
        finish(Native.snn_session_write(handle.get(), textOf(path), type.value, address, count));
    }

    /** How many values read wants for a path. C: {@code snn_session_value_count}. */
    public long valueCount(String path) {
        try (Scope scope = new Scope()) {
            ByteBuffer count = scope.bytes(8);
            finish(Native.snn_session_value_count(handle.get(), textOf(path), Jni.address(count)));
            return count.getLong(0);
        }
    }

    /** What was computed. C: {@code snn_get_counters}. */
    public Counters counters() {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNCounters.SIZE);
            finish(Native.snn_get_counters(handle.get(), Jni.address(raw)));
            return new Counters(raw);
        }
    }

    /** Saves all that the next steps depend on. C: {@code snn_save_state}. */
    public void saveState(String path) {
        try (Scope scope = new Scope()) {
            finish(Native.snn_save_state(handle.get(), scope.text(path)));
        }
    }

    /** Goes on from a saved state. C: {@code snn_load_state}. */
    public void loadState(String path) {
        try (Scope scope = new Scope()) {
            finish(Native.snn_load_state(handle.get(), scope.text(path)));
        }
    }

    /** The bytes that the file of a saved state would have, for a game's own saved game. C: {@code snn_save_state_memory}. */
    public byte[] saveState() {
        try (Scope scope = new Scope()) {
            ByteBuffer size = scope.bytes(8);
            finish(Native.snn_save_state_memory(handle.get(), 0, 0, Jni.address(size)));
            ByteBuffer data = scope.bytes(Math.toIntExact(size.getLong(0)));
            finish(Native.snn_save_state_memory(handle.get(), Jni.address(data), data.capacity(), Jni.address(size)));
            byte[] bytes = new byte[data.capacity()];
            data.get(bytes);
            return bytes;
        }
    }

    /** Goes on from a saved state in memory. C: {@code snn_load_state_memory}. */
    public void loadState(byte[] data) {
        try (Scope scope = new Scope()) {
            finish(Native.snn_load_state_memory(handle.get(), scope.bytes(data), data.length));
        }
    }

    /** Replaces weights and biases by those of a .snn file. C: {@code snn_load_weights}. */
    public void loadWeights(String path) {
        try (Scope scope = new Scope()) {
            finish(Native.snn_load_weights(handle.get(), scope.text(path)));
        }
    }

    /** The session's network; close it. C: {@code snn_session_network}. */
    public Network network() {
        try (Scope scope = new Scope()) {
            ByteBuffer network = scope.bytes(8);
            finish(Native.snn_session_network(handle.get(), Jni.address(network)));
            return new Network(network.getLong(0));
        }
    }

    /** A new finished network with the present weights, biases and parameters; close it. C: {@code snn_session_to_network}. */
    public Network toNetwork() {
        try (Scope scope = new Scope()) {
            ByteBuffer network = scope.bytes(8);
            finish(Native.snn_session_to_network(handle.get(), Jni.address(network)));
            return new Network(network.getLong(0));
        }
    }

    /** Called after each step for each population and sample that spiked; null removes it.
     * C: {@code snn_register_spike_callback}. */
    public void onSpikes(SpikeHandler handler) {
        finish(Native.snn_register_spike_callback(handle.get(), handler == null ? 0 : Jni.function(Jni.SPIKES), weakHooks));
        hooks.spikes = handler;
    }

    /** Called after each update, for each trained projection; null removes it. C: {@code snn_register_weight_callback}. */
    public void onWeights(WeightHandler handler) {
        finish(Native.snn_register_weight_callback(handle.get(), handler == null ? 0 : Jni.function(Jni.WEIGHTS), weakHooks));
        hooks.weights = handler;
    }

    /** Called at the end of each epoch of training; null removes it. C: {@code snn_register_epoch_callback}. */
    public void onEpoch(EpochHandler handler) {
        finish(Native.snn_register_epoch_callback(handle.get(), handler == null ? 0 : Jni.function(Jni.EPOCH), weakHooks));
        hooks.epoch = handler;
    }

    /** Ends the session; inside a callback when the call that caused it returns. C: {@code snn_destroy_network}. */
    @Override
    public void close() {
        ON_HOSTS.remove(this);
        handle.close();
    }

    /** For calls that may have called back. */
    void finish(int status) {
        hooks.rethrow();
        Library.check(status);
    }

    void leave() {
        handle.leave();
        Reference.reachabilityFence(this);
    }

    /** Memory of so many bytes at least, until it is asked for again; in the machine's order of bytes. */
    ByteBuffer scratch(long bytes) {
        reserve(bytes);
        return scratch;
    }

    private void reserve(long bytes) {
        if (bytes <= scratch.capacity()) return;
        if (bytes > Integer.MAX_VALUE) throw new IllegalArgumentException(bytes + " bytes are more than one call takes");
        scratch = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.nativeOrder());
        scratchFloats = scratch.asFloatBuffer();
        scratchAddress = Jni.address(scratch);
    }

    /** The address of a text, which is kept: there are few, and they are used in every frame. */
    long textOf(String text) {
        Objects.requireNonNull(text, "a name");
        ByteBuffer kept = texts.get(text);
        if (kept == null) {
            kept = Scope.utf8(null, text);
            if (texts.size() < 256) texts.put(text, kept);
            else lastText = kept;
        }
        return Jni.address(kept);
    }

    private ByteBuffer lastText;

    private static long addressOf(FloatBuffer buffer) {
        if (!buffer.isDirect() || buffer.order() != ByteOrder.nativeOrder() || buffer.isReadOnly())
            throw new IllegalArgumentException("a buffer must be direct, writable and in the machine's order of bytes");
        return Jni.address((Buffer) buffer) + 4L * buffer.position();
    }
}
