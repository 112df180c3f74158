package snn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.Lock;
import java.util.function.IntConsumer;
import snn.Enums.LogLevel;

/** What libsnn calls, through snn_jni.c. Nothing that is thrown goes into C: it goes on in the call that caused it, and
 * no handler is called again before. */
final class Hooks {
    Session session;
    Session.SpikeHandler spikes;
    Session.WeightHandler weights;
    Session.EpochHandler epoch;
    Run.Progress progress;
    private final SessionOptions.LogHandler log;
    private final SessionOptions.JobSystem jobs;
    private final Lock queueLock;
    private final Vulkan.Submit submit;
    private Throwable thrown;
    private ByteBuffer neurons = ByteBuffer.allocateDirect(0);
    private IntBuffer readable = neurons.asIntBuffer();
    private long neuronsAddress;

    Hooks(SessionOptions.LogHandler log, SessionOptions.JobSystem jobs, Lock queueLock, Vulkan.Submit submit) {
        this.log = log;
        this.jobs = jobs;
        this.queueLock = queueLock;
        this.submit = submit;
    }

    /** Throws what a callback threw. */
    void rethrow() {
        Throwable first = thrown;
        if (first == null) return;
        thrown = null;
        Hooks.<RuntimeException>throwAny(first);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void throwAny(Throwable any) throws T {
        throw (T) any; // as it was thrown, checked or not
    }

    private void keep(Throwable any) {
        if (thrown == null) thrown = any;
    }

    void onSpikes(int population, int sample, long step, long address, int count) {
        try {
            if (spikes == null || thrown != null) return;
            // Copied, so that a handler that keeps the buffer reads old numbers and not freed memory.
            if (neurons.capacity() < 4 * count) {
                neurons = ByteBuffer.allocateDirect(Math.max(4 * count, 2 * neurons.capacity())).order(ByteOrder.nativeOrder());
                neuronsAddress = Jni.address(neurons);
                readable = neurons.asIntBuffer().asReadOnlyBuffer();
            }
            Jni.copy(address, neuronsAddress, 4L * count);
            readable.clear().limit(count);
            spikes.spikes(session, population, sample, step, readable);
        } catch (Throwable any) {
            keep(any);
        }
    }

    void onWeights(int projection, long update, double gradientNorm) {
        try {
            if (weights != null && thrown == null) weights.updated(session, projection, update, gradientNorm);
        } catch (Throwable any) {
            keep(any);
        }
    }

    void onEpoch(long number, long sampleCount, long correctCount, double meanLoss) {
        try {
            if (epoch != null && thrown == null) epoch.ended(session, new Trainer.Epoch(number, sampleCount, correctCount, meanLoss));
        } catch (Throwable any) {
            keep(any);
        }
    }

    void onLog(int level, long message) {
        try {
            if (log != null) log.log(LogLevel.of(level), Scope.copyText(message));
        } catch (Throwable any) {
            keep(any);
        }
    }

    boolean onProgress(long stepsDone, long stepsTotal) {
        try {
            return progress == null || progress.goOn(stepsDone, stepsTotal);
        } catch (Throwable any) {
            keep(any);
            return false;
        }
    }

    /** A lock that fails ends the process, as a panic does in Rust: libsnn must not submit without it. */
    void onLockQueue() {
        try {
            queueLock.lock();
        } catch (Throwable any) {
            any.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    void onUnlockQueue() {
        try {
            queueLock.unlock();
        } catch (Throwable any) {
            keep(any);
        }
    }

    int onSubmit(long submitInfo, long fence) {
        try {
            return submit.submit(submitInfo, fence);
        } catch (Throwable any) {
            keep(any);
            return 1; // VK_NOT_READY, no answer of vkQueueSubmit: the program has not submitted
        }
    }

    /** Each task runs once, whatever the job system does, and none runs on when C goes on. */
    void onParallelFor(int count, long task, long context) {
        AtomicIntegerArray begun = new AtomicIntegerArray(count);
        AtomicInteger ended = new AtomicInteger();
        IntConsumer runOnce = index -> {
            if (index < 0 || index >= count || begun.getAndSet(index, 1) != 0) return;
            Jni.runTask(task, context, index);
            ended.incrementAndGet();
        };
        try {
            jobs.parallelFor(count, runOnce);
        } catch (Throwable any) {
            keep(any);
        }
        for (int i = 0; i < count; ++i) runOnce.accept(i);
        while (ended.get() < count) Thread.onSpinWait();
    }
}
