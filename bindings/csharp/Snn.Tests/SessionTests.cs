using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;

namespace Snn.Tests
{
    internal static class SessionTests
    {
        private static Session NewSession(SessionOptions options = null)
        {
            using (Network network = Networks.Adders()) return new Session(network, options);
        }

        [Test]
        internal static void StepsGiveTheValuesWorkedOutByHand()
        {
            using (Session session = NewSession())
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
            using (Session session = NewSession(new SessionOptions { BatchSize = 2 }))
            {
                session.SetSampleInput(0, 1, new float[] { 1, 0 });
                session.Step();
                Assert.Same(new uint[0], session.Spikes(1, 0).ToArray());
                Assert.Same(new uint[] { 1 }, session.Spikes(1, 1).ToArray());
                Assert.Fails(Status.InvalidArgument, () => session.SetSampleInput(0, 2, new float[2]));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.SetSampleInput(0, -1, new float[2]));
            }
        }

        [Test]
        internal static void FrameTimeBecomesWholeSteps()
        {
            using (Session session = NewSession(new SessionOptions { MaxCatchUpSteps = 50 }))
            {
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
            using (Session session = NewSession())
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
            using (Session session = NewSession())
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
            Assert.Fails(Status.NotFound, () => NewSession(new SessionOptions { Device = "abacus" }));
            Assert.Throws<ArgumentOutOfRangeException>(() => NewSession(new SessionOptions { BatchSize = -1 }));
        }

        [Test]
        internal static void ABoundArrayIsReadAtEachStep()
        {
            using (Session session = NewSession())
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
            using (Session session = NewSession())
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
            using (Session session = NewSession())
            {
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                session.SaveState(state);
                session.SetInput(0, new float[] { 1, 0 });
                session.Step();
                Assert.Same(new float[] { 0, 0 }, session.Read("cells.v"));
                session.LoadState(state);
                Assert.Same(new[] { 0.5f, 0 }, session.Read("cells.v"));
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
            using (Session session = NewSession())
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
            using (Session session = NewSession(new SessionOptions { BatchSize = 2 }))
            {
                session.AddInputSpikes(0, new uint[] { 1, 0, 1 }, 1);
                session.AddInputSpikes(0, new uint[0]);
                session.Step(2);
                var v = new float[4];
                session.Read("cells.v", v);
                Assert.Same(new[] { 0, 0, 0.75f, 0 }, v);
                Assert.Equal(2, (long)session.Counters.InputSpikes, "input spikes");
                Assert.Fails(Status.InvalidArgument, () => session.AddInputSpikes(0, new uint[] { 2 }));
                Assert.Throws<ArgumentOutOfRangeException>(() => session.AddInputSpikes(0, new uint[] { 0 }, -1));
            }
        }

        [Test]
        internal static void ARunTakesEventsAndRecordsChosenNeurons()
        {
            using (Session session = NewSession())
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
            using (Session session = NewSession())
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
            using (Session session = NewSession())
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
            Session session = NewSession();
            session.OnSpikes((from, population, sample, step, neurons) => session.StepCount.ToString());
            session.BindInput(0, new float[] { 1, 1 });
            session.Step();
            return new WeakReference(session);
        }
    }

    internal static class TrainerTests
    {
        [Test]
        internal static void ABatchTakesEventsAsItTakesFrames()
        {
            var builder = new NetworkBuilder(1.0);
            int input = builder.AddSpikeInput("in", 2), output = builder.AddNeurons("out", "leaky_integrator", 2);
            builder.Connect(Projection.Dense(input, output, new[] { 0.5f, 1, 0.25f, 0 }));
            using (Network network = builder.Finish())
            using (var session = new Session(network, new SessionOptions { BatchSize = 2 }))
            using (var trainer = new Trainer(session, new TrainerOptions(output, 3) { Loss = Loss.CrossEntropyMaxMembrane }))
            {
                var frames = new float[3 * 2 * 2];
                frames[1] = 1; // step 0, sample 0, neuron 1
                frames[10] = 1; // step 2, sample 1, neuron 0
                Func<Batch> batch = () => new Batch { Labels = new[] { 0, 1 } };
                double expected = trainer.Forward(batch().Add(0, frames)).Loss;
                Batch events = batch().AddInputSpikes(0, new uint[] { 0, 2 }, new uint[] { 1, 0 }, new uint[] { 0, 1 });
                Assert.True(trainer.Forward(events).Loss == expected, "loss of events");
                Batch silence = batch().AddInputSpikes(0, new uint[0], new uint[0], new uint[0]);
                Assert.True(trainer.Step(silence).Loss != expected, "loss of silence");
                Batch late = batch().AddInputSpikes(0, new uint[] { 3 }, new uint[] { 0 }, new uint[] { 0 });
                Assert.Fails(Status.InvalidArgument, () => trainer.Step(late));
                Assert.Throws<ArgumentException>(() => batch().AddInputSpikes(0, new uint[2], new uint[1]));
            }
        }

        [Test]
        internal static void TrainingLowersTheLossAndCallsBack()
        {
            using (Network network = Networks.Trainable())
            using (var session = new Session(network, new SessionOptions { BatchSize = 2 }))
            {
                ulong epochs = 0, updates = 0;
                session.OnEpoch((from, epoch) =>
                {
                    Assert.Equal(80, (long)epoch.SampleCount, "samples");
                    epochs = epoch.Number;
                });
                session.OnWeights((from, projection, update, norm) => updates += norm > 0 && update > 0 ? 1u : 0u);
                var options = new TrainerOptions(network.FindPopulation("out"), 20)
                {
                    Loss = Loss.CrossEntropyMaxMembrane, LearningRate = 1e-2, Optimizer = Optimizer.Adam
                };
                using (var trainer = new Trainer(session, options))
                {
                    Batch batch = new Batch { Labels = new[] { 0, 1 } }.AddHeld(0, new float[] { 1, 0, 1, 0, 0, 1, 0, 1 });
                    TrainResult first = trainer.Step(batch);
                    for (int i = 1; i < 40; ++i) trainer.Step(batch);
                    Assert.Equal(1, (long)trainer.EndEpoch().Number, "epoch");
                    Assert.Equal(1, (long)epochs, "epoch callback");
                    Assert.Equal(80, (long)updates, "weight callback");
                    TrainResult last = trainer.Forward(batch);
                    Assert.True(last.Loss < 0.5 * first.Loss, first.Loss + " -> " + last.Loss);
                    Assert.Equal(2, last.CorrectCount, "correct");
                    var scores = new float[4];
                    trainer.Scores(scores);
                    Assert.True(scores[0] > scores[1] && scores[3] > scores[2], "scores");
                    Assert.True(trainer.LossOf(2) == last.Loss, "loss of the output");
                    Assert.Fails(Status.InvalidArgument, () => trainer.LossOf(1));
                    trainer.Backward();
                    trainer.SetLearningRate(1e-3);
                    trainer.Update();
                    trainer.SetClassWeights(new float[] { 1, 0 });
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetClassWeights(new float[] { 1 }));
                    trainer.SetClassWeights(new float[0]);
                    trainer.SetAuxiliaryLoss(1, Loss.CrossEntropyCount, 0);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetAuxiliaryLoss(2, Loss.CrossEntropyMaxMembrane)); // the output
                    trainer.SetDropout(1, 0.5);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetDropout(0, 0.5));
                    trainer.SetQuantization(0, 8, true);
                    trainer.SetQuantization(0, 0);
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetQuantization(0, 1));
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetNormalization(0, -1));
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetDelayLearning(0, 2)); // it is dense
                    double[] state = trainer.State();
                    trainer.SetState(state);
                    Assert.Equal(41, (long)state[0], "updates in the state");
                    Assert.Fails(Status.InvalidArgument, () => trainer.SetState(new double[1]));
                    using (Network learned = session.ToNetwork())
                    {
                        Assert.True(learned.Learnable(1, "tau_membrane") && !learned.Learnable(1, "threshold"), "learnable");
                        Assert.True(learned.Parameter(1, "tau_membrane")[0] != 20, "a parameter learns");
                    }
                    Assert.Fails(Status.State, () => trainer.Update());
                    Assert.Fails(Status.InvalidArgument, () => trainer.Step(new Batch { Labels = new int[1] }));
                    Assert.Throws<ArgumentNullException>(() => trainer.Step(null));
                }
                const int steps = 20;
                var own = new TrainerOptions(network.FindPopulation("out"), steps) { Loss = Loss.None, LearningRate = 1e-2 };
                using (var trainer = new Trainer(session, own))
                {
                    Batch batch = new Batch().AddHeld(0, new float[] { 1, 0, 1, 0, 0, 1, 0, 1 });
                    float[] v = new float[steps * 2 * 2], gradient = new float[v.Length];
                    var losses = new List<double>();
                    for (int i = 0; i < 40; ++i)
                    {
                        trainer.Run(batch, new StepArrays().Add(network.FindPopulation("out"), "v", v));
                        double loss = 0; // the mean square distance from 0.5
                        for (int k = 0; k < v.Length; ++k)
                        {
                            loss += Math.Pow(v[k] - 0.5, 2) / v.Length;
                            gradient[k] = 2 * (v[k] - 0.5f) / v.Length;
                        }
                        losses.Add(loss);
                        trainer.RunBackward(loss, new StepArrays().Add(network.FindPopulation("out"), "v", gradient));
                        trainer.Update();
                    }
                    Assert.True(losses[39] < 0.5 * losses[0], losses[0] + " -> " + losses[39]);
                    Assert.Fails(Status.State, () => trainer.RunBackward(0, new StepArrays(), new StepArrays().Add(0, "spikes", new float[steps * 2 * 4])));
                    Assert.Fails(Status.State, () => trainer.Backward());
                    Assert.Throws<ArgumentNullException>(() => trainer.Run(batch, null));
                }
                session.Step(); // lives on
                var gone = new Trainer(session, options);
                gone.Dispose();
                Assert.Throws<ObjectDisposedException>(() => gone.Backward());
                Assert.Fails(Status.NotFound, () => new Trainer(session, new TrainerOptions(9, 20)));
            }
        }
    }

    internal static class CallbackTests
    {
        private static Session NewSession(SessionOptions options = null)
        {
            using (Network network = Networks.Adders()) return new Session(network, options);
        }

        /// <summary>What Unity's IL2CPP can call from C: static methods, each marked with the delegate that C calls.</summary>
        [Test]
        internal static void FunctionsThatCCallsAreStaticAndMarked()
        {
            FieldInfo[] fields = typeof(Session).Assembly.GetTypes()
                .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic)).ToArray();
            FieldInfo[] callbacks = fields.Where(one => one.Name.EndsWith("Callback")).ToArray();
            foreach (FieldInfo field in callbacks)
            {
                MethodInfo method = ((Delegate)field.GetValue(null)).Method;
                Assert.True(method.IsStatic, method.Name);
                CustomAttributeData mark = method.GetCustomAttributesData().Single(one => one.AttributeType.Name == "MonoPInvokeCallbackAttribute");
                Assert.Equal(field.FieldType.FullName, ((Type)mark.ConstructorArguments[0].Value).FullName);
            }
            Assert.True(callbacks.Length >= 10, "callbacks");
            Assert.Equal(callbacks.Length, fields.Count(one => one.Name.EndsWith("Function")), "addresses that C has");
        }

        [Test]
        internal static void ASpikeCallbackSeesTheSpikesAndMayRead()
        {
            using (Session session = NewSession())
            {
                var seen = new List<string>();
                session.OnSpikes((from, population, sample, step, neurons) =>
                    seen.Add(step + " " + population + " " + string.Join(",", neurons.ToArray()) + " " +
                             from.Read("cells.v")[0].ToString(System.Globalization.CultureInfo.InvariantCulture)));
                session.SetInput(0, new float[] { 1, 1 });
                session.Step();
                Assert.Same(new[] { "0 1 1 0.75" }, seen);
                session.OnSpikes(null);
                session.SetInput(0, new float[] { 1, 1 });
                session.Step();
                Assert.Equal(1, seen.Count, "calls");
            }
        }

        [Test]
        internal static void AnExceptionInACallbackIsThrownByTheStep()
        {
            using (Session session = NewSession())
            {
                session.OnSpikes((from, population, sample, step, neurons) => { throw new InvalidOperationException("mine"); });
                session.SetInput(0, new float[] { 1, 1 });
                Assert.Equal("mine", Assert.Throws<InvalidOperationException>(() => session.Step()).Message);
                session.OnSpikes(null);
                session.Step();
                Assert.Equal(2, (long)session.StepCount, "steps");
                int calls = 0;
                session.OnSpikes((from, population, sample, step, neurons) =>
                {
                    ++calls;
                    throw new InvalidOperationException("mine");
                });
                Run run = new Run(10).HeldInput(0, new float[] { 1, 1 });
                Assert.Throws<InvalidOperationException>(() => session.Run(run));
                Assert.Equal(1, calls, "calls, once it has thrown");
                Assert.Throws<InvalidOperationException>(() => session.Run(run));
                Assert.Equal(2, calls, "calls, as the next run calls again");
            }
        }

        [Test]
        internal static void NegativeIndicesAndCountsAreRefusedByName()
        {
            using (Session session = NewSession())
            {
                Action[] wrong =
                {
                    () => session.SetInput(-1, new float[] { 1, 1 }), () => session.Step(-2), () => session.Spikes(1, -3),
                    () => session.Run(new Run(2).Input(-1, new float[4])), () => new TrainerOptions(-1, 5),
                };
                string[] words = { "population is -1;", "stepCount is -2;", "sample is -3;", "population is -1;", "outputPopulation is -1;" };
                for (int i = 0; i < wrong.Length; ++i)
                    Assert.True(Assert.Throws<ArgumentOutOfRangeException>(wrong[i]).Message.StartsWith(words[i]), words[i]);
            }
            using (Network network = Networks.Trainable())
            using (var session = new Session(network))
            using (var trainer = new Trainer(session, new TrainerOptions(network.FindPopulation("out"), 5) { Loss = Loss.None }))
            {
                Action[] wrong =
                {
                    () => network.Population(-1), () => trainer.SetQuantization(-1, 8), () => trainer.SetQuantization(0, -8),
                    () => trainer.SetNormalization(-1), () => trainer.SetDelayLearning(-1, 2), () => new SpikeEvents(-4),
                    () => session.BindInput(0, (IntPtr)8, -4),
                    () => RandomConnection.Spatial(SpatialKernel.Gaussian, 1, 1, 1, -2, new float[1], new float[1]),
                };
                string[] names = { "index", "projection", "bits", "projection", "projection", "capacity", "count", "dimensions" };
                for (int i = 0; i < wrong.Length; ++i)
                    Assert.Equal(names[i], Assert.Throws<ArgumentOutOfRangeException>(wrong[i]).ParamName);
            }
        }

        [Test]
        internal static void SteppingInsideACallbackIsBusyAndDisposingWaits()
        {
            Session session = NewSession();
            Status inside = Status.Ok;
            session.OnSpikes((from, population, sample, step, neurons) =>
            {
                try
                {
                    from.Step();
                }
                catch (SnnException exception)
                {
                    inside = exception.Status;
                }
                from.Dispose();
            });
            session.SetInput(0, new float[] { 1, 1 });
            session.Step();
            Assert.True(inside == Status.Busy, inside.ToString());
            Assert.Throws<ObjectDisposedException>(() => session.Step());
        }

        private sealed class Ledger : ISessionAllocator
        {
            internal readonly Dictionary<IntPtr, IntPtr> blocks = new Dictionary<IntPtr, IntPtr>();
            internal int Count;

            public IntPtr Allocate(ulong sizeBytes, ulong alignment)
            {
                IntPtr block = Marshal.AllocHGlobal((IntPtr)(long)(sizeBytes + alignment));
                var aligned = (IntPtr)(((long)block + (long)alignment - 1) & -(long)alignment);
                blocks.Add(aligned, block);
                ++Count;
                return aligned;
            }

            public void Release(IntPtr memory, ulong sizeBytes)
            {
                Marshal.FreeHGlobal(blocks[memory]);
                blocks.Remove(memory);
            }
        }

        [Test]
        internal static void AnAllocatorGetsBackWhatItGave()
        {
            var ledger = new Ledger();
            using (Session session = NewSession(new SessionOptions { Allocator = ledger })) session.Step(3);
            Assert.True(ledger.Count > 0, "allocations");
            Assert.Equal(0, ledger.blocks.Count, "blocks");
        }

        private sealed class Jobs : IJobSystem
        {
            internal bool Careless;
            internal int Calls;

            public int WorkerCount { get { return 3; } }

            public void ParallelFor(int count, Action<int> task)
            {
                ++Calls;
                if (Careless)
                {
                    task(0);
                    task(0);
                    task(count + 5);
                    throw new InvalidOperationException("from the job system");
                }
                var threads = new List<Thread>();
                for (int i = count - 1; i >= 0; --i)
                {
                    int index = i;
                    var thread = new Thread(() => task(index));
                    thread.Start();
                    threads.Add(thread);
                }
                foreach (Thread thread in threads) thread.Join();
            }
        }

        [Test]
        internal static void JobsOfTheHostGiveTheSameBits()
        {
            using (Network network = Networks.Many())
            {
                float[] expected;
                using (var session = new Session(network)) expected = RunMany(session);
                var jobs = new Jobs();
                using (var session = new Session(network, new SessionOptions { JobSystem = jobs }))
                    Assert.Same(expected, RunMany(session));
                Assert.True(jobs.Calls > 0, "calls");
                using (var session = new Session(network, new SessionOptions { JobSystem = new Jobs { Careless = true } }))
                {
                    Assert.Throws<InvalidOperationException>(() => RunMany(session));
                    Assert.Same(expected, session.Read("cells.v")); // a careless job system changes no result
                }
            }
        }

        private static float[] RunMany(Session session)
        {
            var input = new float[50];
            for (int i = 0; i < 50; ++i) input[i] = 0.7f;
            session.SetInput(0, input);
            session.Step(5);
            return session.Read("cells.v");
        }

        [Test]
        internal static void TheLogSaysWhatWasOpened()
        {
            var lines = new List<string>();
            LogHandler log = (level, line) => lines.Add(level + " " + line);
            using (Session session = NewSession(new SessionOptions { Log = log, MaxCatchUpSteps = 2 })) session.RunStep(1);
            Assert.True(lines[0].StartsWith("Information") && lines[0].Contains("cpu"), lines[0]);
            Assert.True(lines.Exists(line => line.StartsWith("Warning")), "warning");
            LogHandler angry = (level, line) => { throw new InvalidOperationException("mine"); };
            Assert.Throws<InvalidOperationException>(() => NewSession(new SessionOptions { Log = angry }));
        }
    }
}
