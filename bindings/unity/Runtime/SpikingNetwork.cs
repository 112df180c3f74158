using System;
using System.Collections.Generic;
using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;

namespace Snn.Unity
{
    /// <summary>When a component steps its network.</summary>
    public enum StepIn
    {
        /// <summary>By Time.fixedDeltaTime: the same in every run of the game.</summary>
        FixedUpdate,

        /// <summary>By Time.deltaTime.</summary>
        Update,

        /// <summary>When a script calls <see cref="SpikingNetwork.Step"/>.</summary>
        Script
    }

    /// <summary>The neurons of a population that spiked in a step, ascending; valid during the call. It may do anything: set
    /// inputs, step on, set another asset.</summary>
    public delegate void SpikesHandler(SpikingNetwork network, int population, ulong step, ReadOnlySpan<uint> neurons);

    /// <summary>Runs a network, or many brains of one, from Unity's main thread. Inputs, steps, spikes and states make no garbage.
    /// Populations are named by their index, which <see cref="Population"/> finds. Before there is an asset and after the
    /// component was destroyed every call is an <see cref="InvalidOperationException"/>; other errors are
    /// <see cref="SnnException"/>s.</summary>
    [AddComponentMenu("Spiking Network"), DisallowMultipleComponent]
    public sealed class SpikingNetwork : MonoBehaviour
    {
        [SerializeField] private SpikingNetworkAsset asset;
        [SerializeField] private StepIn stepIn = StepIn.FixedUpdate;

        [SerializeField, Min(0), Tooltip("0: one for each core. The results are the same.")] private int threadCount = 1;
        [SerializeField, Min(0), Tooltip("Of a frame; what is left is done in the next ones. 0: no limit")]
        private float budgetMilliseconds;
        [SerializeField, Tooltip("Of the random draws of models that have some")] private ulong seed;
        [SerializeField, Tooltip("cpu, auto (the fastest for this network) or vulkan (a device of its own)")]
        private string device = "cpu";
        [SerializeField, Min(1), Tooltip("Brains of this network, each with its own state")] private int batchSize = 1;
        [SerializeField, Tooltip("Each brain has weights of its own")] private bool ownWeights;
        [SerializeField, Tooltip("Steps run on another thread, and no frame waits for them")] private bool inBackground;

        private readonly Dictionary<string, int> indices = new Dictionary<string, int>();
        private readonly Dictionary<string, NativeArray<float>> states = new Dictionary<string, NativeArray<float>>();
        private readonly List<Heard> heard = new List<Heard>();
        private uint[] heardNeurons = new uint[256];
        private int heardCount, brains; // brains: of the session, as batchSize was when it began
        private readonly List<Heard> told = new List<Heard>(); // what was passed on last
        private uint[] toldNeurons = new uint[256];
        private readonly Dictionary<int, int[]> spikeCounts = new Dictionary<int, int[]>();
        private bool countsSpikes, isTelling, begun; // begun: steps in the background that nobody was told of
        private SpikesHandler spiked;
        private Session session;

        private struct Heard
        {
            internal int Population, Sample, Begin, Count;
            internal ulong Step;
        }

        /// <summary>Raised after the steps of a frame, for each step and population that spiked, in their order. Without a
        /// handler steps are faster. Not with a <see cref="BatchSize"/> above 1: see <see cref="SpikeCounts"/>.</summary>
        public event SpikesHandler Spiked
        {
            add
            {
                spiked += value;
                Listen();
            }
            remove
            {
                spiked -= value;
                Listen();
            }
        }

        /// <summary>Raised after the steps of a frame, and after <see cref="Spiked"/> for all of them.</summary>
        public event Action<SpikingNetwork> Stepped;

        /// <summary>Another one, or null, ends the session and opens a new one.</summary>
        public SpikingNetworkAsset Asset
        {
            get { return asset; }
            set
            {
                Close();
                asset = value;
                if (asset != null) Open();
            }
        }

        public StepIn StepIn { get { return stepIn; } set { stepIn = value; } }

        public float BudgetMilliseconds { get { return budgetMilliseconds; } set { budgetMilliseconds = value; } }

        /// <summary>Used by the next session: set it before <see cref="Asset"/>.</summary>
        public int ThreadCount { get { return threadCount; } set { threadCount = value; } }

        /// <summary>Used by the next session.</summary>
        public ulong Seed { get { return seed; } set { seed = value; } }

        /// <summary>Used by the next session: "cpu", "auto" (the fastest for the network, by speeds measured once) or "vulkan", a
        /// device of its own. On Unity's device runs <see cref="VulkanNetwork"/>.</summary>
        public string Device { get { return device; } set { device = value; } }

        /// <summary>Used by the next session: how many brains of the network there are, each with its own state. Arrays of inputs
        /// and states have the values of the first brain first, then of the next.</summary>
        public int BatchSize { get { return batchSize; } set { batchSize = value; } }

        /// <summary>Used by the next session: each brain has weights of its own, "synapses.weight[7]" those of the eighth.</summary>
        public bool OwnWeights { get { return ownWeights; } set { ownWeights = value; } }

        /// <summary>Steps run on another thread, and no frame waits for them: a frame passes on what the steps of the one before
        /// did, then begins the next. A frame that finds steps under way adds its time to the next ones. Inputs may be set at any
        /// time, for the steps that begin next. What reads or changes the network waits for the steps, except in a handler of
        /// <see cref="Spiked"/> or <see cref="Stepped"/>, where nothing is under way.</summary>
        public bool InBackground
        {
            get { return inBackground; }
            set
            {
                session?.Wait();
                inBackground = value;
            }
        }

        /// <summary>Whether steps are under way. Never waits.</summary>
        public bool IsStepping { get { return session != null && !session.Poll(); } }

        /// <summary>All that the binding has, for what this component does not do: training, recorded runs. Waits for steps that
        /// are under way.</summary>
        public Session Session
        {
            get
            {
                Session resting = Running;
                resting.Wait();
                return resting;
            }
        }

        private Session Running
        {
            get
            {
                if (session == null && asset != null) Open(); // a script that runs before Awake
                return session ?? throw new InvalidOperationException(
                    "the SpikingNetwork of '" + (this == null ? "a destroyed object" : name) + "' has no network: set its asset");
            }
        }

        /// <summary>The index of a population by its name.</summary>
        public int Population(string population)
        {
            if (indices.TryGetValue(population, out int index)) return index;
            using (Network network = Running.Network()) index = network.FindPopulation(population);
            indices.Add(population, index);
            return index;
        }

        /// <summary>Input for the coming step. Spikes, 0 or 1, hold for one step; values stay.</summary>
        public void SetInput(int population, ReadOnlySpan<float> values)
        {
            Running.SetInput(population, values);
        }

        /// <summary>The same for one brain of <see cref="BatchSize"/>. What other brains were given stays.</summary>
        public void SetSampleInput(int sample, int population, ReadOnlySpan<float> values)
        {
            Running.SetSampleInput(population, sample, values);
        }

        /// <inheritdoc cref="SetInput(int, ReadOnlySpan{float})"/>
        public unsafe void SetInput(int population, NativeArray<float> values)
        {
            Running.SetInput(population, new ReadOnlySpan<float>(NativeArrayUnsafeUtility.GetUnsafeReadOnlyPtr(values),
                                                                 values.Length));
        }

        /// <summary>Advances by so many seconds: as many whole steps as fit, the rest is carried.</summary>
        public void Step(float deltaTime)
        {
            float budget = budgetMilliseconds > 0 ? budgetMilliseconds / 1000 : float.PositiveInfinity;
            if (!inBackground)
            {
                Session.RunStepWithin(deltaTime, budget);
                Tell();
            }
            else if (!Running.Poll())
            {
                Running.Begin(deltaTime, budget); // the time is carried
            }
            else
            {
                bool tells = begun;
                begun = false;
                if (tells) Tell();
                if (session == null) return; // a handler took the network away
                begun |= session.Begin(deltaTime, budget); // a handler may have begun some
            }
        }

        /// <summary>The neurons of a brain that spiked in the last step, ascending; valid until the network is next used.</summary>
        public ReadOnlySpan<uint> Spikes(int population, int sample = 0)
        {
            return Session.Spikes(population, sample);
        }

        /// <summary>How often each neuron of a population spiked in the steps of the last frame, [BatchSize][size]; valid until the
        /// next call. Spikes are kept from the first call on, so that one tells nothing yet.</summary>
        public ReadOnlySpan<int> SpikeCounts(int population)
        {
            if (!countsSpikes)
            {
                countsSpikes = true;
                Listen();
            }
            if (!spikeCounts.TryGetValue(population, out int[] counts))
            {
                using (Network network = Running.Network()) counts = new int[brains * network.Population(population).Size];
                spikeCounts.Add(population, counts);
            }
            Array.Clear(counts, 0, counts.Length);
            int size = counts.Length / brains;
            uint[] neurons = isTelling ? heardNeurons : toldNeurons;
            foreach (Heard one in isTelling ? heard : told)
                if (one.Population == population)
                    for (int i = 0; i < one.Count; ++i) ++counts[one.Sample * size + (int)neurons[one.Begin + i]];
            return counts;
        }

        /// <summary>A state as it is now, "output.v", one value for each neuron. The array belongs to this component: the same
        /// one at each call, written anew, as long as there are as many values; do not dispose it.</summary>
        public unsafe NativeArray<float> State(string path)
        {
            // A parameter has one value, or one for each neuron once such were written.
            int count = Session.ValueCount(path);
            if (!states.TryGetValue(path, out NativeArray<float> values) || values.Length != count)
            {
                if (values.IsCreated) values.Dispose();
                values = new NativeArray<float>(count, Allocator.Persistent);
                states[path] = values;
            }
            Session.Read(path, new Span<float>(NativeArrayUnsafeUtility.GetUnsafePtr(values), values.Length));
            return values;
        }

        /// <summary>Writes a state, weights ("projection.weight") or parameters ("population.threshold").</summary>
        public void SetState(string path, ReadOnlySpan<float> values)
        {
            Session.Write(path, values);
        }

        /// <summary>A signal, such as a reward, to all synapses of a projection whose rule of plasticity takes one.</summary>
        public unsafe void SendSignal(string projection, float value)
        {
            Session.Write(projection + ".signal", new ReadOnlySpan<float>(&value, 1));
        }

        /// <summary>All that the next steps depend on, to a file, for example in Application.persistentDataPath.</summary>
        public void SaveState(string path)
        {
            Session.SaveState(path);
        }

        /// <summary>Goes on from a saved state, bit for bit.</summary>
        public void LoadState(string path)
        {
            Session.LoadState(path);
        }

        /// <summary>The same in memory, for the game's own saved game.</summary>
        public byte[] SaveState()
        {
            return Session.SaveState();
        }

        /// <summary>Goes on from what <see cref="SaveState()"/> gave.</summary>
        public void LoadState(ReadOnlySpan<byte> data)
        {
            Session.LoadState(data);
        }

        /// <summary>What was computed since the network was opened or reset.</summary>
        public Counters Counters { get { return Session.Counters; } }

        /// <summary>Back to step 0 and the initial state.</summary>
        public void ResetNetwork()
        {
            Session.Reset();
        }

        /// <summary>Some brains of <see cref="BatchSize"/> begin again; the others go on as if nothing had happened.</summary>
        public void ResetSamples(params int[] samples)
        {
            Session.ResetSamples(samples);
        }

        private void Awake()
        {
            if (session == null && asset != null) Open();
        }

        private void FixedUpdate()
        {
            if (stepIn == StepIn.FixedUpdate && session != null) Step(Time.fixedDeltaTime);
        }

        private void Update()
        {
            if (stepIn == StepIn.Update && session != null) Step(Time.deltaTime);
        }

        private void OnDestroy()
        {
            Close();
            asset = null;
        }

        private void Open()
        {
            using (Network network = asset.Load())
                session = new Session(network, new SessionOptions
                {
                    ThreadCount = threadCount,
                    Seed = seed,
                    Device = device,
                    BatchSize = batchSize,
                    Flags = ownWeights ? SessionFlags.SampleWeights : 0
                });
            brains = batchSize;
            Listen();
        }

        private void Listen()
        {
            if (session == null) return;
            session.Wait();
            session.OnSpikes(spiked == null && !countsSpikes ? (SpikeHandler)null : Hear);
        }

        // While the network steps: keeps what Tell passes on, in memory that is there already.
        private void Hear(Session running, int population, int sample, ulong step, ReadOnlySpan<uint> neurons)
        {
            if (heardCount + neurons.Length > heardNeurons.Length)
                Array.Resize(ref heardNeurons, Math.Max(heardCount + neurons.Length, 2 * heardNeurons.Length));
            neurons.CopyTo(new Span<uint>(heardNeurons, heardCount, neurons.Length));
            heard.Add(new Heard { Population = population, Sample = sample, Begin = heardCount, Count = neurons.Length, Step = step });
            heardCount += neurons.Length;
        }

        private void Tell()
        {
            if (isTelling) return; // a handler stepped: the loop below comes to that
            isTelling = true;
            try
            {
                for (int i = 0; brains == 1 && i < heard.Count; ++i)
                    spiked?.Invoke(this, heard[i].Population, heard[i].Step,
                                   new ReadOnlySpan<uint>(heardNeurons, heard[i].Begin, heard[i].Count));
                Stepped?.Invoke(this);
            }
            finally
            {
                isTelling = false;
                Forget();
            }
        }

        // What was heard is what was told.
        private void Forget()
        {
            told.Clear();
            if (countsSpikes)
            {
                told.AddRange(heard);
                uint[] other = toldNeurons;
                toldNeurons = heardNeurons;
                heardNeurons = other;
            }
            heard.Clear();
            heardCount = 0;
        }

        private void Close()
        {
            session?.Dispose();
            session = null;
            begun = false;
            heard.Clear();
            heardCount = 0;
            told.Clear();
            spikeCounts.Clear();
            indices.Clear();
            foreach (NativeArray<float> values in states.Values) values.Dispose();
            states.Clear();
        }
    }
}
