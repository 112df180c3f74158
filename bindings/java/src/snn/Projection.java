package snn;

import java.nio.ByteBuffer;
import java.util.Objects;
import snn.Enums.Arithmetic;
import snn.Enums.ConnectionKind;
import snn.Enums.PoolMode;

/** How a projection connects two populations; see {@code SNNProjectionDef}. Arrays are copied when it is connected. Pairs are
 * (y, x). */
public final class Projection {
    private final ConnectionKind kind;
    private final int source, target;
    private final float[] weights;
    private long[] rowOffsets;
    private int[] targets;
    private short[] synapseDelays;
    private float[] bias;
    private String name, receptor;
    private int delaySteps;
    private Boolean trainable;
    private boolean detached;
    private Arithmetic arithmetic = Arithmetic.DEFAULT;
    private PoolMode poolMode = PoolMode.SUM;
    private int[] kernel, stride, padding, dilation;
    private Integer groups;

    private Projection(ConnectionKind kind, int source, int target, float[] weights) {
        this.kind = kind;
        this.source = source;
        this.target = target;
        this.weights = weights;
    }

    private static Projection weighted(ConnectionKind kind, int source, int target, float[] weights) {
        return new Projection(kind, source, target, Objects.requireNonNull(weights, "weights"));
    }

    /** Each source neuron to each target; weights [source][target]. */
    public static Projection dense(int source, int target, float[] weights) {
        return weighted(ConnectionKind.DENSE, source, target, weights);
    }

    /** Each neuron to the one of the same index; weights [neuron]. */
    public static Projection oneToOne(int source, int target, float[] weights) {
        return weighted(ConnectionKind.ONE_TO_ONE, source, target, weights);
    }

    /** Rows of targets: rowOffsets [source size + 1]; targets and weights one for each synapse. */
    public static Projection sparse(int source, int target, long[] rowOffsets, int[] targets, float[] weights) {
        Projection projection = weighted(ConnectionKind.SPARSE, source, target, weights);
        projection.rowOffsets = Objects.requireNonNull(rowOffsets, "rowOffsets");
        projection.targets = Objects.requireNonNull(targets, "targets");
        return projection;
    }

    /** Sparse, for {@link NetworkBuilder#connectRandom}. */
    public static Projection byRule(int source, int target) {
        return new Projection(ConnectionKind.SPARSE, source, target, null);
    }

    /** Cross-correlation; weights [out_channel][in_channel / groups][kernel_y][kernel_x]. */
    public static Projection conv2d(int source, int target, int kernelY, int kernelX, float[] weights) {
        Projection projection = weighted(ConnectionKind.CONV2D, source, target, weights);
        projection.kernel = new int[] {kernelY, kernelX};
        return projection;
    }

    /** Pooling, without weights. */
    public static Projection pool2d(int source, int target, int kernelY, int kernelX, PoolMode mode) {
        Projection projection = new Projection(ConnectionKind.POOL2D, source, target, null);
        projection.kernel = new int[] {kernelY, kernelX};
        projection.poolMode = mode;
        return projection;
    }

    /** [target], or [out_channel] for conv2d; added at every step. */
    public Projection bias(float[] bias) {
        this.bias = bias;
        return this;
    }

    /** Steps of each synapse of a sparse projection, added to delaySteps. */
    public Projection synapseDelays(short[] delays) {
        synapseDelays = delays;
        return this;
    }

    /** Default: "source_to_target". */
    public Projection name(String name) {
        this.name = name;
        return this;
    }

    /** The receptor of the target's model; default: its first. */
    public Projection receptor(String receptor) {
        this.receptor = receptor;
        return this;
    }

    /** At most 4096; 0: within the same step. */
    public Projection delaySteps(int steps) {
        delaySteps = steps;
        return this;
    }

    /** Default: true. */
    public Projection trainable(boolean trainable) {
        this.trainable = trainable;
        return this;
    }

    /** Whether training takes no gradient back through it to its source. Default: false. */
    public Projection detached(boolean detached) {
        this.detached = detached;
        return this;
    }

    /** How inputs are summed. */
    public Projection arithmetic(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
        return this;
    }

    public Projection stride(int y, int x) {
        stride = new int[] {y, x};
        return this;
    }

    public Projection padding(int y, int x) {
        padding = new int[] {y, x};
        return this;
    }

    public Projection dilation(int y, int x) {
        dilation = new int[] {y, x};
        return this;
    }

    /** Of conv2d. */
    public Projection groups(int groups) {
        this.groups = groups;
        return this;
    }

    /** The address of the struct as C wants it. */
    long write(Scope scope) {
        int synapses = targets == null ? 0 : targets.length;
        if (synapseDelays != null && synapseDelays.length != synapses)
            throw new IllegalArgumentException("synapseDelays has " + synapseDelays.length + " values for " + synapses + " synapses");
        ByteBuffer def = scope.bytes((long) Native.SNNProjectionDef.SIZE);
        Native.snn_projection_def_init(Jni.address(def), Native.SNNProjectionDef.SIZE);
        def.putInt(Native.SNNProjectionDef.kind, kind.value);
        def.putLong(Native.SNNProjectionDef.name, scope.text(name));
        def.putInt(Native.SNNProjectionDef.source, Scope.whole(source, "source"));
        def.putInt(Native.SNNProjectionDef.target, Scope.whole(target, "target"));
        def.putLong(Native.SNNProjectionDef.receptor, scope.text(receptor));
        def.putInt(Native.SNNProjectionDef.delay_steps, Scope.whole(delaySteps, "delaySteps"));
        if (trainable != null) def.putInt(Native.SNNProjectionDef.trainable, trainable ? 1 : 0);
        def.putInt(Native.SNNProjectionDef.detached, detached ? 1 : 0);
        def.putInt(Native.SNNProjectionDef.arithmetic, arithmetic.value);
        def.putInt(Native.SNNProjectionDef.pool_mode, poolMode.value);
        def.putLong(Native.SNNProjectionDef.weights, scope.floats(weights));
        def.putLong(Native.SNNProjectionDef.weight_count, weights == null ? 0 : weights.length);
        def.putLong(Native.SNNProjectionDef.bias, scope.floats(bias));
        def.putLong(Native.SNNProjectionDef.bias_count, bias == null ? 0 : bias.length);
        def.putLong(Native.SNNProjectionDef.row_offsets, scope.longs(rowOffsets));
        def.putLong(Native.SNNProjectionDef.row_offset_count, rowOffsets == null ? 0 : rowOffsets.length);
        def.putLong(Native.SNNProjectionDef.synapse_targets, scope.ints(targets));
        def.putLong(Native.SNNProjectionDef.synapse_delays, scope.shorts(synapseDelays));
        def.putLong(Native.SNNProjectionDef.synapse_count, synapses);
        pair(def, Native.SNNProjectionDef.kernel, kernel, "kernel");
        pair(def, Native.SNNProjectionDef.stride, stride, "stride");
        pair(def, Native.SNNProjectionDef.padding, padding, "padding");
        pair(def, Native.SNNProjectionDef.dilation, dilation, "dilation");
        if (groups != null) def.putInt(Native.SNNProjectionDef.groups, Scope.whole(groups, "groups"));
        return Jni.address(def);
    }

    private static void pair(ByteBuffer def, int at, int[] pair, String name) {
        if (pair != null) def.putInt(at, Scope.whole(pair[0], name)).putInt(at + 4, Scope.whole(pair[1], name));
    }
}
