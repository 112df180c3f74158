package snn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import snn.Enums.DataType;
import snn.Enums.Loss;
import snn.Enums.DelayKernel;
import snn.Enums.LearningRule;
import snn.Enums.Optimizer;

/** Trains one session and ends with it. One thread at a time, with the session. */
public final class Trainer implements AutoCloseable {
    /** How a session is trained; see {@code SNNTrainerDef}. What is not set has the library's default. */
    public static final class Options {
        private final ByteBuffer def = ByteBuffer.allocateDirect(Native.SNNTrainerDef.SIZE).order(ByteOrder.nativeOrder());

        /** Of an output population, over a number of steps. */
        public Options(int outputPopulation, int stepCount) {
            Library.checkVersion();
            Native.snn_trainer_def_init(Jni.address(def), Native.SNNTrainerDef.SIZE);
            def.putInt(Native.SNNTrainerDef.output_population, Scope.whole(outputPopulation, "outputPopulation"));
            def.putInt(Native.SNNTrainerDef.step_count, Scope.whole(stepCount, "stepCount"));
        }

        public Options loss(Loss loss) {
            def.putInt(Native.SNNTrainerDef.loss, loss.value);
            return this;
        }

        public Options rule(LearningRule rule) {
            def.putInt(Native.SNNTrainerDef.rule, rule.value);
            return this;
        }

        public Options optimizer(Optimizer optimizer) {
            def.putInt(Native.SNNTrainerDef.optimizer, optimizer.value);
            return this;
        }

        /** Targets of the labelled output and of the others, for mean-square losses without targets. */
        public Options rates(float on, float off) {
            def.putFloat(Native.SNNTrainerDef.rate_on, on).putFloat(Native.SNNTrainerDef.rate_off, off);
            return this;
        }

        public Options learningRate(double rate) {
            return put(Native.SNNTrainerDef.learning_rate, rate);
        }

        /** Of SGD. */
        public Options momentum(double momentum) {
            return put(Native.SNNTrainerDef.momentum, momentum);
        }

        /** Of Adam. */
        public Options adam(double beta1, double beta2, double epsilon) {
            return put(Native.SNNTrainerDef.beta1, beta1).put(Native.SNNTrainerDef.beta2, beta2)
                .put(Native.SNNTrainerDef.epsilon, epsilon);
        }

        public Options weightDecay(double decay) {
            return put(Native.SNNTrainerDef.weight_decay, decay);
        }

        /** Largest global L2 norm of the gradient; 0: none. */
        public Options gradientClipNorm(double norm) {
            return put(Native.SNNTrainerDef.gradient_clip_norm, norm);
        }

        /** Strength of the pull of all rates towards a target in spikes per step. */
        public Options rateRegularization(double strength, double target) {
            return put(Native.SNNTrainerDef.rate_regularization, strength).put(Native.SNNTrainerDef.rate_target, target);
        }

        /** On the learning rate, for learnable parameters. */
        public Options parameterRateFactor(double factor) {
            return put(Native.SNNTrainerDef.parameter_rate_factor, factor);
        }

        /** Times the sign of a weight is added to its gradient. */
        public Options l1Regularization(double strength) {
            return put(Native.SNNTrainerDef.l1_regularization, strength);
        }

        /** Time constant of the van Rossum distance, in ms. */
        public Options vanRossumTau(double tau) {
            return put(Native.SNNTrainerDef.van_rossum_tau_ms, tau);
        }

        /** Steps kept at once for the way back, the others are run again; 0: all. */
        public Options checkpointSteps(int steps) {
            def.putInt(Native.SNNTrainerDef.checkpoint_steps, Scope.whole(steps, "steps"));
            return this;
        }

        /** Truncated back-propagation: steps of a window (0: none), and whether each has a loss and an update of its own. */
        public Options windows(int steps, boolean updates) {
            def.putInt(Native.SNNTrainerDef.window_steps, Scope.whole(steps, "steps"));
            def.putInt(Native.SNNTrainerDef.window_updates, updates ? 1 : 0);
            return this;
        }

        /** Of cross-entropies, 0 to 1: what is wanted of all outputs alike. */
        public Options labelSmoothing(double share) {
            return put(Native.SNNTrainerDef.label_smoothing, share);
        }

        private Options put(int at, double value) {
            def.putDouble(at, value);
            return this;
        }
    }

    /** Samples to train on; see {@code SNNBatch}. The arrays are read when a trainer takes the batch. */
    public static final class Batch {
        private final List<Integer> populations = new ArrayList<>();
        private final List<Boolean> held = new ArrayList<>();
        private final List<float[]> inputs = new ArrayList<>();
        private final List<Run.InputSpikes> inputSpikes = new ArrayList<>();
        private final int[] labels;
        private float[] targets;

        /** A class for each sample of the session's batch; -1 is padding. Null with targets only. */
        public Batch(int[] labels) {
            this.labels = labels;
        }

        /** [step][batch_size][size] */
        public Batch input(int population, float[] values) {
            return input(population, false, values);
        }

        /** [batch_size][size], used at every step. */
        public Batch heldInput(int population, float[] values) {
            return input(population, true, values);
        }

        private Batch input(int population, boolean isHeld, float[] values) {
            populations.add(population);
            held.add(isHeld);
            inputs.add(Objects.requireNonNull(values, "values"));
            return this;
        }

        /** Spikes of a spike input one by one, in the order of their steps: the step, the neuron and, with several samples, the
         * sample of each, else null. */
        public Batch inputSpikes(int population, int[] steps, int[] neurons, int[] samples) {
            inputSpikes.add(new Run.InputSpikes(population, steps, neurons, samples));
            return this;
        }

        /** What mean-square losses compare with, [batch_size][outputs]; of losses in time [step][batch_size][outputs]. */
        public Batch targets(float[] values) {
            targets = values;
            return this;
        }

        private long write(Scope scope) {
            ByteBuffer arrays = scope.bytes((long) Native.SNNInputArray.SIZE * inputs.size());
            for (int i = 0; i < inputs.size(); ++i)
                Run.writeInput(scope, arrays, i, populations.get(i), held.get(i), inputs.get(i));
            ByteBuffer batch = scope.struct(Native.SNNBatch.SIZE);
            batch.putInt(Native.SNNBatch.input_count, inputs.size());
            batch.putLong(Native.SNNBatch.inputs, Jni.address(arrays));
            batch.putLong(Native.SNNBatch.labels, scope.ints(labels));
            batch.putLong(Native.SNNBatch.label_count, labels == null ? 0 : labels.length);
            batch.putLong(Native.SNNBatch.targets, scope.floats(targets));
            batch.putLong(Native.SNNBatch.target_count, targets == null ? 0 : targets.length);
            batch.putLong(Native.SNNBatch.spike_inputs, Run.InputSpikes.write(scope, inputSpikes));
            batch.putInt(Native.SNNBatch.spike_input_count, inputSpikes.size());
            return Jni.address(batch);
        }
    }

    /** Arrays [step][batch_size][size] of spikes or states: what a run writes, or gradients. */
    public static final class StepArrays {
        private final List<Integer> populations = new ArrayList<>();
        private final List<String> variables = new ArrayList<>();
        private final List<float[]> arrays = new ArrayList<>();
        private final List<ByteBuffer> memory = new ArrayList<>();

        /** A state or "spikes". */
        public StepArrays add(int population, String variable, float[] values) {
            populations.add(population);
            variables.add(Objects.requireNonNull(variable, "variable"));
            arrays.add(Objects.requireNonNull(values, "values"));
            return this;
        }

        private long write(Scope scope) {
            ByteBuffer records = scope.bytes((long) Native.SNNRecordArray.SIZE * arrays.size());
            memory.clear();
            for (int i = 0; i < arrays.size(); ++i) {
                int at = i * Native.SNNRecordArray.SIZE;
                ByteBuffer values = scope.bytes(4L * arrays.get(i).length);
                values.asFloatBuffer().put(arrays.get(i));
                memory.add(values);
                records.putInt(at + Native.SNNRecordArray.population, Scope.whole(populations.get(i), "population"));
                records.putInt(at + Native.SNNRecordArray.dtype, DataType.FLOAT32.value);
                records.putLong(at + Native.SNNRecordArray.variable, scope.text(variables.get(i)));
                records.putLong(at + Native.SNNRecordArray.data, Jni.address(values));
                records.putLong(at + Native.SNNRecordArray.count, arrays.get(i).length);
            }
            return Jni.address(records);
        }

        private void read() {
            for (int i = 0; i < arrays.size(); ++i) memory.get(i).asFloatBuffer().get(arrays.get(i));
            memory.clear();
        }
    }

    /** What came of a batch; see {@code SNNTrainResult}. */
    public static final class Result {
        public final int sampleCount, correctCount;
        public final double loss, spikeCount;

        private Result(ByteBuffer raw) {
            sampleCount = raw.getInt(Native.SNNTrainResult.sample_count);
            correctCount = raw.getInt(Native.SNNTrainResult.correct_count);
            loss = raw.getDouble(Native.SNNTrainResult.loss);
            spikeCount = raw.getDouble(Native.SNNTrainResult.spike_count);
        }
    }

    /** An epoch of training; epochs are numbered from 1. */
    public static final class Epoch {
        public final long number, sampleCount, correctCount;
        public final double meanLoss;

        Epoch(long number, long sampleCount, long correctCount, double meanLoss) {
            this.number = number;
            this.sampleCount = sampleCount;
            this.correctCount = correctCount;
            this.meanLoss = meanLoss;
        }
    }

    private final Session session;
    private final Handle handle;

    /** The session gets its own copy of the weights. C: {@code snn_trainer_create}. */
    public Trainer(Session session, Options options) {
        this.session = session;
        long value = session.handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer trainer = scope.bytes(8);
            session.finish(Native.snn_trainer_create(value, Jni.address(options.def), Jni.address(trainer)));
            handle = Handle.of(this, "trainer", trainer.getLong(0), Native::snn_trainer_release);
        } finally {
            session.leave();
        }
    }

    /** Forward, backward and update on one batch. C: {@code snn_trainer_step}. */
    public Result step(Batch batch) {
        return onBatch(batch, true);
    }

    /** The first part of a step. C: {@code snn_trainer_forward}. */
    public Result forward(Batch batch) {
        return onBatch(batch, false);
    }

    /** The second part. C: {@code snn_trainer_backward}. */
    public void backward() {
        session.handle.enter();
        try {
            session.finish(Native.snn_trainer_backward(handle.get()));
        } finally {
            session.leave();
        }
    }

    /** The first part for a loss of your own, {@link Loss#NONE}: writes the outputs. Labels may be null and only mark padding.
     * C: {@code snn_trainer_run}. */
    public Result run(Batch batch, StepArrays outputs) {
        session.handle.enter();
        try (Scope scope = new Scope()) {
            long trainer = handle.get(), raw = batch.write(scope), records = outputs.write(scope);
            ByteBuffer result = scope.struct(Native.SNNTrainResult.SIZE);
            session.finish(Native.snn_trainer_run(trainer, raw, records, outputs.arrays.size(), Jni.address(result)));
            outputs.read();
            return new Result(result);
        } finally {
            session.leave();
        }
    }

    /** The second part for a loss of your own: its value and its gradients for outputs of the last run. Writes the gradients of
     * inputs ("spikes" of input populations), none if null, which needs {@link SessionOptions#inputGradients}.
     * C: {@code snn_trainer_run_backward}. */
    public void runBackward(double loss, StepArrays gradients, StepArrays inputGradients) {
        StepArrays inputs = inputGradients == null ? new StepArrays() : inputGradients;
        session.handle.enter();
        try (Scope scope = new Scope()) {
            session.finish(Native.snn_trainer_run_backward(handle.get(), loss, gradients.write(scope), gradients.arrays.size(),
                inputs.write(scope), inputs.arrays.size()));
            inputs.read();
        } finally {
            session.leave();
        }
    }

    /** The third part. A loss or gradient that is not finite is refused and the weights stay. C: {@code snn_trainer_update}. */
    public void update() {
        session.handle.enter();
        try {
            session.finish(Native.snn_trainer_update(handle.get()));
        } finally {
            session.leave();
        }
    }

    /** Class scores of the last forward, [batch_size][outputs]. C: {@code snn_trainer_scores}. */
    public void scores(float[] scores) {
        try (Scope scope = new Scope()) {
            ByteBuffer memory = scope.bytes(4L * scores.length);
            session.finish(Native.snn_trainer_scores(handle.get(), Jni.address(memory), scores.length));
            memory.asFloatBuffer().get(scores);
        }
    }

    /** The part of the last loss that is of a population's own, its weight included. C: {@code snn_trainer_loss_of}. */
    public double lossOf(int population) {
        try (Scope scope = new Scope()) {
            ByteBuffer loss = scope.bytes(8);
            session.finish(Native.snn_trainer_loss_of(handle.get(), Scope.whole(population, "population"), Jni.address(loss)));
            return loss.getDouble(0);
        }
    }

    /** What is kept from update to update, to go on with later in a trainer of the same network and optimiser.
     * C: {@code snn_trainer_get_state}. */
    public double[] state() {
        try (Scope scope = new Scope()) {
            ByteBuffer count = scope.bytes(8);
            session.finish(Native.snn_trainer_get_state(handle.get(), 0, Jni.address(count)));
            double[] values = new double[Math.toIntExact(count.getLong(0))];
            ByteBuffer memory = scope.bytes(8L * values.length);
            session.finish(Native.snn_trainer_get_state(handle.get(), Jni.address(memory), Jni.address(count)));
            memory.asDoubleBuffer().get(values);
            return values;
        }
    }

    /** Takes over what {@link #state} gave. C: {@code snn_trainer_set_state}. */
    public void setState(double[] values) {
        try (Scope scope = new Scope()) {
            session.finish(Native.snn_trainer_set_state(handle.get(), scope.doubles(values), values.length));
        }
    }

    /** Adds a weight times a loss of another population than the output, which looks at the same labels or targets; 0: none.
     *  C: {@code snn_trainer_set_auxiliary_loss}. */
    public void setAuxiliaryLoss(int population, Loss loss, double weight) {
        session.finish(Native.snn_trainer_set_auxiliary_loss(handle.get(), Scope.whole(population, "population"), loss.value, weight));
    }

    /** Weights of the classes in cross-entropies, one for each output; empty: none. C: {@code snn_trainer_set_class_weights}. */
    public void setClassWeights(float[] weights) {
        try (Scope scope = new Scope()) {
            session.finish(Native.snn_trainer_set_class_weights(handle.get(), scope.floats(weights), weights.length));
        }
    }

    /** Silences each neuron of a population with a probability, for all steps of a forward. C: {@code snn_trainer_set_dropout}. */
    public void setDropout(int population, double probability, long seed) {
        session.finish(Native.snn_trainer_set_dropout(handle.get(), Scope.whole(population, "population"), probability, seed));
    }

    /** Rounds the weights of a projection to 2 to 8 bits while they are trained; 0: no longer. C: {@code snn_trainer_set_quantization}. */
    public void setQuantization(int projection, int bits, boolean perChannel) {
        session.finish(Native.snn_trainer_set_quantization(handle.get(), Scope.whole(projection, "projection"), Scope.whole(bits, "bits"),
            perChannel ? 1 : 0));
    }

    /** Batch normalisation through time of a projection, folded into its weights and bias; a scale of 0: no longer. C:
     * {@code snn_trainer_set_normalization}. */
    public void setNormalization(int projection, double scale, double momentum, double epsilon) {
        session.finish(Native.snn_trainer_set_normalization(handle.get(), Scope.whole(projection, "projection"), scale, momentum, epsilon));
    }

    /** Learns the delays of a sparse projection of taps beside its weights; called again it changes kernel, width and rate; a width
     * of 0: no longer. C: {@code snn_trainer_set_delay_learning}. */
    public void setDelayLearning(int projection, DelayKernel kernel, double width, double rateFactor) {
        session.finish(Native.snn_trainer_set_delay_learning(
                handle.get(), Scope.whole(projection, "projection"), kernel.value, width, rateFactor));
    }

    /** From the next update on. C: {@code snn_trainer_set_learning_rate}. */
    public void setLearningRate(double learningRate) {
        session.finish(Native.snn_trainer_set_learning_rate(handle.get(), learningRate));
    }

    /** Sums up the updates since the last call. C: {@code snn_trainer_end_epoch}. */
    public Epoch endEpoch() {
        session.handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNEpoch.SIZE);
            session.finish(Native.snn_trainer_end_epoch(handle.get(), Jni.address(raw)));
            return new Epoch(raw.getLong(Native.SNNEpoch.epoch), raw.getLong(Native.SNNEpoch.sample_count),
                raw.getLong(Native.SNNEpoch.correct_count), raw.getDouble(Native.SNNEpoch.mean_loss));
        } finally {
            session.leave();
        }
    }

    /** Ends the training; the session lives on. C: {@code snn_trainer_release}. */
    @Override
    public void close() {
        handle.close();
    }

    private Result onBatch(Batch batch, boolean whole) {
        session.handle.enter();
        try (Scope scope = new Scope()) {
            long trainer = handle.get(), raw = batch.write(scope);
            ByteBuffer result = scope.struct(Native.SNNTrainResult.SIZE);
            session.finish(whole ? Native.snn_trainer_step(trainer, raw, Jni.address(result))
                                 : Native.snn_trainer_forward(trainer, raw, Jni.address(result)));
            return new Result(result);
        } finally {
            session.leave();
        }
    }
}
