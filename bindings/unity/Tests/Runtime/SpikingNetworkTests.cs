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
