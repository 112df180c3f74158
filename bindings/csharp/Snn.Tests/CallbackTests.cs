using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;

namespace Snn.Tests
{
    internal static class CallbackTests
    {
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
            using (Session session = Networks.OpenAdders())
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
            using (Session session = Networks.OpenAdders())
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
            using (Session session = Networks.OpenAdders())
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
            Session session = Networks.OpenAdders();
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

        [Test]
        internal static void AnAllocatorGetsBackWhatItGave()
        {
            var ledger = new Ledger();
            using (Session session = Networks.OpenAdders(new SessionOptions { Allocator = ledger })) session.Step(3);
            Assert.True(ledger.Count > 0, "allocations");
            Assert.Equal(0, ledger.Blocks.Count, "blocks");
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
            using (Session session = Networks.OpenAdders(new SessionOptions { Log = log, MaxCatchUpSteps = 2 })) session.RunStep(1);
            Assert.True(lines[0].StartsWith("Information") && lines[0].Contains("cpu"), lines[0]);
            Assert.True(lines.Exists(line => line.StartsWith("Warning")), "warning");
            LogHandler angry = (level, line) => { throw new InvalidOperationException("mine"); };
            Assert.Throws<InvalidOperationException>(() => Networks.OpenAdders(new SessionOptions { Log = angry }));
        }
    }
}
