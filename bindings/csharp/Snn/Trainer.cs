using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using static Snn.Library;

namespace Snn
{
    /// <summary>How a session is trained; see <c>SNNTrainerDef</c>. What is not set has the library's default.</summary>
    public sealed unsafe class TrainerOptions
    {
        internal SNNTrainerDef def;

        /// <summary>Of an output population, over a number of steps.</summary>
        public TrainerOptions(int outputPopulation, int stepCount)
        {
            Library.CheckVersion();
            fixed (SNNTrainerDef* it = &def) Native.snn_trainer_def_init(it, (uint)sizeof(SNNTrainerDef));
            def.output_population = Whole(outputPopulation, "outputPopulation");
            def.step_count = Whole(stepCount, "stepCount");
        }

        public Loss Loss { get { return (Loss)def.loss; } set { def.loss = (uint)value; } }
        public LearningRule Rule { get { return (LearningRule)def.rule; } set { def.rule = (uint)value; } }
        public Optimizer Optimizer { get { return (Optimizer)def.optimizer; } set { def.optimizer = (uint)value; } }

        /// <summary>Target of the labelled output for mean-square losses without targets.</summary>
        public float RateOn { get { return def.rate_on; } set { def.rate_on = value; } }

        /// <summary>Target of the other outputs.</summary>
        public float RateOff { get { return def.rate_off; } set { def.rate_off = value; } }

        public double LearningRate { get { return def.learning_rate; } set { def.learning_rate = value; } }
        public double Momentum { get { return def.momentum; } set { def.momentum = value; } }
        public double Beta1 { get { return def.beta1; } set { def.beta1 = value; } }
        public double Beta2 { get { return def.beta2; } set { def.beta2 = value; } }
        public double Epsilon { get { return def.epsilon; } set { def.epsilon = value; } }
        public double WeightDecay { get { return def.weight_decay; } set { def.weight_decay = value; } }

        /// <summary>Largest global L2 norm of the gradient; 0: none.</summary>
        public double GradientClipNorm { get { return def.gradient_clip_norm; } set { def.gradient_clip_norm = value; } }

        /// <summary>Strength of the pull of all rates towards RateTarget.</summary>
        public double RateRegularization { get { return def.rate_regularization; } set { def.rate_regularization = value; } }

        /// <summary>Spikes per step.</summary>
        public double RateTarget { get { return def.rate_target; } set { def.rate_target = value; } }

        /// <summary>On the learning rate, for learnable parameters.</summary>
        public double ParameterRateFactor { get { return def.parameter_rate_factor; } set { def.parameter_rate_factor = value; } }

        /// <summary>Times the sign of a weight is added to its gradient.</summary>
        public double L1Regularization { get { return def.l1_regularization; } set { def.l1_regularization = value; } }

        /// <summary>Time constant of the van Rossum distance, in ms.</summary>
        public double VanRossumTau { get { return def.van_rossum_tau_ms; } set { def.van_rossum_tau_ms = value; } }

        /// <summary>Steps kept at once for the way back, the others are run again; 0: all.</summary>
        public uint CheckpointSteps { get { return def.checkpoint_steps; } set { def.checkpoint_steps = value; } }

        /// <summary>Truncated back-propagation: steps of a window; 0: none.</summary>
        public uint WindowSteps { get { return def.window_steps; } set { def.window_steps = value; } }

        /// <summary>Whether each window has a loss and an update of its own.</summary>
        public bool WindowUpdates { get { return def.window_updates != 0; } set { def.window_updates = value ? 1u : 0u; } }

        /// <summary>Of cross-entropies, 0 to 1: what is wanted of all outputs alike.</summary>
        public double LabelSmoothing { get { return def.label_smoothing; } set { def.label_smoothing = value; } }
    }

    /// <summary>What came of a batch; see <c>SNNTrainResult</c>.</summary>
    public struct TrainResult
    {
        public int SampleCount, CorrectCount;
        public double Loss, SpikeCount;
    }

    /// <summary>Samples to train on; see <c>SNNBatch</c>. The arrays are read when a trainer takes the batch.</summary>
    public sealed class Batch
    {
        internal struct Input
        {
            internal int Population;
            internal bool Held;
            internal float[] Values;
        }

        internal readonly List<Input> inputs = new List<Input>();
        internal readonly List<Run.Spikes> inputSpikes = new List<Run.Spikes>();

        /// <summary>A class for each sample of the session's batch; -1 is padding. Null with targets only.</summary>
        public int[] Labels { get; set; }

        /// <summary>What mean-square losses compare with, [batch_size][outputs]; of losses in time [step][batch_size][outputs].</summary>
        public float[] Targets { get; set; }

        /// <summary>[step][batch_size][size]</summary>
        public Batch Add(int population, float[] values)
        {
            inputs.Add(new Input { Population = population, Values = values ?? throw new ArgumentNullException(nameof(values)) });
            return this;
        }

        /// <summary>[batch_size][size], used at every step.</summary>
        public Batch AddHeld(int population, float[] values)
        {
            inputs.Add(new Input { Population = population, Held = true, Values = values ?? throw new ArgumentNullException(nameof(values)) });
            return this;
        }

        /// <summary>Spikes of a spike input one by one, in the order of their steps: the step, the neuron and, with several samples,
        /// the sample of each.</summary>
        public Batch AddInputSpikes(int population, uint[] steps, uint[] neurons, uint[] samples = null)
        {
            inputSpikes.Add(Run.Spikes.Of(population, steps, neurons, samples));
            return this;
        }
    }

    /// <summary>Arrays [step][batch_size][size] of spikes or states: what a run writes, or gradients.</summary>
    public sealed class StepArrays
    {
        internal struct Entry
        {
            internal int Population;
            internal string Variable;
            internal float[] Values;
        }

        internal readonly List<Entry> entries = new List<Entry>();

        /// <summary>A state or "spikes".</summary>
        public StepArrays Add(int population, string variable, float[] values)
        {
            entries.Add(new Entry
            {
                Population = population, Variable = variable ?? throw new ArgumentNullException(nameof(variable)),
                Values = values ?? throw new ArgumentNullException(nameof(values))
            });
            return this;
        }

        internal unsafe SNNRecordArray[] Pinned(List<GCHandle> pins)
        {
            var arrays = new SNNRecordArray[entries.Count];
            for (int i = 0; i < arrays.Length; ++i)
            {
                arrays[i].population = Whole(entries[i].Population, "population");
                arrays[i].dtype = (uint)DataType.Float32;
                arrays[i].variable = (byte*)Run.Pin(pins, Utf8.Bytes(entries[i].Variable));
                arrays[i].data = (void*)Run.Pin(pins, entries[i].Values);
                arrays[i].count = (UIntPtr)entries[i].Values.Length;
            }
            return arrays;
        }
    }

    /// <summary>Trains one session and ends with it. One thread at a time, with the session.</summary>
    public sealed unsafe class Trainer : IDisposable
    {
        private readonly Session session;
        private readonly TrainerHandle handle;

        /// <summary>The session gets its own copy of the weights. C: <c>snn_trainer_create</c>.</summary>
        public Trainer(Session session, TrainerOptions options)
        {
            if (session == null) throw new ArgumentNullException(nameof(session));
            if (options == null) throw new ArgumentNullException(nameof(options));
            this.session = session;
            IntPtr trainer = IntPtr.Zero;
            int status;
            fixed (SNNTrainerDef* def = &options.def) status = Native.snn_trainer_create(session.handle, def, &trainer);
            handle = new TrainerHandle(trainer, session.handle);
            session.Finish(status);
        }

        /// <summary>Forward, backward and update on one batch. C: <c>snn_trainer_step</c>.</summary>
        public TrainResult Step(Batch batch)
        {
            return OnBatch(batch, (raw, result) => Native.snn_trainer_step(handle, raw, result));
        }

        /// <summary>The first part of a step. C: <c>snn_trainer_forward</c>.</summary>
        public TrainResult Forward(Batch batch)
        {
            return OnBatch(batch, (raw, result) => Native.snn_trainer_forward(handle, raw, result));
        }

        /// <summary>The second part. C: <c>snn_trainer_backward</c>.</summary>
        public void Backward()
        {
            using (session.Held()) session.Finish(Native.snn_trainer_backward(handle));
        }

        /// <summary>The first part for a loss of your own, <see cref="Loss.None"/>: writes the outputs. Labels may be null and only
        /// mark padding. C: <c>snn_trainer_run</c>.</summary>
        public TrainResult Run(Batch batch, StepArrays outputs)
        {
            if (outputs == null) throw new ArgumentNullException(nameof(outputs));
            var pins = new List<GCHandle>();
            try
            {
                SNNRecordArray[] arrays = outputs.Pinned(pins);
                return OnBatch(batch, (raw, result) =>
                {
                    fixed (SNNRecordArray* records = arrays)
                        return Native.snn_trainer_run(handle, raw, records, (uint)arrays.Length, result);
                });
            }
            finally
            {
                foreach (GCHandle pin in pins) pin.Free();
            }
        }

        /// <summary>The second part for a loss of your own: its value and its gradients for outputs of the last run. Writes the
        /// gradients of inputs ("spikes" of input populations), if wanted, which needs <see cref="SessionFlags.InputGradients"/>.
        /// C: <c>snn_trainer_run_backward</c>.</summary>
        public void RunBackward(double loss, StepArrays gradients, StepArrays inputGradients = null)
        {
            if (gradients == null) throw new ArgumentNullException(nameof(gradients));
            var pins = new List<GCHandle>();
            try
            {
                SNNRecordArray[] given = gradients.Pinned(pins);
                SNNRecordArray[] wanted = inputGradients == null ? new SNNRecordArray[0] : inputGradients.Pinned(pins);
                fixed (SNNRecordArray* from = given)
                fixed (SNNRecordArray* into = wanted)
                using (session.Held())
                    session.Finish(Native.snn_trainer_run_backward(handle, loss, from, (uint)given.Length, into, (uint)wanted.Length));
            }
            finally
            {
                foreach (GCHandle pin in pins) pin.Free();
            }
        }

        /// <summary>The third part. A loss or gradient that is not finite is refused and the weights stay.
        /// C: <c>snn_trainer_update</c>.</summary>
        public void Update()
        {
            using (session.Held()) session.Finish(Native.snn_trainer_update(handle));
        }

        /// <summary>Class scores of the last forward, [batch_size][outputs]. C: <c>snn_trainer_scores</c>.</summary>
        public void Scores(Span<float> scores)
        {
            fixed (float* data = &MemoryMarshal.GetReference(scores))
                using (session.Held()) session.Finish(Native.snn_trainer_scores(handle, data, (UIntPtr)scores.Length));
        }

        /// <summary>The part of the last loss that is of a population's own, its weight included.
        /// C: <c>snn_trainer_loss_of</c>.</summary>
        public double LossOf(int population)
        {
            double loss;
            using (session.Held()) session.Finish(Native.snn_trainer_loss_of(handle, Whole(population, "population"), &loss));
            return loss;
        }

        /// <summary>What is kept from update to update, to go on with later in a trainer of the same network and optimiser.
        /// C: <c>snn_trainer_get_state</c>.</summary>
        public double[] State()
        {
            UIntPtr count;
            using (session.Held()) session.Finish(Native.snn_trainer_get_state(handle, null, &count));
            var values = new double[(int)count];
            fixed (double* data = values)
                using (session.Held()) session.Finish(Native.snn_trainer_get_state(handle, data, &count));
            return values;
        }

        /// <summary>Takes over what <see cref="State"/> gave. C: <c>snn_trainer_set_state</c>.</summary>
        public void SetState(double[] values)
        {
            if (values == null) throw new ArgumentNullException(nameof(values));
            fixed (double* data = values)
                using (session.Held()) session.Finish(Native.snn_trainer_set_state(handle, data, (UIntPtr)values.Length));
        }

        /// <summary>Adds a weight times a loss of another population than the output, which looks at the same labels or targets;
        /// 0: none. C: <c>snn_trainer_set_auxiliary_loss</c>.</summary>
        public void SetAuxiliaryLoss(int population, Loss loss, double weight = 1)
        {
            using (session.Held())
                session.Finish(Native.snn_trainer_set_auxiliary_loss(handle, Whole(population, "population"), (uint)loss, weight));
        }

        /// <summary>Weights of the classes in cross-entropies, one for each output; empty: none.
        /// C: <c>snn_trainer_set_class_weights</c>.</summary>
        public void SetClassWeights(ReadOnlySpan<float> weights)
        {
            fixed (float* data = &MemoryMarshal.GetReference(weights))
                using (session.Held())
                    session.Finish(Native.snn_trainer_set_class_weights(handle, data, (UIntPtr)weights.Length));
        }

        /// <summary>Silences each neuron of a population with a probability, for all steps of a forward.
        /// C: <c>snn_trainer_set_dropout</c>.</summary>
        public void SetDropout(int population, double probability, ulong seed = 0)
        {
            using (session.Held())
                session.Finish(Native.snn_trainer_set_dropout(handle, Whole(population, "population"), probability, seed));
        }

        /// <summary>Rounds the weights of a projection to 2 to 8 bits while they are trained; 0: no longer.
        /// C: <c>snn_trainer_set_quantization</c>.</summary>
        public void SetQuantization(int projection, int bits, bool perChannel = false)
        {
            using (session.Held())
                session.Finish(Native.snn_trainer_set_quantization(handle, Whole(projection, "projection"), Whole(bits, "bits"),
                                                                   perChannel ? 1u : 0u));
        }

        /// <summary>Batch normalisation through time of a projection, folded into its weights and bias; a scale of 0: no longer.
        /// C: <c>snn_trainer_set_normalization</c>.</summary>
        public void SetNormalization(int projection, double scale = 1, double momentum = 0.1, double epsilon = 1e-5)
        {
            using (session.Held())
                session.Finish(Native.snn_trainer_set_normalization(handle, Whole(projection, "projection"), scale, momentum, epsilon));
        }

        /// <summary>Learns the delays of a sparse projection of taps beside its weights; called again it changes kernel, width and rate;
        /// a width of 0: no longer. C: <c>snn_trainer_set_delay_learning</c>.</summary>
        public void SetDelayLearning(int projection, double width, DelayKernel kernel = DelayKernel.Gaussian, double rateFactor = 100)
        {
            using (session.Held())
                session.Finish(Native.snn_trainer_set_delay_learning(
                    handle, Whole(projection, "projection"), (uint)kernel, width, rateFactor));
        }

        /// <summary>From the next update on. C: <c>snn_trainer_set_learning_rate</c>.</summary>
        public void SetLearningRate(double learningRate)
        {
            using (session.Held()) session.Finish(Native.snn_trainer_set_learning_rate(handle, learningRate));
        }

        /// <summary>Sums up the updates since the last call. C: <c>snn_trainer_end_epoch</c>.</summary>
        public Epoch EndEpoch()
        {
            SNNEpoch raw;
            raw.struct_size = (uint)sizeof(SNNEpoch);
            using (session.Held()) session.Finish(Native.snn_trainer_end_epoch(handle, &raw));
            return Epoch.From(raw);
        }

        /// <summary>Ends the training; the session lives on. C: <c>snn_trainer_release</c>.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }

        private delegate int WithBatch(SNNBatch* batch, SNNTrainResult* result);

        private TrainResult OnBatch(Batch batch, WithBatch function)
        {
            if (batch == null) throw new ArgumentNullException(nameof(batch));
            var pins = new List<GCHandle>();
            var inputs = new SNNInputArray[batch.inputs.Count];
            try
            {
                for (int i = 0; i < inputs.Length; ++i)
                {
                    inputs[i].population = Whole(batch.inputs[i].Population, "population");
                    inputs[i].held = batch.inputs[i].Held ? 1u : 0u;
                    inputs[i].data = (float*)Snn.Run.Pin(pins, batch.inputs[i].Values);
                    inputs[i].count = (UIntPtr)batch.inputs[i].Values.Length;
                }
                SNNSpikeInput[] spikeInputs = Snn.Run.Spikes.Pinned(batch.inputSpikes, pins);
                fixed (SNNInputArray* input = inputs)
                fixed (SNNSpikeInput* spikes = spikeInputs)
                fixed (int* labels = batch.Labels)
                fixed (float* targets = batch.Targets)
                {
                    SNNBatch raw;
                    raw.struct_size = (uint)sizeof(SNNBatch);
                    raw.input_count = (uint)inputs.Length;
                    raw.inputs = input;
                    raw.labels = labels;
                    raw.label_count = (UIntPtr)(batch.Labels?.Length ?? 0);
                    raw.targets = targets;
                    raw.target_count = (UIntPtr)(batch.Targets?.Length ?? 0);
                    raw.spike_inputs = spikes;
                    raw.spike_input_count = (uint)spikeInputs.Length;
                    SNNTrainResult result;
                    result.struct_size = (uint)sizeof(SNNTrainResult);
                    using (session.Held()) session.Finish(function(&raw, &result));
                    return new TrainResult
                    {
                        SampleCount = (int)result.sample_count, CorrectCount = (int)result.correct_count,
                        Loss = result.loss, SpikeCount = result.spike_count
                    };
                }
            }
            finally
            {
                foreach (GCHandle pin in pins) pin.Free();
            }
        }
    }
}
