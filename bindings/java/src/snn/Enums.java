// Printed from the headers in native/include/snn by `python -m tools.headers`. Not to be edited by hand.

package snn;

/** The constants of <code>snn.h</code>, as enums: {@code import snn.Enums.*}. */
public final class Enums {
    private Enums() {}

    /** <code>SNN_OK</code> and those that follow it in <code>snn.h</code>. */
    public enum Status {
        /** SNN_OK */
        OK(0),
        /** a value, size, shape or name is wrong */
        INVALID_ARGUMENT(-1),
        /** null, stale or foreign handle, or a handle of another type */
        INVALID_HANDLE(-2),
        /** no population, projection, variable, model or device of that name */
        NOT_FOUND(-3),
        /** SNN_ERROR_OUT_OF_MEMORY */
        OUT_OF_MEMORY(-4),
        /** file I/O failed; snn_last_error() gives the reason */
        IO(-5),
        /** the file is damaged or not a .snn file; snn_last_error() says where */
        FORMAT(-6),
        /** valid, but this device or build cannot do it */
        UNSUPPORTED(-7),
        /** another thread is inside this session */
        BUSY(-8),
        /** valid call at the wrong time (network not finished, backward before forward) */
        STATE(-9),
        /** struct or file of a version that this library does not know */
        VERSION(-10),
        /** the session belongs to the parent process */
        FORKED(-11),
        /** a progress callback asked to stop; what was recorded so far is kept */
        STOPPED(-12),
        /** a defect of the library */
        INTERNAL(-13),
        /** the GPU was reset or removed; the session is lost, a new one can be opened */
        DEVICE_LOST(-14),
        /** training: the loss or a gradient is not finite, or a parameter would leave its range */
        DIVERGED(-15);

        final int value;

        Status(int value) { this.value = value; }

        static Status of(int value) {
            for (Status one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a Status that is new: " + value);
        }
    }

    /** <code>SNN_LOG_WARNING</code> and those that follow it in <code>snn.h</code>. */
    public enum LogLevel {
        /** SNN_LOG_WARNING */
        WARNING(1),
        /** SNN_LOG_INFORMATION */
        INFORMATION(2);

        final int value;

        LogLevel(int value) { this.value = value; }

        static LogLevel of(int value) {
            for (LogLevel one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a LogLevel that is new: " + value);
        }
    }

    /** <code>SNN_ISA_BEST</code> and those that follow it in <code>snn.h</code>. */
    public enum InstructionSet {
        /** SNN_ISA_BEST */
        BEST(0),
        /** SNN_ISA_SCALAR */
        SCALAR(1),
        /** SNN_ISA_AVX2 */
        AVX2(2),
        /** SNN_ISA_AVX512 */
        AVX512(3),
        /** SNN_ISA_NEON */
        NEON(4);

        final int value;

        InstructionSet(int value) { this.value = value; }

        static InstructionSet of(int value) {
            for (InstructionSet one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a InstructionSet that is new: " + value);
        }
    }

    /** <code>SNN_FLOAT32</code> and those that follow it in <code>snn.h</code>. */
    public enum DataType {
        /** SNN_FLOAT32 */
        FLOAT32(0),
        /** SNN_FLOAT64 */
        FLOAT64(1),
        /** SNN_INT32 */
        INT32(2),
        /** SNN_UINT8 */
        UINT8(3);

        final int value;

        DataType(int value) { this.value = value; }

        static DataType of(int value) {
            for (DataType one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a DataType that is new: " + value);
        }
    }

    /** <code>SNN_ENCODE_RATE</code> and those that follow it in <code>snn.h</code>. */
    public enum Encoding {
        /** spike with probability gain * value at each step (clipped to 1) */
        RATE(0),
        /** one spike at step round((1 - value) * (T - 1)); none for values below `threshold` */
        LATENCY(1),
        /** gain * value at every step (for value inputs) */
        CONSTANT(2),
        /** values are [step][sample][feature]: 1 where the value rose by more than threshold since the last step, else 0; the first step is compared with 0 */
        DELTA(3);

        final int value;

        Encoding(int value) { this.value = value; }

        static Encoding of(int value) {
            for (Encoding one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a Encoding that is new: " + value);
        }
    }

    /** <code>SNN_RANDOM_UNIFORM</code> and those that follow it in <code>snn.h</code>. */
    public enum RandomKind {
        /** SNN_RANDOM_UNIFORM */
        UNIFORM(0),
        /** SNN_RANDOM_NORMAL */
        NORMAL(1);

        final int value;

        RandomKind(int value) { this.value = value; }

        static RandomKind of(int value) {
            for (RandomKind one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a RandomKind that is new: " + value);
        }
    }

    /** <code>SNN_POPULATION_NEURONS</code> and those that follow it in <code>snn_network.h</code>. */
    public enum PopulationKind {
        /** SNN_POPULATION_NEURONS */
        NEURONS(0),
        /** the caller gives spikes (0 or 1) for each step; the input is empty again after the step */
        SPIKE_INPUT(1),
        /** the caller gives real values; they stay until changed */
        VALUE_INPUT(2);

        final int value;

        PopulationKind(int value) { this.value = value; }

        static PopulationKind of(int value) {
            for (PopulationKind one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a PopulationKind that is new: " + value);
        }
    }

    /** <code>SNN_CONNECT_DENSE</code> and those that follow it in <code>snn_network.h</code>. */
    public enum ConnectionKind {
        /** weights [source][target] */
        DENSE(0),
        /** weights [neuron]; equal sizes */
        ONE_TO_ONE(1),
        /** rows of targets per source neuron (CSR); weights [synapse] */
        SPARSE(2),
        /** weights [out_channel][in_channel / groups][kernel_y][kernel_x]; cross-correlation */
        CONV2D(3),
        /** no weights; pool_mode; padding counts as zero (average divides by the window size) */
        POOL2D(4);

        final int value;

        ConnectionKind(int value) { this.value = value; }

        static ConnectionKind of(int value) {
            for (ConnectionKind one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a ConnectionKind that is new: " + value);
        }
    }

    /** <code>SNN_POOL_SUM</code> and those that follow it in <code>snn_network.h</code>. */
    public enum PoolMode {
        /** SNN_POOL_SUM */
        SUM(0),
        /** SNN_POOL_AVERAGE */
        AVERAGE(1),
        /** SNN_POOL_MAX */
        MAX(2);

        final int value;

        PoolMode(int value) { this.value = value; }

        static PoolMode of(int value) {
            for (PoolMode one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a PoolMode that is new: " + value);
        }
    }

    /** <code>SNN_ARITHMETIC_DEFAULT</code> and those that follow it in <code>snn_network.h</code>. */
    public enum Arithmetic {
        /** sparse static projections from spikes: compact; fixed, then float, where its largest weights would cost others onto the receptor too much precision (docs/semantics.md). */
        DEFAULT(0),
        /** float32, in ascending order of the source neuron */
        FLOAT(1),
        /** int32 sums with one power-of-two scale per target population and receptor */
        FIXED(2),
        /** as fixed, with the weights themselves rounded to 16 bits at that scale when the network is finished and when they are written; static projections only. 4 bytes a synapse */
        COMPACT(3);

        final int value;

        Arithmetic(int value) { this.value = value; }

        static Arithmetic of(int value) {
            for (Arithmetic one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a Arithmetic that is new: " + value);
        }
    }

    /** <code>SNN_DISTRIBUTION_CONSTANT</code> and those that follow it in <code>snn_network.h</code>. */
    public enum DistributionKind {
        /** a */
        CONSTANT(0),
        /** mean a, standard deviation b; never farther than 6.34 b from a */
        NORMAL(1),
        /** from a to b */
        UNIFORM(2),
        /** exp of a normal number of mean a and standard deviation b */
        LOGNORMAL(3),
        /** mean a, above 0; b is not used. */
        EXPONENTIAL(4);

        final int value;

        DistributionKind(int value) { this.value = value; }

        static DistributionKind of(int value) {
            for (DistributionKind one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a DistributionKind that is new: " + value);
        }
    }

    /** <code>SNN_RULE_FIXED_PROBABILITY</code> and those that follow it in <code>snn_network.h</code>. */
    public enum ConnectionRule {
        /** each pair with `probability` */
        FIXED_PROBABILITY(0),
        /** `count` sources for each target */
        FIXED_INDEGREE(1),
        /** `count` synapses in all */
        FIXED_TOTAL(2),
        /** each neuron to the one of the same index; equal sizes */
        ONE_TO_ONE(3),
        /** each pair */
        ALL_TO_ALL(4),
        /** each pair with a probability that falls with the distance d, 0 beyond `cutoff` */
        SPATIAL(5),
        /** `count` targets for each source */
        FIXED_OUTDEGREE(6);

        final int value;

        ConnectionRule(int value) { this.value = value; }

        static ConnectionRule of(int value) {
            for (ConnectionRule one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a ConnectionRule that is new: " + value);
        }
    }

    /** <code>SNN_KERNEL_GAUSSIAN</code> and those that follow it in <code>snn_network.h</code>. */
    public enum SpatialKernel {
        /** probability * exp(-d^2 / (2 width^2)) */
        GAUSSIAN(0),
        /** probability * exp(-d / width) */
        EXPONENTIAL(1);

        final int value;

        SpatialKernel(int value) { this.value = value; }

        static SpatialKernel of(int value) {
            for (SpatialKernel one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a SpatialKernel that is new: " + value);
        }
    }

    /** <code>SNN_LOSS_CROSS_ENTROPY_COUNT</code> and those that follow it in <code>snn_training.h</code>. */
    public enum Loss {
        /** its number of spikes */
        CROSS_ENTROPY_COUNT(0),
        /** its largest membrane value in time */
        CROSS_ENTROPY_MAX_MEMBRANE(1),
        /** its mean membrane value in time */
        CROSS_ENTROPY_MEAN_MEMBRANE(2),
        /** its spikes per step */
        CROSS_ENTROPY_RATE(4),
        /** its membrane value after the last step */
        CROSS_ENTROPY_LAST_MEMBRANE(5),
        /** minus the step of its first spike, T when there is none */
        CROSS_ENTROPY_LATENCY(6),
        /** of the membranes after the step */
        CROSS_ENTROPY_MEMBRANE(14),
        /** of the spikes, 0 or 1, of the step */
        CROSS_ENTROPY_SPIKES(15),
        /** Mean over outputs of (score - target)^2 */
        MEAN_SQUARE_RATE(3),
        /** Mean over outputs of (score - target)^2 */
        MEAN_SQUARE_COUNT(7),
        /** Mean over outputs of (score - target)^2 */
        MEAN_SQUARE_MAX_MEMBRANE(8),
        /** Mean over outputs of (score - target)^2 */
        MEAN_SQUARE_MEAN_MEMBRANE(9),
        /** Mean over outputs of (score - target)^2 */
        MEAN_SQUARE_LAST_MEMBRANE(10),
        /** latencies in steps; needs targets */
        MEAN_SQUARE_LATENCY(11),
        /** mean over outputs and steps of (membrane after the step - target)^2 */
        MEAN_SQUARE_MEMBRANE(12),
        /** mean over outputs of the van Rossum distance (squared) to target trains */
        VAN_ROSSUM(13),
        /** The caller computes the loss: snn_trainer_run and snn_trainer_run_backward; output_population is ignored. */
        NONE(255);

        final int value;

        Loss(int value) { this.value = value; }

        static Loss of(int value) {
            for (Loss one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a Loss that is new: " + value);
        }
    }

    /** <code>SNN_LEARNING_BPTT</code> and those that follow it in <code>snn_training.h</code>. */
    public enum LearningRule {
        /** back-propagation through time */
        BPTT(0),
        /** online training through time (Xiao et al. 2022): at each step errors go back through the layers and are combined with traces of what arrived before */
        OTTT(1),
        /** e-prop (Bellec et al. 2020), symmetric feedback: errors go from the output population straight to the populations that project onto it, and are combined with eligibility traces */
        EPROP(2),
        /** EventProp (Wunderlich and Pehle 2021), in steps: gradients of spike times, from 4 bytes per spike. */
        EVENTPROP(3);

        final int value;

        LearningRule(int value) { this.value = value; }

        static LearningRule of(int value) {
            for (LearningRule one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a LearningRule that is new: " + value);
        }
    }

    /** <code>SNN_OPTIMIZER_SGD</code> and those that follow it in <code>snn_training.h</code>. */
    public enum Optimizer {
        /** SNN_OPTIMIZER_SGD */
        SGD(0),
        /** SNN_OPTIMIZER_ADAM */
        ADAM(1),
        /** SNN_OPTIMIZER_ADAMW */
        ADAMW(2),
        /** SNN_OPTIMIZER_LION */
        LION(3);

        final int value;

        Optimizer(int value) { this.value = value; }

        static Optimizer of(int value) {
            for (Optimizer one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a Optimizer that is new: " + value);
        }
    }

    /** <code>SNN_DELAY_KERNEL_GAUSSIAN</code> and those that follow it in <code>snn_training.h</code>. */
    public enum DelayKernel {
        /** SNN_DELAY_KERNEL_GAUSSIAN */
        GAUSSIAN(0),
        /** SNN_DELAY_KERNEL_TRIANGLE */
        TRIANGLE(1);

        final int value;

        DelayKernel(int value) { this.value = value; }

        static DelayKernel of(int value) {
            for (DelayKernel one : values()) if (one.value == value) return one;
            throw new IllegalStateException("libsnn has a DelayKernel that is new: " + value);
        }
    }

}
