package snn;

import static snn.Support.*;

import java.nio.IntBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import snn.Enums.*;

/** Sessions on the Vulkan device of a program. */
final class VulkanTests {
    private VulkanTests() {}

    private interface OnAHost {
        void run(Vulkan.Host host, Session session);
    }

    private static Vulkan.Host newHost(boolean withoutDevice) {
        long[] handles = new long[6];
        VulkanTestHost.open(handles);
        return new Vulkan.Host(handles[0], handles[1], withoutDevice ? 0 : handles[2], handles[3], (int) handles[4], handles[5]);
    }

    private static void newSession(OnAHost test) {
        Vulkan.Host host = newHost(false);
        try (Session session = Support.newSession(new SessionOptions().vulkanHost(host))) {
            test.run(host, session);
        } finally {
            VulkanTestHost.close();
        }
    }

    private static void step(Session session, int steps) {
        long commands = VulkanTestHost.begin();
        Vulkan.recordSteps(session, commands, steps);
        VulkanTestHost.submit(commands);
    }

    static void recordedStepsGiveTheValuesWorkedOutByHand() {
        newSession((host, session) -> {
            session.setInput(0, new float[] {1, 1});
            step(session, 1);
            same(new float[] {0.75f, 0}, session.read("cells.v"));
            same(new int[] {1}, session.spikes(1, 0));
            step(session, 2); // the spikes of an input hold for one step
            same(new float[] {0.75f, 0}, session.read("cells.v"));
            equal(3L, session.stepCount());
            check(session.device().startsWith("vulkan"), session.device());
        });
    }

    static void buffersAreReadAndWrittenInPlace() {
        newSession((host, session) -> {
            Vulkan.Buffer state = Vulkan.buffer(session, "cells.v");
            check(state.handle != 0, "a VkBuffer");
            equal(8L, state.sizeBytes);
            equal(DataType.FLOAT32, state.dataType);
            Vulkan.Buffer input = new Vulkan.Buffer(VulkanTestHost.makeBuffer(32), 0, 8);
            Vulkan.Buffer counts = new Vulkan.Buffer(VulkanTestHost.makeBuffer(8), 0, 8);
            for (int i = 0; i < 2; ++i) {
                VulkanTestHost.set(input.handle, i, 1);
                VulkanTestHost.set(counts.handle, i, 0);
            }
            Vulkan.bindBuffer(session, "in.input", input);
            Vulkan.bindBuffer(session, "cells.spike_count", counts);
            step(session, 4); // 0.75 and a spike in each; 0.75 + 0.75 is one as well
            equal(2f, VulkanTestHost.get(counts.handle, 0));
            equal(4f, VulkanTestHost.get(counts.handle, 1));
            fails(Status.STATE, () -> session.setInput(0, new float[2]));
            Vulkan.bindBuffer(session, "in.input", null);
            session.setInput(0, new float[2]);
            step(session, 1);
            equal(4f, VulkanTestHost.get(counts.handle, 1));
        });
    }

    static void valuesComeBackWithoutWaiting() {
        newSession((host, session) -> {
            float[] v = new float[2];
            int[] spikes = new int[2];
            Vulkan.setReadback(session, 2, "cells.v", "cells.spikes");
            equal(-1L, Vulkan.readBack(session, "cells.v", 0, v));
            for (long frame = 3; frame < 5; ++frame) {
                session.setInput(0, new float[] {1, 1});
                long commands = VulkanTestHost.begin();
                Vulkan.recordSteps(session, commands, 1);
                Vulkan.recordReadback(session, commands, frame);
                VulkanTestHost.submit(commands);
            }
            equal(3L, Vulkan.readBack(session, "cells.v", 3, v));
            same(new float[] {0.75f, 0}, v);
            equal(4L, Vulkan.readBack(session, "cells.spikes", 9, spikes));
            same(new int[] {1, 1}, spikes); // 0.75 + 0.75
            fails(Status.INVALID_ARGUMENT, () -> Vulkan.readBack(session, "cells.v", 4, new float[3]));
            fails(IllegalArgumentException.class, () -> Vulkan.setReadback(session, -1, "cells.v"));
            fails(NullPointerException.class, () -> Vulkan.setReadback(session, 1, "cells.v", null));
            fails(Status.NOT_FOUND, () -> Vulkan.setReadback(session, 1, "cells.nothing"));
            Vulkan.setReadback(session, 1);
            fails(Status.NOT_FOUND, () -> Vulkan.readBack(session, "cells.v", 4, v));
        });
    }

    static void submissionsWaitForAndSignalSemaphores() {
        newSession((host, session) -> {
            Vulkan.Semaphore[] all = new Vulkan.Semaphore[4];
            for (int i = 0; i < 4; ++i) all[i] = new Vulkan.Semaphore(VulkanTestHost.makeSemaphore());
            for (int i = 0; i < 2; ++i) VulkanTestHost.signal(all[i].handle);
            session.setInput(0, new float[] {1, 0});
            Vulkan.submitSteps(session, 1, List.of(all[0], all[1]), List.of(all[2], all[3]));
            for (int i = 2; i < 4; ++i) VulkanTestHost.await(all[i].handle);
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            Vulkan.submitSteps(session, 3, List.of(), List.of());
            equal(4L, session.stepCount());
            String sentence = fails(Status.INVALID_ARGUMENT,
                () -> Vulkan.submitSteps(session, 1, List.of(), List.of(new Vulkan.Semaphore(0)))).getMessage();
            check(sentence.contains("signals[0]"), sentence);
        });
    }

    static void theQueueIsLockedAroundSubmissions() {
        int[] calls = {0, 0};
        ReentrantLock lock = new ReentrantLock() {
            private static final long serialVersionUID = 1;

            @Override
            public void lock() {
                super.lock();
                ++calls[0];
            }

            @Override
            public void unlock() {
                ++calls[1];
                super.unlock();
            }
        };
        Vulkan.Host host = newHost(false).queueLock(lock);
        try (Session session = Support.newSession(new SessionOptions().vulkanHost(host))) {
            int before = calls[0];
            Vulkan.submitSteps(session, 1, List.of(), List.of());
            equal(before + 1, calls[0]);
            equal(calls[0], calls[1]);
        } finally {
            VulkanTestHost.close();
        }
    }

    static void threadsOfTheLibraryLockTheQueueAsWell() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        ReentrantLock lock = new ReentrantLock() {
            private static final long serialVersionUID = 1;

            @Override
            public void lock() {
                super.lock();
                threads.add(Thread.currentThread());
            }
        };
        Vulkan.Host host = newHost(false).queueLock(lock);
        // While this thread steps the first two samples, slowly, another one comes to the GPU's.
        SessionOptions options = new SessionOptions().device("reference*2+vulkan*1").batchSize(3).vulkanHost(host);
        try (Network network = newMany(); Session session = new Session(network, options)) {
            session.setInput(0, new float[3 * 50]);
            for (int i = 0; i < 100 && threads.stream().allMatch(one -> one == Thread.currentThread()); ++i) session.step();
            check(threads.size() > 1, "a thread of libsnn's own");
            check(!lock.isLocked(), "unlocked");
        } finally {
            VulkanTestHost.close();
        }
    }

    static void theProgramSubmits() {
        int[] submissions = {0};
        int[] refusal = {0};
        Vulkan.Host host = newHost(false).submit((submitInfo, fence) -> {
            ++submissions[0];
            if (refusal[0] > 0) throw new IllegalStateException("the engine is closing");
            return refusal[0] != 0 ? refusal[0] : VulkanTestHost.queueSubmit(submitInfo, fence);
        });
        try (Session session = Support.newSession(new SessionOptions().vulkanHost(host))) {
            int before = submissions[0];
            session.setInput(0, new float[] {1, 1});
            refusal[0] = 1;
            fails(IllegalStateException.class, () -> Vulkan.submitSteps(session, 1, List.of(), List.of()));
            refusal[0] = -2; // VK_ERROR_OUT_OF_DEVICE_MEMORY
            fails(Status.OUT_OF_MEMORY, () -> Vulkan.submitSteps(session, 1, List.of(), List.of()));
            refusal[0] = 0;
            equal(0L, session.stepCount());
            Vulkan.submitSteps(session, 1, List.of(), List.of());
            refusal[0] = 1; // by the read, which brings the results of the steps to the host
            fails(IllegalStateException.class, () -> session.read("cells.v"));
            refusal[0] = 0;
            same(new float[] {0.75f, 0}, session.read("cells.v"));
            check(submissions[0] >= before + 3, "submissions");
            Vulkan.Device device = Vulkan.device(session);
            check(device.device != 0 && device.queue != 0 && device.getInstanceProcAddr != 0, "handles");
            check(device.submitted == null, "a semaphore of a host's device");
            try (Network network = newTrainable(); Session trained = new Session(network, new SessionOptions().vulkanHost(host));
                 Trainer trainer = new Trainer(trained,
                     new Trainer.Options(network.findPopulation("out"), 5).loss(Loss.CROSS_ENTROPY_MAX_MEMBRANE))) {
                Vulkan.submitSteps(trained, 1, List.of(), List.of());
                refusal[0] = 1;
                fails(IllegalStateException.class, trainer::state);
                refusal[0] = 0;
                check(trainer.state().length > 0, "the state of the trainer");
            }
            refusal[0] = 1;
            fails(IllegalStateException.class, () -> Support.newSession(new SessionOptions().vulkanHost(host)));
            host.queueLock(new ReentrantLock());
            fails(Status.INVALID_ARGUMENT, () -> Support.newSession(new SessionOptions().vulkanHost(host)));
        } finally {
            VulkanTestHost.close();
        }
        try (Session session = Support.newSession(new SessionOptions().device("vulkan"))) {
            Vulkan.Semaphore before = Vulkan.device(session).submitted;
            Vulkan.submitSteps(session, 1, List.of(), List.of());
            Vulkan.Device device = Vulkan.device(session);
            check(device.instance != 0 && device.physicalDevice != 0, "handles");
            if (before != null) equal(before.value + 1, device.submitted.value);
        }
    }

    static void aPlanIsThatOfC() {
        String path = folder.resolve("adders.snn").toString();
        try (Network network = newAdders()) {
            network.save(path);
        }
        try (Session session = Session.open(path, new SessionOptions().device("vulkan:plan"))) {
            Vulkan.bindBuffer(session, "in.input", new Vulkan.Buffer(7, 0, 8));
            equal(VulkanTestHost.planHash(path), new Hash().of(Vulkan.plan(session)));
        }
    }

    private static final class Hash {
        private long value = 0xcbf29ce484222325L;

        private void add(long word) {
            value = (value ^ word) * 0x100000001b3L;
        }

        private void addAll(int[] words) {
            for (int word : words) add(Integer.toUnsignedLong(word));
        }

        long of(Vulkan.Plan plan) {
            for (Vulkan.PlanShader shader : plan.shaders) {
                addAll(shader.spirv);
                addAll(shader.constants);
            }
            for (Vulkan.PlanBuffer buffer : plan.buffers) {
                add(buffer.hostBuffer);
                IntBuffer words = buffer.contents.asIntBuffer();
                while (words.hasRemaining()) add(Integer.toUnsignedLong(words.get()));
            }
            for (Vulkan.PlanDispatch dispatch : plan.dispatches) {
                add(dispatch.shader);
                add(dispatch.barrier ? 1 : 0);
                addAll(dispatch.groups);
                add(Integer.toUnsignedLong(dispatch.indirectBuffer));
                addAll(dispatch.push);
                for (Vulkan.PlanBinding binding : dispatch.bindings) {
                    add(binding.buffer);
                    add(binding.offsetBytes);
                    add(binding.sizeBytes);
                }
            }
            return value;
        }
    }

    static void whatIsWrongIsNamed() {
        newSession((host, session) -> {
            fails(Status.INVALID_ARGUMENT, () -> Vulkan.recordSteps(session, 0, 1));
            fails(IllegalArgumentException.class, () -> Vulkan.recordSteps(session, 1, -1));
            fails(Status.NOT_FOUND, () -> Vulkan.buffer(session, "cells.nothing"));
            fails(Status.INVALID_ARGUMENT, () -> Vulkan.buffer(session, null));
            fails(Status.INVALID_ARGUMENT, () -> Vulkan.bindBuffer(session, "in.input", new Vulkan.Buffer(1, 0, 4)));
            fails(NullPointerException.class, () -> new Vulkan.Buffer(1, 0, 4, null));
            fails(Status.UNSUPPORTED, () -> Vulkan.plan(session));
            session.close();
            fails(IllegalStateException.class, () -> Vulkan.recordSteps(session, 1, 1));
        });
        Vulkan.Host host = newHost(true);
        VulkanTestHost.close();
        String sentence = fails(Status.INVALID_ARGUMENT,
            () -> Support.newSession(new SessionOptions().vulkanHost(host))).getMessage();
        check(sentence.contains("host->device"), sentence);
        sentence = fails(IllegalArgumentException.class, () -> new Vulkan.Host(1, 1, 1, 1, -1, 1)).getMessage();
        check(sentence.startsWith("queueFamily is -1"), sentence);
        try (Session session = Support.newSession()) {
            fails(Status.UNSUPPORTED, () -> Vulkan.recordSteps(session, 1, 1));
            fails(Status.UNSUPPORTED, () -> Vulkan.buffer(session, "cells.v"));
        }
    }
}
