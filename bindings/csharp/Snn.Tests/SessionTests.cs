using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;

namespace Snn.Tests
{
    internal static class SessionTests
    {
        [Test]
        internal static void StepsGiveTheValuesWorkedOutByHand()
        {
            using (Session session = Networks.OpenAdders())
            {
                session.SetInput(0, new float[] { 1, 1 });
                session.Step();
                var v = new float[2];
                session.MembranePotentials("cells", v);
                Assert.Same(new[] { 0.75f, 0 }, v); // 0.5 + 0.25; 1 + 0 spikes and is reset
                Assert.Same(new uint[] { 1 }, session.Spikes(1).ToArray());
                session.Step(); // without spikes nothing changes
                Assert.Same(new uint[0], session.Spikes(1).ToArray());
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                Assert.Same(new uint[] { 0, 1 }, session.Spikes(1).ToArray());
                Counters counters = session.Counters;
                Assert.Same(new ulong[] { 3, 6, 3, 3, 6 }, new[] { counters.Steps, counters.NeuronUpdates, counters.Spikes,
                                                                   counters.InputSpikes, counters.SynapticEvents });
                session.Reset();
                Assert.Same(new float[2], session.Read("cells.v"));
                Assert.Equal(0, (long)session.StepCount, "steps");
                Assert.Equal("cpu", session.Device);
                Assert.Equal("", session.DeviceReason);
            }
        }

        [Test]
        internal static void ASampleIsGivenItsOwnInput()
        {
            using (Session session = Networks.OpenAdders(new SessionOptions { BatchSize = 2 }))
            {
                session.SetSampleInput(0, 1, new float[] { 1, 0 });
                session.Step();
                Assert.Same(new uint[0], session.Spikes(1, 0).ToArray());
                Assert.Same(new uint[] { 1 }, session.Spikes(1, 1).ToArray());
                session.SetInput(0, new float[] { 1, 0, 1, 0 });
                session.Step();
                session.ResetSamples(1);
                Assert.Same(new uint[] { 1 }, session.Spikes(1, 0).ToArray());
                Assert.Same(new uint[0], session.Spikes(1, 1).ToArray());
                Assert.Equal(2, (long)session.StepCount, "steps");
                Assert.Fails(Status.InvalidArgument, () => session.ResetSamples(0, 2));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.ResetSamples(-1));
                Assert.Throws<ArgumentNullException>(() => session.ResetSamples(null));
                Assert.Fails(Status.InvalidArgument, () => session.SetSampleInput(0, 2, new float[2]));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.SetSampleInput(0, -1, new float[2]));
            }
        }

        [Test]
        internal static void FrameTimeBecomesWholeSteps()
        {
            using (Session session = Networks.OpenAdders(new SessionOptions { MaxCatchUpSteps = 50, Seed = ulong.MaxValue }))
            {
                Assert.True(session.Seed == ulong.MaxValue, "seed");
                session.RunStep(0.0025f);
                Assert.Equal(2, (long)session.StepCount, "steps");
                session.RunStep(0.0005f);
                Assert.Equal(3, (long)session.StepCount, "steps");
                Assert.Equal(1, session.RunStepWithin(0.004f, 0), "one step at least");
                Assert.Equal(3, session.RunStepWithin(0, float.PositiveInfinity), "the rest");
                session.RunStep(1);
                Assert.Equal(57, (long)session.StepCount, "steps");
                session.StepCount = 1000;
                Assert.Equal(1000, (long)session.StepCount, "steps");
                Assert.Fails(Status.InvalidArgument, () => session.RunStep(float.NaN));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.Step(-1));
            }
        }

        [Test]
        internal static void StepsRunInTheBackground()
        {
            using (Session session = Networks.OpenAdders())
            {
                var heard = new List<string>();
                int thread = Thread.CurrentThread.ManagedThreadId;
                session.OnSpikes((_, population, sample, step, neurons) =>
                {
                    Assert.Equal(thread, Thread.CurrentThread.ManagedThreadId, "the thread that polls");
                    heard.Add(step + ": " + string.Join(" ", neurons.ToArray()));
                });
                session.SetInput(0, new float[] { 1, 1 });
                Assert.True(session.Begin(0.001f), "begun");
                Assert.Fails(Status.Busy, () => session.Step());
                session.SetInput(0, new float[] { 1, 0 }); // for the steps that begin next
                Assert.True(!session.Begin(0.001f), "its time is carried");
                while (!session.Poll()) Thread.Yield();
                Assert.Equal("0: 1", string.Join(", ", heard));
                Assert.True(session.Begin(0.001f, 1), "begun");
                session.Wait();
                Assert.Equal("0: 1, 1: 0 1", string.Join(", ", heard));
                Assert.Equal(3, (long)session.StepCount, "steps");
                Assert.Fails(Status.InvalidArgument, () => session.Begin(float.NaN));
                session.OnSpikes((_, population, sample, step, neurons) => throw new InvalidOperationException("heard"));
                session.SetInput(0, new float[] { 1, 1 });
                session.Begin(0.001f);
                Assert.Throws<InvalidOperationException>(() => session.Wait());
                session.Begin(0.2f); // and it is disposed while they run
            }
        }

        [Test]
        internal static void WrongSizesAndNamesAreRefused()
        {
            using (Session session = Networks.OpenAdders())
            {
                Assert.Fails(Status.InvalidArgument, () => session.SetInput(0, new float[1]));
                Assert.Fails(Status.InvalidArgument, () => session.SetInput(0, null));
                Assert.Fails(Status.NotFound, () => session.SetInput(5, new float[2]));
                Assert.Fails(Status.InvalidArgument, () => session.MembranePotentials("cells", new float[3]));
                Assert.Fails(Status.NotFound, () => session.Read("cells.nothing"));
                Assert.Fails(Status.NotFound, () => session.Read(new string('x', 1000)));
                Assert.Fails(Status.InvalidArgument, () => session.Write("cells.v", new[] { float.NaN, 0 }));
                Assert.Fails(Status.NotFound, () => session.Spikes(9));
                Assert.Throws<ArgumentNullException>(() => session.Read(null));
                Assert.Throws<ArgumentException>(() => session.Read("cells\0.v"));
            }
            Assert.Fails(Status.NotFound, () => Networks.OpenAdders(new SessionOptions { Device = "abacus" }));
            Assert.Throws<ArgumentOutOfRangeException>(() => Networks.OpenAdders(new SessionOptions { BatchSize = -1 }));
        }

        [Test]
        internal static void ABoundArrayIsReadAtEachStep()
        {
            using (Session session = Networks.OpenAdders())
            {
                var input = new float[] { 1, 0 };
                session.BindInput(0, input);
                GC.Collect();
                session.Step();
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
                input[0] = 0;
                session.Step();
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
                session.BindInput(0, new float[] { 0, 1 });
                session.Step();
                Assert.Same(new[] { 0.75f, 0 }, session.Read("cells.v"));
                session.UnbindInput(0);
                session.Step();
                Assert.Same(new[] { 0.75f, 0 }, session.Read("cells.v"));
                Assert.Fails(Status.InvalidArgument, () => session.BindInput(0, new float[1]));
            }
        }

        [Test]
        internal static void VariablesAreReadAndWrittenInFourTypes()
        {
            using (Session session = Networks.OpenAdders())
            {
                var doubles = new double[2];
                var bytes = new byte[2];
                session.Write("cells.v", new[] { 0.25, 0.5 });
                Assert.Same(new[] { 0.25f, 0.5f }, session.Read("cells.v"));
                session.Write("cells.v", new[] { 1, 0 });
                session.Read("cells.v", doubles);
                Assert.Same(new[] { 1.0, 0 }, doubles);
                session.Write("in_to_cells.weight", new float[] { 1, 1, 1, 1 });
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                session.Read("cells.spikes", bytes);
                Assert.Same(new byte[] { 1, 1 }, bytes);
                Assert.Fails(Status.InvalidArgument, () => session.Write("cells.spikes", bytes));
                using (Network changed = session.ToNetwork()) Assert.Same(new float[] { 1, 1, 1, 1 }, changed.Arrays(0).Weights);
                using (Network network = session.Network()) Assert.Same(new[] { 0.5f, 1, 0.25f, 0 }, network.Arrays(0).Weights);
            }
        }

        [Test]
        internal static void StatesAndWeightsComeBackFromFiles()
        {
            string state = Path.Combine(Program.Folder, "now.state"), net = Path.Combine(Program.Folder, "net.snn");
            using (Session session = Networks.OpenAdders())
            {
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                session.SaveState(state);
                byte[] kept = session.SaveState();
                Assert.Same(File.ReadAllBytes(state), kept);
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                Assert.Same(new float[] { 0, 0 }, session.Read("cells.v"));
                session.LoadState(state);
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
                session.Reset();
                session.LoadState(kept);
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
                Assert.Fails(Status.Format, () => session.LoadState(new byte[9]));
                session.Write("in_to_cells.weight", new float[4]);
                using (Network network = Networks.Adders()) network.Save(net);
                session.LoadWeights(net);
                Assert.Same(new[] { 0.5f, 1, 0.25f, 0 }, session.Read("in_to_cells.weight"));
            }
            using (Session opened = Session.Open(net)) opened.Step();
        }

        [Test]
        internal static void ARunRecordsStatesAndEvents()
        {
            using (Session session = Networks.OpenAdders())
            {
                var v = new float[4 * 2];
                var count = new double[2];
                var spikes = new byte[4 * 2];
                var events = new SpikeEvents(8);
                var seen = new List<ulong>();
                Run run = new Run(4).HeldInput(0, new float[] { 1, 1 }).Record(1, "v", v).Record(1, "spike_count", count)
                    .Record(1, "spikes", spikes).Record(1, events).Progress(1, (done, total) =>
                    {
                        seen.Add(done);
                        return total == 4;
                    });
                Assert.Equal(4, session.Run(run), "steps");
                Assert.Same(new[] { 0.75f, 0, 0, 0, 0.75f, 0, 0, 0 }, v);
                Assert.Same(new[] { 2.0, 4 }, count);
                Assert.Same(new byte[] { 0, 1, 1, 1, 0, 1, 1, 1 }, spikes);
                Assert.Same(new uint[] { 0, 1, 1, 2, 3, 3 }, events.Steps.ToArray());
                Assert.Same(new uint[] { 1, 0, 1, 1, 0, 1 }, events.Neurons.ToArray());
                Assert.Same(new uint[6], events.Samples.ToArray());
                Assert.Equal(4, (long)seen[seen.Count - 1], "progress");
                var input = new float[4 * 2];
                input[3] = 1;
                Assert.Equal(4, session.Run(new Run(4) { RecordInterval = 2, StepsBefore = 4 }.Input(0, input)), "steps");
            }
        }

        [Test]
        internal static void SpikesAreAddedToAStepByNeuron()
        {
            using (Session session = Networks.OpenAdders(new SessionOptions { BatchSize = 2 }))
            {
                session.AddInputSpikes(0, 1, new uint[] { 1, 0, 1 });
                session.AddInputSpikes(0, new uint[0]);
                session.Step(2);
                var v = new float[4];
                session.Read("cells.v", v);
                Assert.Same(new[] { 0, 0, 0.75f, 0 }, v);
                Assert.Equal(2, (long)session.Counters.InputSpikes, "input spikes");
                Assert.Fails(Status.InvalidArgument, () => session.AddInputSpikes(0, new uint[] { 2 }));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.AddInputSpikes(0, -1, new uint[] { 0 }));
            }
        }

        [Test]
        internal static void ARunTakesEventsAndRecordsChosenNeurons()
        {
            using (Session session = Networks.OpenAdders())
            {
                var steps = new uint[] { 0, 0, 1, 3 };
                var neurons = new uint[] { 0, 1, 0, 1 };
                var v = new float[4];
                var exact = new double[4];
                var spikes = new byte[4 * 2];
                var events = new SpikeEvents(8);
                Run run = new Run(4).InputSpikes(0, steps, neurons).RecordValues("cells.v", new ulong[] { 0 }, v)
                    .RecordValues("cells.v", new ulong[] { 0 }, exact).RecordValues("cells.spikes", null, spikes).Record(0, events);
                Assert.Equal(4, session.Run(run), "steps");
                Assert.Same(new[] { 0.75f, 0, 0, 0.25f }, v);
                Assert.Same(new[] { 0.75, 0, 0, 0.25 }, exact);
                Assert.Same(new byte[] { 0, 1, 1, 1, 0, 0, 0, 0 }, spikes);
                Assert.Same(neurons, events.Neurons.ToArray());
                session.Reset();
                var again = new byte[4];
                session.Run(new Run(4).InputSpikes(0, events).RecordValues("cells.spikes", new ulong[] { 1 }, again));
                Assert.Same(new byte[] { 1, 1, 0, 0 }, again);
                Assert.Throws<ArgumentException>(() => new Run(4).InputSpikes(0, steps, new uint[3]));
                Assert.Fails(Status.InvalidArgument, () => session.Run(new Run(3).InputSpikes(0, steps, neurons, new uint[4])));
                Assert.Fails(Status.InvalidArgument, () => session.Run(new Run(1).RecordValues("cells.v", new ulong[] { 2 }, new float[1])));
            }
        }

        [Test]
        internal static void ARunEndsWhereRoomEndsOrProgressSaysNo()
        {
            using (Session session = Networks.OpenAdders())
            {
                var events = new SpikeEvents(4);
                Run run = new Run(10).HeldInput(0, new float[] { 1, 1 }).Record(1, events);
                Assert.Equal(2, session.Run(run), "one more step could give 2, and there is room for 1");
                Assert.Equal(3, events.Count, "events");
                Assert.Fails(Status.Stopped, () => session.Run(new Run(10).Progress(3, (done, total) => false)));
                var thrown = Assert.Throws<InvalidOperationException>(
                    () => session.Run(new Run(10).Progress(1, (done, total) => { throw new InvalidOperationException("mine"); })));
                Assert.Equal("mine", thrown.Message);
                session.Step();
            }
        }

        [Test]
        internal static void ASecondThreadIsBusy()
        {
            using (Network network = Networks.Many())
            using (var session = new Session(network))
            {
                session.SetInput(0, new float[50]);
                int busy = 0, ready = 0;
                var other = new Thread(() =>
                {
                    Volatile.Write(ref ready, 1);
                    var waiting = System.Diagnostics.Stopwatch.StartNew();
                    while (busy == 0 && waiting.Elapsed.TotalSeconds < 30)
                        try
                        {
                            session.StepCount.ToString();
                        }
                        catch (SnnException exception) when (exception.Status == Status.Busy)
                        {
                            busy = 1;
                        }
                });
                other.Start();
                while (Volatile.Read(ref ready) == 0) Thread.Yield();
                while (other.IsAlive)
                    try
                    {
                        session.Step(200);
                    }
                    catch (SnnException exception) when (exception.Status == Status.Busy) { }
                Assert.Equal(1, busy, "busy");
            }
        }

        [Test]
        internal static void AFrameMakesNoGarbage()
        {
            using (Session session = Networks.OpenAdders())
            {
                float[] input = { 1, 1 }, v = new float[2];
                uint sum = 0;
                session.OnSpikes((from, population, sample, step, neurons) => sum += neurons[0]);
                Frames(session, input, v, 200); // compiled by then
                long before = Allocated();
                Frames(session, input, v, 20000);
                long bytes = Allocated() - before;
                Console.WriteLine("20000 frames: " + bytes + " bytes of garbage, " + sum + " in the callback");
                // What the runtime itself does beside us is not ours: one object a frame would be 24 bytes at least.
                Assert.True(bytes < 20000, bytes + " bytes of garbage in 20000 frames");
                Assert.True(sum > 0, "the callback ran");
            }
        }

        private static void Frames(Session session, float[] input, float[] v, int count)
        {
            for (int i = 0; i < count; ++i)
            {
                session.SetInput(0, input);
                session.RunStep(0.001f);
                session.MembranePotentials("cells", v);
                session.Read("cells.v", v);
                session.Spikes(1);
            }
        }

        /// <summary>Bytes that this thread has allocated; of the whole program where the runtime counts only that.</summary>
        internal static long Allocated()
        {
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            return bytes != 0 ? bytes : GC.GetTotalMemory(false);
        }

        [Test]
        internal static void AForgottenSessionIsCollected()
        {
            var weak = Forget();
            for (int i = 0; i < 50 && weak.IsAlive; ++i)
            {
                // Some garbage, so that no register or stack slot holds the session by chance.
                new Thread(() => GC.KeepAlive(new byte[1000])).Start();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Thread.Sleep(1);
            }
            Assert.True(!weak.IsAlive || Type.GetType("Mono.Runtime") != null, "collected"); // Mono scans the stack by guess
        }

        private static WeakReference Forget()
        {
            Session session = Networks.OpenAdders();
            session.OnSpikes((from, population, sample, step, neurons) => session.StepCount.ToString());
            session.BindInput(0, new float[] { 1, 1 });
            session.Step();
            return new WeakReference(session);
        }
    }
}
