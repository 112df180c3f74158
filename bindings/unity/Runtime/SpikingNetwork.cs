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

    /// <summary>The neurons of a population that spiked in a step, ascending; valid during the call. It may read from the
    /// network and not step it.</summary>
    public delegate void SpikesHandler(SpikingNetwork network, int population, ulong step, ReadOnlySpan<uint> neurons);

    /// <summary>Runs a network on the processor, on Unity's main thread. Inputs, steps, spikes and states make no garbage.
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

        private readonly Dictionary<string, int> indices = new Dictionary<string, int>();
        private readonly Dictionary<string, NativeArray<float>> states = new Dictionary<string, NativeArray<float>>();
        private Session session;

        /// <summary>Raised while the network steps, for each step and population that spiked.</summary>
        public event SpikesHandler Spiked;

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

        /// <summary>All that the binding has, for what this component does not do: training, recorded runs.</summary>
        public Session Session
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
            using (Network network = Session.Network()) index = network.FindPopulation(population);
            indices.Add(population, index);
            return index;
        }

        /// <summary>Input for the coming step. Spikes, 0 or 1, hold for one step; values stay.</summary>
        public void SetInput(int population, ReadOnlySpan<float> values)
        {
            Session.SetInput(population, values);
        }

        /// <inheritdoc cref="SetInput(int, ReadOnlySpan{float})"/>
        public unsafe void SetInput(int population, NativeArray<float> values)
        {
            Session.SetInput(population, new ReadOnlySpan<float>(NativeArrayUnsafeUtility.GetUnsafeReadOnlyPtr(values),
                                                                 values.Length));
        }

        /// <summary>Advances by so many seconds: as many whole steps as fit, the rest is carried.</summary>
        public void Step(float deltaTime)
        {
            if (budgetMilliseconds > 0) Session.RunStepWithin(deltaTime, budgetMilliseconds / 1000);
            else Session.RunStep(deltaTime);
        }

        /// <summary>The neurons that spiked in the last step, ascending; valid until the network is next used.</summary>
        public ReadOnlySpan<uint> Spikes(int population)
        {
            return Session.Spikes(population);
        }

        /// <summary>A state as it is now, "output.v", one value for each neuron. The array belongs to this component: the same
        /// one at each call, written anew; do not dispose it.</summary>
        public unsafe NativeArray<float> State(string path)
        {
            if (!states.TryGetValue(path, out NativeArray<float> values))
            {
                values = new NativeArray<float>(Session.ValueCount(path), Allocator.Persistent);
                states.Add(path, values);
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

        /// <summary>What was computed since the network was opened or reset.</summary>
        public Counters Counters { get { return Session.Counters; } }

        /// <summary>Back to step 0 and the initial state.</summary>
        public void ResetNetwork()
        {
            Session.Reset();
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
                session = new Session(network, new SessionOptions { ThreadCount = threadCount, Seed = seed });
            session.OnSpikes((running, population, sample, step, neurons) => Spiked?.Invoke(this, population, step, neurons));
        }

        private void Close()
        {
            session?.Dispose();
            session = null;
            indices.Clear();
            foreach (NativeArray<float> values in states.Values) values.Dispose();
            states.Clear();
        }
    }
}
