using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Snn.Tests
{
    /// <summary>A session that is disposed of while its trainer's call runs: it ends when that call returns.</summary>
    internal static class DisposalTests
    {
        private const int Steps = 20;

        private static readonly Batch batch =
            new Batch { Labels = new[] { 0, 1 } }.AddHeld(0, new float[] { 1, 0, 1, 0, 0, 1, 0, 1 });

        private static Session NewSession(SessionOptions options = null)
        {
            options = options ?? new SessionOptions();
            options.BatchSize = 2;
            using (Network network = Networks.Trainable()) return new Session(network, options);
        }

        private static Trainer NewTrainer(Session session)
        {
            return new Trainer(session, new TrainerOptions(2, Steps) { Loss = Loss.CrossEntropyMaxMembrane });
        }

        [Test]
        internal static void InTheWeightCallbackOfAStep()
        {
            Session session = NewSession();
            var projections = new List<int>();
            session.OnWeights((from, projection, update, norm) =>
            {
                projections.Add(projection);
                from.Dispose();
                GC.Collect();
            });
            Trainer trainer = NewTrainer(session);
            Assert.Equal(2, trainer.Step(batch).SampleCount, "samples");
            Assert.Same(new[] { 0, 1 }, projections.ToArray()); // the second one after the session was disposed of
            Assert.Throws<ObjectDisposedException>(() => trainer.Step(batch));
            Assert.Throws<ObjectDisposedException>(() => trainer.SetLearningRate(1));
            trainer.Dispose();
        }

        [Test]
        internal static void InTheEpochCallback()
        {
            Session session = NewSession();
            Trainer trainer = NewTrainer(session);
            trainer.Step(batch);
            ulong samples = 0;
            session.OnEpoch((from, epoch) =>
            {
                from.Dispose();
                samples = epoch.SampleCount;
                throw new InvalidOperationException("mine"); // kept by the hooks, which must still be there
            });
            Assert.Throws<InvalidOperationException>(() => trainer.EndEpoch());
            Assert.Equal(2, (long)samples, "samples");
            Assert.Throws<ObjectDisposedException>(() => trainer.EndEpoch());
        }

        [Test]
        internal static void FromAnotherThreadWithAnAllocator()
        {
            var ledger = new Ledger();
            Session session = NewSession(new SessionOptions { Allocator = ledger });
            int during = 0;
            session.OnWeights((from, projection, update, norm) =>
            {
                var thread = new Thread(from.Dispose);
                thread.Start();
                thread.Join();
                during = ledger.Blocks.Count;
            });
            Trainer trainer = NewTrainer(session);
            trainer.Step(batch);
            Assert.True(during > 0, "the session's memory is used until the call returns");
            Assert.Equal(0, ledger.Blocks.Count, "blocks after it"); // of the trainer, too
            trainer.Dispose();
        }

        [Test]
        internal static void ATrainerGivesItsMemoryBackBeforeAndAfterItsSession()
        {
            foreach (bool trainerFirst in new[] { true, false })
            {
                var ledger = new Ledger();
                Session session = NewSession(new SessionOptions { Allocator = ledger });
                Trainer trainer = NewTrainer(session);
                trainer.Step(batch);
                if (trainerFirst) trainer.Dispose();
                session.Dispose();
                Assert.Equal(0, ledger.Blocks.Count, "blocks");
                trainer.Dispose();
            }
        }
    }

    /// <summary>Knows what it gave and did not get back.</summary>
    internal sealed class Ledger : ISessionAllocator
    {
        internal readonly Dictionary<IntPtr, IntPtr> Blocks = new Dictionary<IntPtr, IntPtr>();
        internal int Count;

        public IntPtr Allocate(ulong sizeBytes, ulong alignment)
        {
            IntPtr block = Marshal.AllocHGlobal((IntPtr)(long)(sizeBytes + alignment));
            var aligned = (IntPtr)(((long)block + (long)alignment - 1) & -(long)alignment);
            Blocks.Add(aligned, block);
            ++Count;
            return aligned;
        }

        public void Release(IntPtr memory, ulong sizeBytes)
        {
            Marshal.FreeHGlobal(Blocks[memory]);
            Blocks.Remove(memory);
        }
    }
}
