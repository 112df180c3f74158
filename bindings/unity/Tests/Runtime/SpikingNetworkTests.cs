using System;
using NUnit.Framework;
using Unity.Collections;
using UnityEngine;

namespace Snn.Unity.Tests
{
    /// <summary>For Unity's test runner: two inputs, each of which makes one LIF neuron spike.</summary>
    public sealed class SpikingNetworkTests
    {
        private SpikingNetworkAsset asset;
        private SpikingNetwork component;

        [SetUp]
        public void MakeNetwork()
        {
            string path = System.IO.Path.Combine(Application.temporaryCachePath, "pair.snn");
            using (var builder = new NetworkBuilder(1))
            {
                int input = builder.AddValueInput("in", 2), cells = builder.AddNeurons("cells", "lif", 2);
                builder.Connect(Projection.OneToOne(input, cells, new[] { 5f, 5f }));
                using (Network network = builder.Finish()) network.Save(path);
            }
            asset = SpikingNetworkAsset.FromBytes(System.IO.File.ReadAllBytes(path));
            component = new GameObject("brain").AddComponent<SpikingNetwork>();
            component.StepIn = StepIn.Script;
        }

        [TearDown]
        public void DestroyObject()
        {
            UnityEngine.Object.DestroyImmediate(component.gameObject);
        }

        [Test]
        public void InputsBecomeSpikesAndStates()
        {
            int heard = 0;
            component.Spiked += (network, population, step, neurons) =>
            {
                Assert.AreEqual(component.Population("cells"), population);
                Assert.AreEqual(1, neurons.Length);
                Assert.AreEqual(1u, neurons[0]);
                ++heard;
            };
            component.Asset = asset;
            component.SetInput(component.Population("in"), new[] { 0f, 1f });
            component.Step(0.001f);
            Assert.AreEqual(1, heard);
            Assert.AreEqual(1, component.Spikes(component.Population("cells")).Length);
            NativeArray<float> state = component.State("cells.v");
            Assert.AreEqual(2, state.Length);
            Assert.AreEqual(0f, state[0]);
        }

        [Test]
        public void HandlersOfSpikesMayDoAnything()
        {
            component.Asset = asset;
            int cells = component.Population("cells"), heard = 0;
            SpikesHandler feed = (network, population, step, neurons) =>
            {
                Assert.AreEqual(cells, population);
                Assert.AreEqual((ulong)heard++, step);
                if (heard == 3) network.Asset = null;
                else network.SetInput(0, new[] { 0f, 1f });
                if (heard == 2) network.Step(0.001f);
            };
            component.Spiked += feed;
            component.SetInput(0, new[] { 0f, 1f });
            component.Step(0.001f);
            Assert.AreEqual(1, heard);
            component.Step(0.001f);
            Assert.AreEqual(3, heard); // the second one stepped, the third one closed
            component.Asset = asset;
            component.Spiked -= feed;
            component.SetInput(0, new[] { 0f, 1f });
            component.Step(0.001f);
            Assert.AreEqual(3, heard);
            Assert.AreEqual(1, component.Spikes(cells).Length);
        }

        [Test]
        public void AStateFollowsTheNumberOfItsValues()
        {
            component.Asset = asset;
            Assert.AreEqual(1, component.State("cells.threshold").Length);
            component.SetState("cells.threshold", new[] { 0.5f, 0.7f });
            NativeArray<float> thresholds = component.State("cells.threshold");
            Assert.AreEqual(2, thresholds.Length);
            Assert.AreEqual(0.7f, thresholds[1]);
        }

        [Test]
        public void OneComponentRunsManyBrains()
        {
            int stepped = 0;
            component.BatchSize = 3;
            component.OwnWeights = true;
            component.Asset = asset;
            component.Stepped += network => ++stepped;
            component.Spiked += (network, population, step, neurons) => throw new InvalidOperationException("spikes are counted");
            int input = component.Population("in"), cells = component.Population("cells");
            Assert.AreEqual(6, component.SpikeCounts(cells).Length);
            component.SetInput(input, new float[6]);
            component.SetSampleInput(2, input, new[] { 0f, 1f });
            component.Step(0.0031f);
            Assert.AreEqual(1, stepped);
            ReadOnlySpan<int> counts = component.SpikeCounts(cells);
            Assert.AreEqual(0, counts[3]);
            Assert.AreEqual(3, counts[5]);
            Assert.AreEqual(0, component.Spikes(cells).Length);
            Assert.AreEqual(1, component.Spikes(cells, 2).Length);
            Assert.AreEqual(2, component.State("in_to_cells.weight[1]").Length);
            component.ResetSamples(2);
            Assert.AreEqual(0, component.Spikes(cells, 2).Length);
            Assert.AreEqual("cpu", component.Session.Device);
            Assert.AreEqual(Status.InvalidArgument,
                            Assert.Throws<SnnException>(() => component.SetSampleInput(3, input, new float[2])).Status);
            component.Device = "abacus";
            Assert.AreEqual(Status.NotFound, Assert.Throws<SnnException>(() => component.Asset = asset).Status);
        }

        [Test]
        public void StepsInTheBackgroundAreToldInALaterFrame()
        {
            int heard = 0;
            component.InBackground = true;
            component.Spiked += (network, population, step, neurons) =>
            {
                Assert.AreEqual((ulong)heard++, step);
                Assert.AreEqual(2, network.State("cells.v").Length); // nothing is under way
            };
            component.Asset = asset;
            component.SetInput(component.Population("in"), new[] { 0f, 1f });
            component.Step(0.001f);
            component.SetInput(component.Population("in"), new[] { 0f, 1f }); // whether they are done or not
            Assert.AreEqual(0, heard);
            while (component.IsStepping) { }
            Assert.AreEqual(0, heard); // until the next frame
            component.Step(0.002f);
            Assert.AreEqual(1, heard);
            Assert.AreEqual(3ul, component.Session.StepCount); // waits
            component.Step(0);
            Assert.AreEqual(3, heard);
            component.Step(0.1f); // and it is destroyed while they run
        }

        [Test]
        public void NativeArraysAreInputsToo()
        {
            component.Asset = asset;
            var values = new NativeArray<float>(2, Allocator.Temp);
            values[0] = 1;
            component.SetInput(0, values);
            values.Dispose();
            component.Step(0.001f);
            Assert.AreEqual(0u, component.Spikes(component.Population("cells"))[0]);
            component.ResetNetwork();
            Assert.AreEqual(0ul, component.Session.StepCount);
        }

        [Test]
        public void ItLearnsFromSignalsAndGoesOnFromASavedGame()
        {
            string path = System.IO.Path.Combine(Application.temporaryCachePath, "learning.snn"), saved = path + ".state";
            using (var builder = new NetworkBuilder(1))
            {
                int input = builder.AddSpikeInput("in", 2), cells = builder.AddNeurons("cells", "lif", 2);
                Projection synapses =
                    Projection.Sparse(input, cells, new ulong[] { 0, 1, 2 }, new uint[] { 0, 1 }, new[] { 0.4f, 0.4f });
                synapses.Name = "synapses";
                builder.SetPlasticity(builder.Connect(synapses), "reward_stdp");
                using (Network network = builder.Finish()) network.Save(path);
            }
            component.Asset = SpikingNetworkAsset.FromBytes(System.IO.File.ReadAllBytes(path));
            float before = component.State("synapses.weight")[0], rewarded = Play(1);
            Assert.AreEqual(0.4f, before);
            Assert.AreEqual(true, rewarded != before);
            Assert.AreEqual(rewarded, Play(0)); // without a reward nothing is learned
            Assert.AreEqual(60ul, component.Counters.Steps);
            Assert.AreEqual(120ul, component.Counters.InputSpikes);
            component.SaveState(saved);
            float ahead = Play(0.5f);
            component.LoadState(saved);
            Assert.AreEqual(60ul, component.Counters.Steps);
            Assert.AreEqual(rewarded, component.State("synapses.weight")[0]);
            Assert.AreEqual(ahead, Play(0.5f));
            component.SetState("synapses.weight", new[] { 0.25f, 0.5f });
            Assert.AreEqual(0.5f, component.State("synapses.weight")[1]);
            Assert.AreEqual(Status.NotFound, Assert.Throws<SnnException>(() => component.SendSignal("synapse", 1)).Status);
            Assert.AreEqual(Status.Io, Assert.Throws<SnnException>(() => component.LoadState(saved + ".absent")).Status);
        }

        private float Play(float reward)
        {
            for (int i = 0; i < 30; ++i)
            {
                component.SetInput(0, new[] { 1f, 1f });
                component.Step(0.001f);
            }
            component.SendSignal("synapses", reward);
            return component.State("synapses.weight")[0];
        }

        [Test]
        public void WrongUseIsAnExceptionWithASentence()
        {
            Assert.Throws<InvalidOperationException>(() => component.Step(0.001f));
            component.Asset = asset;
            Assert.AreEqual(Status.InvalidArgument, Assert.Throws<SnnException>(() => component.SetInput(0, new float[3])).Status);
            Assert.AreEqual(Status.NotFound, Assert.Throws<SnnException>(() => component.Population("cell")).Status);
            Assert.AreEqual(Status.NotFound, Assert.Throws<SnnException>(() => component.State("cells.w")).Status);
            Assert.AreEqual(Status.Format, Assert.Throws<SnnException>(() => SpikingNetworkAsset.FromBytes(new byte[20])).Status);
            component.Asset = null;
            Assert.Throws<InvalidOperationException>(() => component.Step(0.001f));
        }
    }
}
