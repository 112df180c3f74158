package snn;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Objects;
import snn.Enums.Arithmetic;
import snn.Enums.ConnectionKind;
import snn.Enums.PoolMode;
import snn.Enums.PopulationKind;

/** A finished network: what sessions run and files hold. Any thread may use it. What it tells is copied.
 * */
public final class Network implements AutoCloseable {
    final Handle handle;

    Network(long owned) {
        handle = Handle.of(this, "network", owned, Native::snn_network_release);
    }

    /** See {@code SNNNetworkInfo}. */
    public static final class Info {
        public final int populationCount, projectionCount;
        public final double dtMs;
        public final long neuronCount, synapseCount, parameterCount;

        private Info(ByteBuffer raw) {
            populationCount = raw.getInt(Native.SNNNetworkInfo.population_count);
            projectionCount = raw.getInt(Native.SNNNetworkInfo.projection_count);
            dtMs = raw.getDouble(Native.SNNNetworkInfo.dt_ms);
            neuronCount = raw.getLong(Native.SNNNetworkInfo.neuron_count);
            synapseCount = raw.getLong(Native.SNNNetworkInfo.synapse_count);
            parameterCount = raw.getLong(Native.SNNNetworkInfo.parameter_count);
        }
    }

    /** See {@code SNNPopulationInfo}; names are null where there is none. */
    public static final class PopulationInfo {
        public final PopulationKind kind;
        public final int[] shape;
        public final int size;
        public final String name, modelName, surrogateName;

        private PopulationInfo(ByteBuffer raw) {
            kind = PopulationKind.of(raw.getInt(Native.SNNPopulationInfo.kind));
            int at = Native.SNNPopulationInfo.shape;
            shape = new int[Math.min(raw.getInt(at + Native.SNNShape.rank), 3)];
            for (int i = 0; i < shape.length; ++i) shape[i] = raw.getInt(at + Native.SNNShape.dims + 4 * i);
            size = raw.getInt(Native.SNNPopulationInfo.size);
            name = Scope.copyText(raw.getLong(Native.SNNPopulationInfo.name));
            modelName = Scope.copyText(raw.getLong(Native.SNNPopulationInfo.model_name));
            surrogateName = Scope.copyText(raw.getLong(Native.SNNPopulationInfo.surrogate_name));
        }
    }

    /** See {@code SNNProjectionInfo}. Pairs are (y, x). */
    public static final class ProjectionInfo {
        public final ConnectionKind kind;
        public final int source, target, delaySteps, minDelaySteps, maxDelaySteps, groups;
        public final boolean trainable, detached, byRule;
        public final Arithmetic arithmetic;
        public final PoolMode poolMode;
        public final String name, receptor;
        public final long weightCount, synapseCount;
        public final float[] bias;
        public final int[] kernel, stride, padding, dilation;
        public final double fixedPointScale;

        private ProjectionInfo(ByteBuffer raw) {
            kind = ConnectionKind.of(raw.getInt(Native.SNNProjectionInfo.kind));
            source = raw.getInt(Native.SNNProjectionInfo.source);
            target = raw.getInt(Native.SNNProjectionInfo.target);
            delaySteps = raw.getInt(Native.SNNProjectionInfo.delay_steps);
            minDelaySteps = raw.getInt(Native.SNNProjectionInfo.min_delay_steps);
            maxDelaySteps = raw.getInt(Native.SNNProjectionInfo.max_delay_steps);
            trainable = raw.getInt(Native.SNNProjectionInfo.trainable) != 0;
            detached = raw.getInt(Native.SNNProjectionInfo.detached) != 0;
            arithmetic = Arithmetic.of(raw.getInt(Native.SNNProjectionInfo.arithmetic));
            poolMode = PoolMode.of(raw.getInt(Native.SNNProjectionInfo.pool_mode));
            name = Scope.copyText(raw.getLong(Native.SNNProjectionInfo.name));
            receptor = Scope.copyText(raw.getLong(Native.SNNProjectionInfo.receptor));
            weightCount = raw.getLong(Native.SNNProjectionInfo.weight_count);
            bias = Scope.copyFloats(raw.getLong(Native.SNNProjectionInfo.bias), raw.getLong(Native.SNNProjectionInfo.bias_count));
            synapseCount = raw.getLong(Native.SNNProjectionInfo.synapse_count);
            kernel = pair(raw, Native.SNNProjectionInfo.kernel);
            stride = pair(raw, Native.SNNProjectionInfo.stride);
            padding = pair(raw, Native.SNNProjectionInfo.padding);
            dilation = pair(raw, Native.SNNProjectionInfo.dilation);
            groups = raw.getInt(Native.SNNProjectionInfo.groups);
            byRule = raw.getInt(Native.SNNProjectionInfo.by_rule) != 0;
            fixedPointScale = raw.getDouble(Native.SNNProjectionInfo.fixed_point_scale);
        }

        private static int[] pair(ByteBuffer raw, int at) {
            return new int[] {raw.getInt(at), raw.getInt(at + 4)};
        }
    }

    /** See {@code SNNProjectionArrays}. What is not sparse has weights only. */
    public static final class ProjectionArrays {
        public final float[] weights;
        public final long[] rowOffsets;
        public final int[] synapseTargets;
        public final short[] synapseDelays;

        private ProjectionArrays(ByteBuffer raw, long rows) {
            long count = raw.getLong(Native.SNNProjectionArrays.weight_count);
            weights = Scope.copyFloats(raw.getLong(Native.SNNProjectionArrays.weights), count);
            // A sparse projection has one weight for each synapse.
            ByteBuffer offsets = Scope.view(raw.getLong(Native.SNNProjectionArrays.row_offsets), 8 * rows);
            rowOffsets = new long[offsets.capacity() / 8];
            offsets.asLongBuffer().get(rowOffsets);
            synapseTargets = Scope.copyInts(raw.getLong(Native.SNNProjectionArrays.synapse_targets), rows == 0 ? 0 : count);
            ByteBuffer delays = Scope.view(raw.getLong(Native.SNNProjectionArrays.synapse_delays), rows == 0 ? 0 : 2 * count);
            synapseDelays = new short[delays.capacity() / 2];
            delays.asShortBuffer().get(synapseDelays);
        }
    }

    /** Synapses one by one; all four are as long. Delays in steps. */
    public static final class Synapses {
        public final int[] sources, targets, delays;
        public final float[] weights;

        private Synapses(int count) {
            sources = new int[count];
            targets = new int[count];
            delays = new int[count];
            weights = new float[count];
        }
    }

    /** See {@code SNNMemoryEstimate}; projections has one number for each projection. */
    public static final class MemoryEstimate {
        public final long networkBytes, weightBytes, stateBytes, totalBytes, openingBytes;
        public final long[] projections;

        private MemoryEstimate(ByteBuffer raw, long[] projections) {
            networkBytes = raw.getLong(Native.SNNMemoryEstimate.network_bytes);
            weightBytes = raw.getLong(Native.SNNMemoryEstimate.weight_bytes);
            stateBytes = raw.getLong(Native.SNNMemoryEstimate.state_bytes);
            totalBytes = raw.getLong(Native.SNNMemoryEstimate.total_bytes);
            openingBytes = raw.getLong(Native.SNNMemoryEstimate.opening_bytes);
            this.projections = projections;
        }
    }

    /** See {@code SNNPlacementSlice}. */
    public static final class PlacementSlice {
        public final int population, first, count, device;

        private PlacementSlice(ByteBuffer raw, int at) {
            population = raw.getInt(at + Native.SNNPlacementSlice.population);
            first = raw.getInt(at + Native.SNNPlacementSlice.first);
            count = raw.getInt(at + Native.SNNPlacementSlice.count);
            device = raw.getInt(at + Native.SNNPlacementSlice.device);
        }
    }

    /** See {@code SNNPlacementInfo}; samples and stepSeconds have one number for each device. */
    public static final class Placement {
        public final String device, reasons;
        public final PlacementSlice[] slices;
        public final int[] samples;
        public final double[] stepSeconds;
        public final int windowSteps;

        private Placement(ByteBuffer raw) {
            device = Scope.copyText(raw.getLong(Native.SNNPlacementInfo.device));
            reasons = Scope.copyText(raw.getLong(Native.SNNPlacementInfo.reasons));
            windowSteps = raw.getInt(Native.SNNPlacementInfo.window_steps);
            slices = new PlacementSlice[raw.getInt(Native.SNNPlacementInfo.slice_count)];
            ByteBuffer all = Scope.view(raw.getLong(Native.SNNPlacementInfo.slices), (long) Native.SNNPlacementSlice.SIZE * slices.length);
            for (int i = 0; i < slices.length; i++) slices[i] = new PlacementSlice(all, Native.SNNPlacementSlice.SIZE * i);
            int devices = raw.getInt(Native.SNNPlacementInfo.device_count);
            samples = Scope.copyInts(raw.getLong(Native.SNNPlacementInfo.samples), devices);
            stepSeconds = new double[devices];
            Scope.view(raw.getLong(Native.SNNPlacementInfo.step_s), 8L * devices).asDoubleBuffer().get(stepSeconds);
        }
    }

    /** Reads a .snn file; everything in it is checked. C: {@code snn_network_load}. */
    public static Network load(String path) {
        Library.checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer network = scope.bytes(8);
            Library.check(Native.snn_network_load(scope.text(Objects.requireNonNull(path, "path")), Jni.address(network)));
            return new Network(network.getLong(0));
        }
    }

    /** The same from memory. C: {@code snn_network_load_memory}. */
    public static Network load(byte[] data) {
        Library.checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer network = scope.bytes(8);
            Library.check(Native.snn_network_load_memory(scope.bytes(data), data.length, Jni.address(network)));
            return new Network(network.getLong(0));
        }
    }

    /** Writes a .snn file; an old one is replaced whole. C: {@code snn_network_save}. */
    public void save(String path) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_save(handle.get(), scope.text(path)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Sizes. C: {@code snn_network_get_info}. */
    public Info info() {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNNetworkInfo.SIZE);
            Library.check(Native.snn_network_get_info(handle.get(), Jni.address(raw)));
            return new Info(raw);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** A population by its index. C: {@code snn_network_get_population}. */
    public PopulationInfo population(int index) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNPopulationInfo.SIZE);
            Library.check(Native.snn_network_get_population(handle.get(), Scope.whole(index, "index"), Jni.address(raw)));
            return new PopulationInfo(raw);
        } finally {
            Reference.reachabilityFence(this); // what was read is borrowed
        }
    }

    /** A projection by its index. C: {@code snn_network_get_projection}. */
    public ProjectionInfo projection(int index) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNProjectionInfo.SIZE);
            Library.check(Native.snn_network_get_projection(handle.get(), Scope.whole(index, "index"), Jni.address(raw)));
            return new ProjectionInfo(raw);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Weights and synapses. Those of a rule, and compact ones, are made at the first call and kept, 10 bytes a synapse.
     * C: {@code snn_network_get_projection_arrays}. */
    public ProjectionArrays arrays(int index) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNProjectionArrays.SIZE);
            Library.check(Native.snn_network_get_projection_arrays(handle.get(), Scope.whole(index, "index"), Jni.address(raw)));
            ProjectionInfo projection = projection(index);
            boolean sparse = projection.kind == ConnectionKind.SPARSE;
            return new ProjectionArrays(raw, sparse ? population(projection.source).size + 1L : 0);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The rule that makes the synapses, with the seed in use. C: {@code snn_network_get_connection_rule}. */
    public RandomConnection rule(int index) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNRandomConnectionDef.SIZE);
            Library.check(Native.snn_network_get_connection_rule(handle.get(), Scope.whole(index, "index"), Jni.address(raw)));
            return new RandomConnection(raw);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The synapses of some source neurons, in canonical order. C: {@code snn_network_get_synapses}. */
    public Synapses synapses(int projection, int firstSource, int sourceCount) {
        try (Scope scope = new Scope()) {
            ByteBuffer count = scope.bytes(8);
            long network = handle.get();
            Library.check(Native.snn_network_get_synapses(network, Scope.whole(projection, "projection"), Scope.whole(firstSource, "firstSource"),
                Scope.whole(sourceCount, "sourceCount"), 0, 0, 0, 0,
                Jni.address(count)));
            Synapses found = new Synapses(Math.toIntExact(count.getLong(0)));
            long bytes = 4L * found.sources.length;
            ByteBuffer sources = scope.bytes(bytes), targets = scope.bytes(bytes), delays = scope.bytes(bytes),
                       weights = scope.bytes(bytes);
            Library.check(Native.snn_network_get_synapses(network, Scope.whole(projection, "projection"), Scope.whole(firstSource, "firstSource"),
                Scope.whole(sourceCount, "sourceCount"), Jni.address(sources),
                Jni.address(targets), Jni.address(delays), Jni.address(weights), Jni.address(count)));
            sources.asIntBuffer().get(found.sources);
            targets.asIntBuffer().get(found.targets);
            delays.asIntBuffer().get(found.delays);
            weights.asFloatBuffer().get(found.weights);
            return found;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The index of a population by its name. C: {@code snn_network_find_population}. */
    public int findPopulation(String name) {
        try (Scope scope = new Scope()) {
            ByteBuffer index = scope.bytes(4);
            Library.check(Native.snn_network_find_population(handle.get(), scope.text(name), Jni.address(index)));
            return index.getInt(0);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The index of a projection by its name. C: {@code snn_network_find_projection}. */
    public int findProjection(String name) {
        try (Scope scope = new Scope()) {
            ByteBuffer index = scope.bytes(4);
            Library.check(Native.snn_network_find_projection(handle.get(), scope.text(name), Jni.address(index)));
            return index.getInt(0);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The model of a population of neurons. C: {@code snn_network_get_model}. */
    public Model model(int population) {
        return model(place -> Native.snn_network_get_model(handle.get(), Scope.whole(population, "population"), place));
    }

    /** The surrogate of a population of neurons. C: {@code snn_network_get_surrogate}. */
    public Model surrogate(int population) {
        return model(place -> Native.snn_network_get_surrogate(handle.get(), Scope.whole(population, "population"), place));
    }

    /** The plasticity rule of a projection. C: {@code snn_network_get_plasticity}. */
    public Model plasticity(int projection) {
        return model(place -> Native.snn_network_get_plasticity(handle.get(), Scope.whole(projection, "projection"), place));
    }

    /** Values in use: one that is shared, or one for each neuron. C: {@code snn_network_get_parameter}. */
    public double[] parameter(int population, String parameter) {
        try (Scope scope = new Scope()) {
            long name = scope.text(parameter);
            return doubles((values, count) -> Native.snn_network_get_parameter(handle.get(), Scope.whole(population, "population"), name, values, count));
        }
    }

    /** Whether training changes the parameter. C: {@code snn_network_get_learnable}. */
    public boolean learnable(int population, String parameter) {
        try (Scope scope = new Scope()) {
            ByteBuffer learnable = scope.bytes(4);
            Library.check(Native.snn_network_get_learnable(handle.get(), Scope.whole(population, "population"), scope.text(parameter),
                Jni.address(learnable)));
            return learnable.getInt(0) != 0;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The state at step 0. C: {@code snn_network_get_initial_state}. */
    public double[] initialState(int population, String state) {
        try (Scope scope = new Scope()) {
            long name = scope.text(state);
            return doubles((values, count) -> Native.snn_network_get_initial_state(handle.get(), Scope.whole(population, "population"), name, values, count));
        }
    }

    /** Parameters of the surrogate, in the order of its definition. C: {@code snn_network_get_surrogate_parameters}. */
    public double[] surrogateParameters(int population) {
        return doubles((values, count) -> Native.snn_network_get_surrogate_parameters(handle.get(), Scope.whole(population, "population"), values, count));
    }

    /** The name of the chosen option. C: {@code snn_network_get_option}. */
    public String option(int population, String option) {
        try (Scope scope = new Scope()) {
            ByteBuffer choice = scope.bytes(8);
            Library.check(Native.snn_network_get_option(handle.get(), Scope.whole(population, "population"), scope.text(option), Jni.address(choice)));
            return Scope.copyText(choice.getLong(0));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** A parameter of the projection's rule. C: {@code snn_network_get_plasticity_parameter}. */
    public double plasticityParameter(int projection, String parameter) {
        try (Scope scope = new Scope()) {
            ByteBuffer value = scope.bytes(8);
            Library.check(Native.snn_network_get_plasticity_parameter(handle.get(), Scope.whole(projection, "projection"), scope.text(parameter),
                Jni.address(value)));
            return value.getDouble(0);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The name of the chosen option of the rule. C: {@code snn_network_get_plasticity_option}. */
    public String plasticityOption(int projection, String option) {
        try (Scope scope = new Scope()) {
            ByteBuffer choice = scope.bytes(8);
            Library.check(Native.snn_network_get_plasticity_option(handle.get(), Scope.whole(projection, "projection"), scope.text(option),
                Jni.address(choice)));
            return Scope.copyText(choice.getLong(0));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** What a session with these options would need. C: {@code snn_network_memory}. */
    public MemoryEstimate memory(SessionOptions options) {
        try (Scope scope = new Scope()) {
            long[] projections = new long[info().projectionCount];
            ByteBuffer raw = scope.struct(Native.SNNMemoryEstimate.SIZE), parts = scope.bytes(8L * projections.length);
            Library.check(Native.snn_network_memory(handle.get(), options.write(scope, null, 0, 0), Jni.address(raw),
                Jni.address(parts), projections.length));
            parts.asLongBuffer().get(projections);
            return new MemoryEstimate(raw, projections);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Where a session with these options would run. Measures devices that have not been measured.
     * C: {@code snn_network_place}, {@code snn_placement_get_info}, {@code snn_placement_release}.
     */
    public Placement placement(SessionOptions options) {
        long placement = 0;
        try (Scope scope = new Scope()) {
            ByteBuffer owned = scope.bytes(8), raw = scope.struct(Native.SNNPlacementInfo.SIZE);
            Library.check(Native.snn_network_place(handle.get(), options.write(scope, null, 0, 0), Jni.address(owned)));
            placement = owned.getLong(0);
            Library.check(Native.snn_placement_get_info(placement, Jni.address(raw)));
            return new Placement(raw);
        } finally {
            Native.snn_placement_release(placement);
            Reference.reachabilityFence(this);
        }
    }

    /** A second reference with an end of its own. C: {@code snn_network_retain}. */
    public Network share() {
        long value = handle.get();
        Library.check(Native.snn_network_retain(value));
        return new Network(value);
    }

    /** Gives the reference back; sessions that run the network keep it alive. C: {@code snn_network_release}. */
    @Override
    public void close() {
        handle.close();
    }

    private interface OnPlace {
        int call(long place);
    }

    private interface OnValues {
        int call(long values, long count);
    }

    private Model model(OnPlace function) {
        try (Scope scope = new Scope()) {
            ByteBuffer model = scope.bytes(8);
            Library.check(function.call(Jni.address(model)));
            return new Model(model.getLong(0));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Of a function that gives its count first and its values then. */
    private double[] doubles(OnValues function) {
        try (Scope scope = new Scope()) {
            ByteBuffer count = scope.bytes(8);
            Library.check(function.call(0, Jni.address(count)));
            double[] values = new double[Math.toIntExact(count.getLong(0))];
            ByteBuffer memory = scope.bytes(8L * values.length);
            Library.check(function.call(Jni.address(memory), Jni.address(count)));
            memory.asDoubleBuffer().get(values);
            return values;
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
