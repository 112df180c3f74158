using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Snn
{
    /// <summary>Spikes of one population and sample in the step that has just been computed; the neurons are valid during
    /// the call. It may read from the session; stepping or writing it from inside is <see cref="Status.Busy"/>.</summary>
    public delegate void SpikeHandler(Session session, int population, int sample, ulong step, ReadOnlySpan<uint> neurons);

    /// <summary>After an update of the weights of a projection. Updates are numbered from 1; the norm is L2, before clipping.</summary>
    public delegate void WeightHandler(Session session, int projection, ulong update, double gradientNorm);

    /// <summary>At the end of an epoch of training.</summary>
    public delegate void EpochHandler(Session session, Epoch epoch);

    /// <summary>What a session has to say besides errors.</summary>
    public delegate void LogHandler(LogLevel level, string message);

    /// <summary>An epoch of training; epochs are numbered from 1.</summary>
    public struct Epoch
    {
        public ulong Number, SampleCount, CorrectCount;
        public double MeanLoss;

        internal static Epoch From(SNNEpoch raw)
        {
            return new Epoch { Number = raw.epoch, SampleCount = raw.sample_count, CorrectCount = raw.correct_count, MeanLoss = raw.mean_loss };
        }
    }

    /// <summary>The host's own job system, used instead of the session's threads.</summary>
    public interface IJobSystem
    {
        /// <summary>How many tasks can run at once, 1 to 1024.</summary>
        int WorkerCount { get; }

        /// <summary>Calls task(i) once for every i in 0..count-1, on any threads in any order, and returns when all are done.
        /// What it leaves out is done on the calling thread, and a task that is called twice runs once.</summary>
        void ParallelFor(int count, Action<int> task);
    }

    /// <summary>Where the session's buffers come from; called on the thread that calls into the session.</summary>
    public interface ISessionAllocator
    {
        /// <summary>Memory aligned to a power of two, or zero.</summary>
        IntPtr Allocate(ulong sizeBytes, ulong alignment);

        void Release(IntPtr memory, ulong sizeBytes);
    }

    /// <summary>Marks methods that native code calls, for compilers ahead of time (Unity's IL2CPP knows it by its name).</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type) { }
    }

    /// <summary>What libsnn calls. The functions are static, find their session by a handle, and let no exception into C: the
    /// first one goes on in the call that caused it.</summary>
    internal sealed unsafe class Hooks
    {
        internal Session Session;
        internal SpikeHandler Spikes;
        internal WeightHandler Weights;
        internal EpochHandler Epoch;
        internal LogHandler Log;
        internal ISessionAllocator Allocator;
        internal object QueueLock;
        internal VulkanSubmitHandler Submit;
        private readonly JobRunner jobs;
        private ExceptionDispatchInfo thrown;

        internal Hooks(LogHandler log, IJobSystem system, ISessionAllocator allocator)
        {
            Log = log;
            Allocator = allocator;
            if (system != null) jobs = new JobRunner(system);
        }

        // Kept here for as long as the program runs, because C has their addresses.
        private static readonly SpikeCallback spikeCallback = OnSpikes;
        private static readonly SNNWeightCallback weightCallback = OnWeights;
        private static readonly SNNEpochCallback epochCallback = OnEpoch;
        private static readonly SNNLogCallback logCallback = OnLog;
        private static readonly SNNJobSystem_parallel_for jobsCallback = OnParallelFor;
        private static readonly SNNAllocator_allocate allocateCallback = OnAllocate;
        private static readonly SNNAllocator_release releaseCallback = OnRelease;
        private static readonly SNNVulkanHost_lock_queue lockQueueCallback = OnLockQueue;
        private static readonly SNNVulkanHost_unlock_queue unlockQueueCallback = OnUnlockQueue;
        private static readonly SNNVulkanHost_submit submitCallback = OnSubmit;
        internal static readonly IntPtr SpikeFunction = Marshal.GetFunctionPointerForDelegate(spikeCallback);
        internal static readonly IntPtr WeightFunction = Marshal.GetFunctionPointerForDelegate(weightCallback);
        internal static readonly IntPtr EpochFunction = Marshal.GetFunctionPointerForDelegate(epochCallback);
        internal static readonly IntPtr LogFunction = Marshal.GetFunctionPointerForDelegate(logCallback);
        internal static readonly IntPtr JobsFunction = Marshal.GetFunctionPointerForDelegate(jobsCallback);
        internal static readonly IntPtr AllocateFunction = Marshal.GetFunctionPointerForDelegate(allocateCallback);
        internal static readonly IntPtr ReleaseFunction = Marshal.GetFunctionPointerForDelegate(releaseCallback);
        internal static readonly IntPtr LockQueueFunction = Marshal.GetFunctionPointerForDelegate(lockQueueCallback);
        internal static readonly IntPtr UnlockQueueFunction = Marshal.GetFunctionPointerForDelegate(unlockQueueCallback);
        internal static readonly IntPtr SubmitFunction = Marshal.GetFunctionPointerForDelegate(submitCallback);

        /// <summary>Throws what a callback threw.</summary>
        internal void Rethrow()
        {
            if (thrown == null) return;
            ExceptionDispatchInfo first = thrown;
            thrown = null;
            first.Throw();
        }

        private void Keep(Exception exception)
        {
            if (thrown == null) thrown = ExceptionDispatchInfo.Capture(exception);
        }

        private static Hooks Of(void* user)
        {
            return (Hooks)GCHandle.FromIntPtr((IntPtr)user).Target;
        }

        [MonoPInvokeCallback(typeof(SpikeCallback))]
        private static void OnSpikes(IntPtr handle, SNNSpikes* spikes, void* user)
        {
            Hooks hooks = Of(user);
            if (hooks == null || hooks.thrown != null) return;
            try
            {
                hooks.Spikes?.Invoke(hooks.Session, (int)spikes->population, (int)spikes->sample, spikes->step,
                                      new ReadOnlySpan<uint>(spikes->neurons, (int)spikes->count));
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNWeightCallback))]
        private static void OnWeights(IntPtr handle, SNNWeightUpdate* update, void* user)
        {
            Hooks hooks = Of(user);
            if (hooks == null || hooks.thrown != null) return;
            try
            {
                hooks.Weights?.Invoke(hooks.Session, (int)update->projection, update->update, update->gradient_norm);
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNEpochCallback))]
        private static void OnEpoch(IntPtr handle, SNNEpoch* epoch, void* user)
        {
            Hooks hooks = Of(user);
            if (hooks == null || hooks.thrown != null) return;
            try
            {
                hooks.Epoch?.Invoke(hooks.Session, Snn.Epoch.From(*epoch));
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNLogCallback))]
        private static void OnLog(int level, byte* message, void* user)
        {
            Hooks hooks = Of(user);
            try
            {
                hooks?.Log?.Invoke((LogLevel)level, Utf8.Text(message));
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNJobSystem_parallel_for))]
        private static void OnParallelFor(void* user, uint count, IntPtr task, void* context)
        {
            Hooks hooks = Of(user);
            try
            {
                hooks.jobs.Run((int)count, task, (IntPtr)context);
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNAllocator_allocate))]
        private static void* OnAllocate(void* user, UIntPtr sizeBytes, UIntPtr alignment)
        {
            Hooks hooks = Of(user);
            try
            {
                return (void*)hooks.Allocator.Allocate((ulong)sizeBytes, (ulong)alignment);
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
                return null;
            }
        }

        [MonoPInvokeCallback(typeof(SNNAllocator_release))]
        private static void OnRelease(void* user, void* memory, UIntPtr sizeBytes)
        {
            Hooks hooks = Of(user);
            try
            {
                hooks.Allocator.Release((IntPtr)memory, (ulong)sizeBytes);
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNVulkanHost_lock_queue))]
        private static void OnLockQueue(void* user)
        {
            Hooks hooks = Of(user);
            for (; ; )
            {
                try
                {
                    Monitor.Enter(hooks.QueueLock);
                    return;
                }
                catch (ThreadInterruptedException exception) // told later: libsnn must not submit without the lock
                {
                    hooks.Keep(exception);
                }
            }
        }

        [MonoPInvokeCallback(typeof(SNNVulkanHost_unlock_queue))]
        private static void OnUnlockQueue(void* user)
        {
            Hooks hooks = Of(user);
            try
            {
                Monitor.Exit(hooks.QueueLock);
            }
            catch (Exception exception) // another thread interrupts this one
            {
                hooks.Keep(exception);
            }
        }

        [MonoPInvokeCallback(typeof(SNNVulkanHost_submit))]
        private static int OnSubmit(void* user, void* submitInfo, ulong fence)
        {
            Hooks hooks = Of(user);
            try
            {
                return hooks.Submit((IntPtr)submitInfo, fence);
            }
            catch (Exception exception)
            {
                hooks.Keep(exception);
                return 1; // VK_NOT_READY, no answer of vkQueueSubmit: the program has not submitted
            }
        }
    }

    /// <summary>Gives C's tasks to a job system, and sees to it that each runs once and none runs on when C goes on.</summary>
    internal sealed unsafe class JobRunner
    {
        private readonly IJobSystem system;
        private readonly Action<int> run;
        private readonly Dictionary<IntPtr, SNNJobSystem_parallel_for_task> functions =
            new Dictionary<IntPtr, SNNJobSystem_parallel_for_task>();
        private int[] begun = new int[0];
        private int count, ended;
        private IntPtr context;
        private SNNJobSystem_parallel_for_task function;

        internal JobRunner(IJobSystem system)
        {
            this.system = system;
            run = RunOnce;
        }

        internal void Run(int taskCount, IntPtr task, IntPtr taskContext)
        {
            if (begun.Length < taskCount) begun = new int[taskCount];
            Array.Clear(begun, 0, taskCount);
            if (!functions.TryGetValue(task, out function))
            {
                function = Marshal.GetDelegateForFunctionPointer<SNNJobSystem_parallel_for_task>(task);
                functions.Add(task, function);
            }
            context = taskContext;
            ended = 0;
            count = taskCount;
            try
            {
                system.ParallelFor(taskCount, run);
            }
            finally
            {
                for (int i = 0; i < taskCount; ++i) RunOnce(i);
                var wait = new SpinWait();
                while (Volatile.Read(ref ended) < taskCount) wait.SpinOnce();
            }
        }

        private void RunOnce(int index)
        {
            if (index < 0 || index >= count || Interlocked.Exchange(ref begun[index], 1) != 0) return;
            function((void*)context, (uint)index);
            Interlocked.Increment(ref ended);
        }
    }
}
