using System;
using System.IO;
using System.Linq;
using System.Threading;

namespace Snn.Tests
{
    internal static class NetworkTests
    {
        [Test]
        internal static void StructsLieAsACCompilerLaysThem()
        {
            Layouts.Check();
        }

        [Test]
        internal static void TheLibrarySaysWhatItHas()
        {
            Assert.Equal("0.1.0", Library.Version);
            Assert.True(Library.BuiltinModels().Contains("lif"), "lif");
            Assert.True(Library.BuiltinSurrogates().Contains("arctan"), "arctan");
            Assert.True(Library.BuiltinPlasticityRules().Contains("pair_stdp"), "pair_stdp");
            DeviceInfo cpu = Library.Devices().Single(device => device.Name == "cpu");
            Assert.True(cpu.CanTrain && cpu.CoreCount > 0 && cpu.InstructionSets[0] == "scalar", "cpu");
            DeviceSpeed speed = Library.DeviceSpeed("cpu");
            Assert.True(speed.SmallStep > 0 && speed.LargeStep > speed.SmallStep && speed.Driver == "", "speed of the cpu");
            Assert.True(Library.DeviceSpeed("cpu").WasKept, "measured twice");
            Assert.Fails(Status.NotFound, () => Library.DeviceSpeed("quantum"));
            Assert.True(Library.AvailableMemoryBytes > 0, "memory");
            Assert.Equal("SNN_ERROR_BUSY", Library.StatusName(Status.Busy));
        }

        [Test]
        internal static void ErrorsCarryStatusAndSentence()
        {
            SnnException exception = Assert.Fails(Status.InvalidArgument, () => new NetworkBuilder(-3.5));
            Assert.True(exception.Message.Contains("dt_ms") && exception.Message.Contains("-3.5"), exception.Message);
            exception = Assert.Fails(Status.Io, () => Network.Load("fehlt-\u00e4.snn"));
            Assert.True(exception.Message.Contains("fehlt-\u00e4.snn"), exception.Message);
            Assert.Fails(Status.Format, () => Network.Load(new byte[] { 1 }));
            Assert.Fails(Status.Format, () => Network.Load(new byte[0]));
            Assert.Fails(Status.Io, () => Session.Open("absent.snn"));
            Assert.Fails(Status.Io, () => Network.Load(new string('a', 5000)));
            Assert.Fails(Status.Format, () => Model.Load("{}"));
            Assert.Fails(Status.NotFound, () => Model.Builtin("nothing"));
            Assert.Throws<ArgumentException>(() => Model.Builtin("l\0if"));
            Assert.Throws<ArgumentNullException>(() => Model.Load(null));
            Assert.Throws<ArgumentNullException>(() => Session.Open(null));
            Assert.Throws<ArgumentNullException>(() => new Session(null));
            Assert.Fails(Status.InvalidArgument, () => Network.Load((string)null));
        }

        [Test]
        internal static void WrongSizesAreRefused()
        {
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddSpikeInput("in", 2), cells = builder.AddNeurons("cells", "lif", 2);
            Assert.Fails(Status.InvalidArgument, () => builder.Connect(Projection.Dense(input, cells, new float[3])));
            Assert.Fails(Status.InvalidArgument, () => builder.Connect(Projection.Dense(input, cells, new float[0])));
            Assert.Fails(Status.NotFound, () => builder.Connect(Projection.Dense(input, 7, new float[4])));
            Assert.Throws<ArgumentOutOfRangeException>(() => builder.Connect(Projection.Dense(input, -1, new float[4])));
            Assert.Throws<ArgumentNullException>(() => Projection.Dense(input, cells, null));
            Assert.Throws<ArgumentException>(() => builder.AddNeurons("more", "lif"));
            Assert.Fails(Status.InvalidArgument, () => builder.AddNeurons("cells", "lif", 2));
            Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddNeurons("more", "lif", -2));
            Assert.Fails(Status.InvalidArgument, () => builder.SetParameter(cells, "tau_membrane", 1, 2, 3));
            Assert.Fails(Status.InvalidArgument, () => builder.SetParameter(cells, "tau_membrane"));
            Assert.Fails(Status.InvalidArgument, () => builder.SetParameter(cells, "tau_membrane", null));
            Projection rows = Projection.Sparse(input, cells, new ulong[] { 0, 1, 2 }, new uint[] { 0, 1 }, new float[2]);
            rows.SynapseDelays = new ushort[1];
            Assert.True(Assert.Throws<ArgumentException>(() => builder.Connect(rows)).Message.Contains("1 values for 2"), "rows");
            builder.Dispose();
            Assert.Throws<ObjectDisposedException>(() => builder.AddSpikeInput("late", 1));
        }

        [Test]
        internal static void ANetworkTellsWhatItIs()
        {
            using (Network network = Networks.Adders())
            {
                NetworkInfo info = network.Info;
                Assert.Same(new ulong[] { 2, 1, 2, 4, 4 },
                            new[] { (ulong)info.PopulationCount, (ulong)info.ProjectionCount, info.NeuronCount, info.SynapseCount,
                                    info.ParameterCount });
                Assert.Equal(1.0, info.DtMs);
                PopulationInfo cells = network.Population(network.FindPopulation("cells"));
                Assert.Equal("cells adder 2", cells.Name + " " + cells.ModelName + " " + cells.Size);
                Assert.Same(new[] { 2 }, cells.Shape);
                ProjectionInfo projection = network.Projection(network.FindProjection("in_to_cells"));
                Assert.True(projection.Kind == ConnectionKind.Dense && projection.Source == 0 && projection.Target == 1, "dense");
                Assert.Same(new[] { 0.5f, 1, 0.25f, 0 }, network.Arrays(0).Weights);
                Assert.Same(new[] { 1.0 }, network.Parameter(1, "threshold"));
                Assert.Same(new[] { 0.0 }, network.InitialState(1, "v"));
                using (Model model = network.Model(1))
                using (Model shared = model.Share()) Assert.True(shared.Text.Contains("adder"), "text");
                Assert.Fails(Status.NotFound, () => network.Rule(0));
                Assert.Fails(Status.NotFound, () => network.Plasticity(0));
                MemoryEstimate memory = network.Memory();
                Assert.True(memory.Projections.Length == 1 && memory.TotalBytes >= 16, "memory");
                Placement placed = network.Placement(new SessionOptions { Device = "cpu+cpu;cells=1" });
                Assert.Equal("cpu+cpu;cells=1", placed.Device);
                Assert.Equal("", placed.Reasons);
                Assert.Equal(0, placed.WindowSteps);
                Assert.Equal(2, placed.Slices.Length);
                PlacementSlice slice = placed.Slices[1];
                Assert.True(slice.Population == 1 && slice.First == 0 && slice.Count == 2 && slice.Device == 1, "placed cells");
                Assert.Equal(1, placed.Slices[0].Device); // an input goes where it is read
                Assert.Same(new[] { 1, 1 }, placed.Samples);
                double[] seconds = placed.StepSeconds;
                Assert.True(seconds.Length == 2 && seconds[0] == 0 && seconds[1] > 0, "step seconds");
                Assert.Fails(Status.NotFound, () => network.Placement(new SessionOptions { Device = "cpu+quantum" }));
            }
        }

        [Test]
        internal static void OptionsSurrogatesAndStatesAreReadBack()
        {
            var builder = new NetworkBuilder(0.5);
            int cells = builder.AddNeurons("cells", "lif", 1, 2, 2), others = builder.AddNeurons("others", "lif", 1);
            builder.SetParameter(cells, "tau_membrane", 5, 6, 7, 8);
            builder.SetOption(cells, "reset", "subtract");
            builder.SetInitialState(cells, "v", 0.25);
            builder.SetSurrogate(cells, "arctan", 3, 0.5);
            using (Model triangle = Model.BuiltinSurrogate("triangle")) builder.SetSurrogate(others, triangle);
            using (Network network = builder.Finish())
            {
                Assert.Same(new[] { 5.0, 6, 7, 8 }, network.Parameter(cells, "tau_membrane"));
                Assert.Equal("subtract", network.Option(cells, "reset"));
                Assert.Same(new[] { 0.25 }, network.InitialState(cells, "v"));
                Assert.Same(new[] { 3, 0.5 }, network.SurrogateParameters(cells));
                using (Model surrogate = network.Surrogate(cells)) Assert.True(surrogate.Text.Contains("arctan"), "arctan");
                Assert.Equal("triangle", network.Population(others).SurrogateName);
                Assert.Same(new[] { 1, 2, 2 }, network.Population(cells).Shape);
                Assert.Fails(Status.State, () => builder.AddSpikeInput("late", 1));
                builder.Dispose(); // the network has it
                Assert.Equal(2, network.Info.PopulationCount);
            }
        }

        [Test]
        internal static void SparseRowsAndRulesGiveTheirSynapses()
        {
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddSpikeInput("in", 3), cells = builder.AddNeurons("cells", "lif", 4);
            Projection rows = Projection.Sparse(input, cells, new ulong[] { 0, 2, 2, 3 }, new uint[] { 3, 0, 1 }, new float[] { 1, 2, 4 });
            rows.SynapseDelays = new ushort[] { 1, 1, 2 };
            rows.Arithmetic = Arithmetic.Float;
            rows.Name = "rows";
            builder.Connect(rows);
            RandomConnection rule = RandomConnection.FixedIndegree(2);
            rule.AllowMultapses = false;
            rule.Seed = 9;
            rule.Weight = Distribution.Constant(0.5);
            rule.Delay = Distribution.Uniform(1, 3);
            Projection byRule = Projection.ByRule(input, cells);
            byRule.Name = "random";
            int random = builder.ConnectRandom(byRule, rule);
            RandomConnection outward = RandomConnection.FixedOutdegree(3);
            outward.Weight = Distribution.Exponential(0.5).Within(0.1, 2);
            byRule.Name = "outward";
            int second = builder.ConnectRandom(byRule, outward);
            using (Network network = builder.Finish())
            {
                ProjectionArrays arrays = network.Arrays(0);
                Assert.Same(new ulong[] { 0, 2, 2, 3 }, arrays.RowOffsets);
                Assert.Same(new uint[] { 0, 3, 1 }, arrays.SynapseTargets); // canonical: by target within a delay
                Assert.Same(new float[] { 2, 1, 4 }, arrays.Weights);
                Assert.Same(new ushort[] { 1, 1, 2 }, arrays.SynapseDelays);
                RandomConnection made = network.Rule(random);
                Assert.True(made.Rule == ConnectionRule.FixedIndegree && made.Count == 2 && made.Seed == 9, "rule");
                Assert.True(made.Weight.Equals(Distribution.Constant(0.5)) && made.Delay.Equals(Distribution.Uniform(1, 3)), "drawn");
                Synapses synapses = network.Synapses(random, 0, 3);
                Assert.Same(new uint[] { 0, 0, 1, 1, 2, 2, 3, 3 }, synapses.Targets.OrderBy(target => target));
                Assert.True(synapses.Delays.All(delay => delay >= 1 && delay <= 3), "delays");
                Assert.True(network.Rule(second).Rule == ConnectionRule.FixedOutdegree, "outward");
                Assert.True(network.Rule(second).Weight.Equals(Distribution.Exponential(0.5).Within(0.1, 2)), "exponential");
                Assert.Same(new uint[] { 0, 0, 0, 1, 1, 1, 2, 2, 2 }, network.Synapses(second, 0, 3).Sources);
                Assert.True(network.Arrays(second).Weights.All(weight => weight >= 0.1f && weight <= 2), "weights");
            }
        }

        [Test]
        internal static void EveryKindOfProjectionConnects()
        {
            var builder = new NetworkBuilder(1.0);
            int image = builder.AddValueInput("image", 1, 4, 4), maps = builder.AddNeurons("maps", "lif", 2, 4, 4);
            int pooled = builder.AddNeurons("pooled", "lif", 2, 2, 2), twins = builder.AddNeurons("twins", "lif", 8);
            Projection conv = Projection.Conv2d(image, maps, (3, 3), new float[18]);
            conv.Padding = (1, 1);
            conv.Bias = new float[2];
            builder.Connect(conv);
            Projection pool = Projection.Pool2d(maps, pooled, (2, 2), PoolMode.Average);
            pool.Stride = (2, 2);
            builder.Connect(pool);
            Projection pairs = Projection.OneToOne(pooled, twins, new float[8]);
            pairs.DelaySteps = 1;
            pairs.Trainable = false;
            pairs.Detached = true;
            builder.Connect(pairs);
            float[] positions = Enumerable.Range(0, 8).Select(i => (float)i).ToArray();
            RandomConnection near = RandomConnection.Spatial(SpatialKernel.Gaussian, 1, 1, 1.5, 1, positions, positions);
            near.Period = (8, 0, 0);
            near.AllowAutapses = false;
            Projection ring = Projection.ByRule(twins, twins);
            ring.DelaySteps = 1;
            int index = builder.ConnectRandom(ring, near);
            using (Network network = builder.Finish())
            {
                ProjectionInfo info = network.Projection(0);
                Assert.True(info.Kernel.Equals((3, 3)) && info.Padding.Equals((1, 1)) && info.Stride.Equals((1, 1)), "conv");
                Assert.Same(new float[2], info.Bias);
                Assert.True(!network.Projection(2).Trainable && network.Projection(2).Detached && !info.Detached, "trainable, detached");
                Synapses synapses = network.Synapses(index, 0, 8);
                Assert.True(synapses.Sources.Length > 0, "synapses");
                for (int i = 0; i < synapses.Sources.Length; ++i)
                {
                    long distance = ((long)synapses.Sources[i] - synapses.Targets[i] + 8) % 8;
                    Assert.True(distance == 1 || distance == 7, "neighbours");
                }
                Assert.True(network.Rule(index).Period.Equals((8.0, 0.0, 0.0)), "period");
            }
        }

        [Test]
        internal static void PlasticityIsSetAndReadBack()
        {
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddSpikeInput("in", 2), cells = builder.AddNeurons("cells", "lif", 2);
            Projection rows = Projection.Sparse(input, cells, new ulong[] { 0, 2, 4 }, new uint[] { 0, 1, 0, 1 }, new float[4]);
            rows.DelaySteps = 1;
            int plastic = builder.Connect(rows);
            rows.Name = "second";
            int second = builder.Connect(rows);
            builder.SetPlasticity(plastic, "pair_stdp");
            builder.SetPlasticityParameter(plastic, "tau_plus", 12.5);
            builder.SetPlasticityOption(plastic, "bounds", "soft");
            using (Model rule = Model.BuiltinPlasticity("pair_stdp")) builder.SetPlasticity(second, rule);
            using (Network network = builder.Finish())
            {
                using (Model rule = network.Plasticity(second)) Assert.True(rule.Text.Contains("pair_stdp"), "rule");
                Assert.Equal(12.5, network.PlasticityParameter(plastic, "tau_plus"));
                Assert.Equal("soft", network.PlasticityOption(plastic, "bounds"));
                Assert.Fails(Status.NotFound, () => network.PlasticityParameter(plastic, "nothing"));
            }
        }

        [Test]
        internal static void AFileHoldsTheNetwork()
        {
            string path = Path.Combine(Program.Folder, "netz-\u00e4.snn");
            using (Network network = Networks.Adders()) network.Save(path);
            using (Network loaded = Network.Load(path)) Assert.Same(new[] { 0.5f, 1, 0.25f, 0 }, loaded.Arrays(0).Weights);
            byte[] bytes = File.ReadAllBytes(path);
            using (Network loaded = Network.Load(bytes)) Assert.Equal(4, (long)loaded.Info.SynapseCount, "synapses");
            Assert.Fails(Status.Format, () => Network.Load(bytes.AsSpan(0, bytes.Length - 1)));
        }

        [Test]
        internal static void DisposedObjectsSaySo()
        {
            Network network = Networks.Adders();
            Network shared = network.Share();
            network.Dispose();
            network.Dispose();
            Assert.Throws<ObjectDisposedException>(() => new Session(network));
            Assert.Throws<ObjectDisposedException>(() => network.FindPopulation("cells"));
            var session = new Session(shared);
            shared.Dispose(); // the session keeps the network
            session.Step();
            session.Dispose();
            Assert.Throws<ObjectDisposedException>(() => session.Step());
            Assert.Throws<ObjectDisposedException>(() => session.SetInput(0, new float[2]));
            Model model = Model.Builtin("lif");
            model.Dispose();
            Assert.Throws<ObjectDisposedException>(() => model.Text.ToString());
        }

        [Test]
        internal static void NetworksGoToAnyThread()
        {
            Network network = Networks.Adders();
            var results = new float[4][];
            Thread[] threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                using (var session = new Session(network))
                {
                    session.SetInput(0, new float[] { 1, 1 });
                    session.Step();
                    results[i] = session.Read("cells.v");
                }
            })).ToArray();
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            network.Dispose();
            foreach (float[] result in results) Assert.Same(new[] { 0.75f, 0 }, result);
        }

        [Test]
        internal static void EncodersAndRandomNumbersAreTheLibrarys()
        {
            var latency = new float[15];
            new Encoder(Encoding.Latency, 5).Encode(new[] { 1, 0, 0.5f }, 1, 3, latency);
            var expected = new float[15];
            expected[0] = 1; // the first step for 1, none for 0, step round(0.5 * 4) for 0.5
            expected[2 * 3 + 2] = 1;
            Assert.Same(expected, latency);
            var constant = new float[2];
            new Encoder(Encoding.Constant, 2) { Gain = 2 }.Encode(new[] { 0.25f }, 1, 1, constant);
            Assert.Same(new[] { 0.5f, 0.5f }, constant);
            var rate = new Encoder(Encoding.Rate, 2) { Seed = 3, Threshold = 0.5f };
            Assert.Fails(Status.InvalidArgument, () => rate.Encode(new float[1], 2, 1, new float[4]));
            Assert.Throws<ArgumentOutOfRangeException>(() => rate.Encode(new float[1], -1, 1, new float[4]));
            float[] one = new float[100], two = new float[100];
            Library.RandomUniform(1, 2, -1, 1, one);
            Library.RandomUniform(1, 2, -1, 1, two);
            Assert.Same(one, two);
            Assert.True(one.All(value => value >= -1 && value < 1) && one[0] != one[1], "uniform");
            var drawn = new double[50];
            Library.RandomDraw(Distribution.Normal(5, 1).Within(4, 6), 3, 0, drawn);
            Assert.True(drawn.All(value => value >= 4 && value <= 6) && drawn[0] != drawn[1], "drawn");
            Assert.Fails(Status.InvalidArgument, () => Library.RandomDraw(Distribution.Lognormal(0, 1).Within(-2, -1), 3, 0, drawn));
        }
    }
}
