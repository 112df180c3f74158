package snn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import snn.Enums.ConnectionRule;
import snn.Enums.SpatialKernel;

/** A rule that makes the synapses of a sparse projection; see {@code SNNRandomConnectionDef}. */
public final class RandomConnection {
    private static final int SIZE = Native.SNNRandomConnectionDef.SIZE;
    private final ByteBuffer def = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());
    private float[] sourcePositions, targetPositions;

    private RandomConnection(ConnectionRule rule) {
        Library.checkVersion();
        Native.snn_random_connection_def_init(Jni.address(def), SIZE);
        def.putInt(Native.SNNRandomConnectionDef.rule, rule.value);
    }

    RandomConnection(ByteBuffer raw) {
        for (int i = 0; i < SIZE; ++i) def.put(i, raw.get(i));
        sourcePositions = copy(raw, Native.SNNRandomConnectionDef.source_positions, Native.SNNRandomConnectionDef.source_position_count);
        targetPositions = copy(raw, Native.SNNRandomConnectionDef.target_positions, Native.SNNRandomConnectionDef.target_position_count);
    }

    private static float[] copy(ByteBuffer raw, int data, int count) {
        return raw.getLong(data) == 0 ? null : Scope.copyFloats(raw.getLong(data), raw.getLong(count));
    }

    /** Each pair with this probability. */
    public static RandomConnection fixedProbability(double probability) {
        RandomConnection rule = new RandomConnection(ConnectionRule.FIXED_PROBABILITY);
        rule.def.putDouble(Native.SNNRandomConnectionDef.probability, probability);
        return rule;
    }

    /** So many sources for each target. */
    public static RandomConnection fixedIndegree(long count) {
        RandomConnection rule = new RandomConnection(ConnectionRule.FIXED_INDEGREE);
        rule.def.putLong(Native.SNNRandomConnectionDef.count, count);
        return rule;
    }

    /** So many targets for each source. */
    public static RandomConnection fixedOutdegree(long count) {
        RandomConnection rule = new RandomConnection(ConnectionRule.FIXED_OUTDEGREE);
        rule.def.putLong(Native.SNNRandomConnectionDef.count, count);
        return rule;
    }

    /** So many synapses in all. */
    public static RandomConnection fixedTotal(long count) {
        RandomConnection rule = new RandomConnection(ConnectionRule.FIXED_TOTAL);
        rule.def.putLong(Native.SNNRandomConnectionDef.count, count);
        return rule;
    }

    /** Each neuron to the one of the same index. */
    public static RandomConnection oneToOne() {
        return new RandomConnection(ConnectionRule.ONE_TO_ONE);
    }

    /** Each pair. */
    public static RandomConnection allToAll() {
        return new RandomConnection(ConnectionRule.ALL_TO_ALL);
    }

    /** Each pair with a probability that falls with the distance; positions [neuron][dimensions]. */
    public static RandomConnection spatial(SpatialKernel kernel, double probability, double width, double cutoff, int dimensions,
        float[] sourcePositions, float[] targetPositions) {
        RandomConnection rule = new RandomConnection(ConnectionRule.SPATIAL);
        rule.def.putInt(Native.SNNRandomConnectionDef.kernel, kernel.value);
        rule.def.putDouble(Native.SNNRandomConnectionDef.probability, probability);
        rule.def.putDouble(Native.SNNRandomConnectionDef.kernel_width, width);
        rule.def.putDouble(Native.SNNRandomConnectionDef.cutoff, cutoff);
        rule.def.putInt(Native.SNNRandomConnectionDef.dimensions, Scope.whole(dimensions, "dimensions"));
        rule.sourcePositions = Objects.requireNonNull(sourcePositions, "sourcePositions");
        rule.targetPositions = Objects.requireNonNull(targetPositions, "targetPositions");
        return rule;
    }

    /** Default: one that follows from the projection's index. */
    public RandomConnection seed(long seed) {
        def.putLong(Native.SNNRandomConnectionDef.seed, seed);
        return this;
    }

    /** Whether a neuron may connect to itself; default: true. */
    public RandomConnection allowAutapses(boolean allow) {
        def.putInt(Native.SNNRandomConnectionDef.allow_autapses, allow ? 1 : 0);
        return this;
    }

    /** Whether a pair may have several synapses; default: true. */
    public RandomConnection allowMultapses(boolean allow) {
        def.putInt(Native.SNNRandomConnectionDef.allow_multapses, allow ? 1 : 0);
        return this;
    }

    /** Default: constant 1. */
    public RandomConnection weight(Distribution weight) {
        weight.write(def, Native.SNNRandomConnectionDef.weight);
        return this;
    }

    /** Milliseconds; default: constant 0. */
    public RandomConnection delay(Distribution delay) {
        delay.write(def, Native.SNNRandomConnectionDef.delay);
        return this;
    }

    /** The part of the source population that is connected, as if it were a population of its own; default: all of it. */
    public RandomConnection sources(int first, int count) {
        def.putInt(Native.SNNRandomConnectionDef.first_source, Scope.whole(first, "first"));
        def.putInt(Native.SNNRandomConnectionDef.source_count, Scope.whole(count, "count"));
        return this;
    }

    /** The same of the target population. */
    public RandomConnection targets(int first, int count) {
        def.putInt(Native.SNNRandomConnectionDef.first_target, Scope.whole(first, "first"));
        def.putInt(Native.SNNRandomConnectionDef.target_count, Scope.whole(count, "count"));
        return this;
    }

    /** After how much space repeats along each axis; 0: open. */
    public RandomConnection period(double x, double y, double z) {
        int at = Native.SNNRandomConnectionDef.period;
        def.putDouble(at, x).putDouble(at + 8, y).putDouble(at + 16, z);
        return this;
    }

    public ConnectionRule rule() {
        return ConnectionRule.of(def.getInt(Native.SNNRandomConnectionDef.rule));
    }

    public double probability() {
        return def.getDouble(Native.SNNRandomConnectionDef.probability);
    }

    public long count() {
        return def.getLong(Native.SNNRandomConnectionDef.count);
    }

    public long seed() {
        return def.getLong(Native.SNNRandomConnectionDef.seed);
    }

    public Distribution weight() {
        return Distribution.read(def, Native.SNNRandomConnectionDef.weight);
    }

    public Distribution delay() {
        return Distribution.read(def, Native.SNNRandomConnectionDef.delay);
    }

    /** The address of the struct as C wants it. */
    long write(Scope scope) {
        ByteBuffer copy = scope.bytes((long) SIZE);
        for (int i = 0; i < SIZE; ++i) copy.put(i, def.get(i));
        copy.putLong(Native.SNNRandomConnectionDef.source_positions, scope.floats(sourcePositions));
        copy.putLong(Native.SNNRandomConnectionDef.source_position_count, sourcePositions == null ? 0 : sourcePositions.length);
        copy.putLong(Native.SNNRandomConnectionDef.target_positions, scope.floats(targetPositions));
        copy.putLong(Native.SNNRandomConnectionDef.target_position_count, targetPositions == null ? 0 : targetPositions.length);
        return Jni.address(copy);
    }
}
