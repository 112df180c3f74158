using System;
using UnityEngine;

namespace Snn.Unity
{
    /// <summary>A .snn file as an asset: what the importer makes of a file in the project, or <see cref="FromBytes"/> of one that
    /// was downloaded. Immutable; any number of components may run it.</summary>
    public sealed class SpikingNetworkAsset : ScriptableObject
    {
        [SerializeField, HideInInspector] private byte[] file = new byte[0];

        [SerializeField, Tooltip("Milliseconds of a step")] private double timeStep;
        [SerializeField] private long neuronCount, synapseCount;
        [SerializeField] private string[] populations = new string[0];

        /// <summary>Milliseconds of a step.</summary>
        public double TimeStep { get { return timeStep; } }

        /// <summary>Without inputs.</summary>
        public long NeuronCount { get { return neuronCount; } }

        public long SynapseCount { get { return synapseCount; } }

        /// <summary>The bytes of the file.</summary>
        public ReadOnlySpan<byte> Bytes { get { return file; } }

        /// <summary>Checks the file completely. What is wrong with it is a <see cref="SnnException"/>.</summary>
        public static SpikingNetworkAsset FromBytes(byte[] file)
        {
            if (file == null) throw new ArgumentNullException(nameof(file));
            using (Network network = Network.Load(file))
            {
                var asset = CreateInstance<SpikingNetworkAsset>();
                NetworkInfo info = network.Info;
                asset.file = (byte[])file.Clone();
                asset.timeStep = info.DtMs;
                asset.neuronCount = (long)info.NeuronCount;
                asset.synapseCount = (long)info.SynapseCount;
                asset.populations = new string[info.PopulationCount];
                for (int i = 0; i < info.PopulationCount; ++i)
                {
                    PopulationInfo population = network.Population(i);
                    asset.populations[i] = population.Name + ": " + population.Size + " " +
                                           (population.ModelName ?? (population.Kind == PopulationKind.SpikeInput
                                                                         ? "spike inputs" : "value inputs"));
                }
                return asset;
            }
        }

        /// <summary>The network; dispose it.</summary>
        public Network Load()
        {
            return Network.Load(file);
        }
    }
}
