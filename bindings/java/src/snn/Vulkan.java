package snn;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import snn.Enums.DataType;

/** Sessions on the Vulkan device of the program, stepped inside its own command buffers; {@code snn_vulkan.h} is the manual. Handles
 * are long, as in LWJGL. One that is no live Vulkan object is not noticed, by Vulkan neither. */
public final class Vulkan {
    private Vulkan() {}

    /** The Vulkan device of the program, for {@link SessionOptions#vulkanHost}. Its handles stay the program's and must outlive the
     * sessions, which are therefore to be closed: no Cleaner ends them. */
    public static final class Host {
        private final long instance, physicalDevice, device, queue, getInstanceProcAddr;
        private final int queueFamily;
        Lock queueLock;
        Submit submit;
        private long pipelineCache;

        /** VkInstance, VkPhysicalDevice, VkDevice; a VkQueue with compute, which is used while a session is opened and by its functions
         * that are not of this class, never by {@link #recordSteps}; the family of the queue and of the command buffers; the address
         * of vkGetInstanceProcAddr. A handle of 0 is refused when a session is opened. */
        public Host(long instance, long physicalDevice, long device, long queue, int queueFamily, long getInstanceProcAddr) {
            this.instance = instance;
            this.physicalDevice = physicalDevice;
            this.device = device;
            this.queue = queue;
            this.queueFamily = Scope.whole(queueFamily, "queueFamily");
            this.getInstanceProcAddr = getInstanceProcAddr;
        }

        /** Held around each submission to the queue, by the thread that calls into the session or, for a session on several devices,
         * one of libsnn; without one nobody else submits meanwhile. */
        public Host queueLock(Lock lock) {
            queueLock = lock;
            return this;
        }

        /** Called in place of vkQueueSubmit, instead of a lock, by the same threads; the queue may be 0 then. What it throws counts as
         * a submission that was refused, and goes on in the call that submitted. */
        public Host submit(Submit function) {
            submit = function;
            return this;
        }

        /** A VkPipelineCache. With what an earlier run of the program left in it, a session opens without compiling shaders. */
        public Host pipelineCache(long cache) {
            pipelineCache = cache;
            return this;
        }

        int create(Scope scope, long config, long hooks, long session) {
            ByteBuffer host = scope.bytes((long) Native.SNNVulkanHost.SIZE);
            Native.snn_vulkan_host_init(Jni.address(host), Native.SNNVulkanHost.SIZE);
            host.putInt(Native.SNNVulkanHost.queue_family, queueFamily);
            host.putLong(Native.SNNVulkanHost.instance, instance);
            host.putLong(Native.SNNVulkanHost.physical_device, physicalDevice);
            host.putLong(Native.SNNVulkanHost.device, device);
            host.putLong(Native.SNNVulkanHost.queue, queue);
            host.putLong(Native.SNNVulkanHost.get_instance_proc_addr, getInstanceProcAddr);
            if (queueLock != null) {
                host.putLong(Native.SNNVulkanHost.lock_queue, Jni.function(Jni.LOCK_QUEUE));
                host.putLong(Native.SNNVulkanHost.unlock_queue, Jni.function(Jni.UNLOCK_QUEUE));
                host.putLong(Native.SNNVulkanHost.user, hooks);
            }
            if (submit != null) {
                host.putLong(Native.SNNVulkanHost.submit, Jni.function(Jni.SUBMIT));
                host.putLong(Native.SNNVulkanHost.user, hooks);
            }
            host.putLong(Native.SNNVulkanHost.pipeline_cache, pipelineCache);
            return Native.snn_vulkan_create_network(config, Jni.address(host), session);
        }
    }

    /** What submits for a session. */
    public interface Submit {
        /** Calls vkQueueSubmit, on any thread, with the VkSubmitInfo at this address, which is valid during the call, and this VkFence;
         * returns its VkResult afterwards. The rules are those of {@code SNNVulkanHost.submit}. */
        int submit(long submitInfo, long fence);
    }

    /** The Vulkan device that a session runs on. */
    public static final class Device {
        public final long instance, physicalDevice, device, queue;
        /** Of the queue. */
        public final int queueFamily;
        /** The address of vkGetInstanceProcAddr. */
        public final long getInstanceProcAddr;
        /** A timeline semaphore, and the value that it has when all is done that the session has submitted so far; null on a host's
         * device, and where the device has none. */
        public final Semaphore submitted;

        private Device(ByteBuffer raw) {
            instance = raw.getLong(Native.SNNVulkanDevice.instance);
            physicalDevice = raw.getLong(Native.SNNVulkanDevice.physical_device);
            device = raw.getLong(Native.SNNVulkanDevice.device);
            queue = raw.getLong(Native.SNNVulkanDevice.queue);
            queueFamily = raw.getInt(Native.SNNVulkanDevice.queue_family);
            getInstanceProcAddr = raw.getLong(Native.SNNVulkanDevice.get_instance_proc_addr);
            int at = Native.SNNVulkanDevice.submitted;
            long semaphore = raw.getLong(at + Native.SNNVulkanSemaphore.semaphore);
            submitted = semaphore == 0 ? null : new Semaphore(semaphore, raw.getLong(at + Native.SNNVulkanSemaphore.value));
        }
    }

    /** A VkSemaphore with the value to wait for or to signal; 0 for a binary one. */
    public static final class Semaphore {
        public final long handle, value;

        public Semaphore(long handle, long value) {
            this.handle = handle;
            this.value = value;
        }

        /** A binary one. */
        public Semaphore(long handle) {
            this(handle, 0);
        }
    }

    /** A piece of a VkBuffer: where its values begin and how long they are, in bytes; FLOAT32 or INT32. Of a plan, the handle is what
     * stands for the buffer. */
    public static final class Buffer {
        public final long handle, offsetBytes, sizeBytes;
        public final DataType dataType;

        public Buffer(long handle, long offsetBytes, long sizeBytes, DataType dataType) {
            this.handle = handle;
            this.offsetBytes = offsetBytes;
            this.sizeBytes = sizeBytes;
            this.dataType = Objects.requireNonNull(dataType, "dataType");
        }

        /** Of float32. */
        public Buffer(long handle, long offsetBytes, long sizeBytes) {
            this(handle, offsetBytes, sizeBytes, DataType.FLOAT32);
        }
    }

    /** The step of a network as data, for a program that runs it through a GPU layer of its own: a copy. */
    public static final class Plan {
        public final List<PlanShader> shaders;
        public final List<PlanBuffer> buffers;
        /** Of one step, in order; the same in every step. */
        public final List<PlanDispatch> dispatches;

        private Plan(ByteBuffer raw) {
            shaders = list(raw, Native.SNNVulkanPlan.shaders, Native.SNNVulkanPlan.shader_count, Native.SNNVulkanPlanShader.SIZE,
                PlanShader::new);
            buffers = list(raw, Native.SNNVulkanPlan.buffers, Native.SNNVulkanPlan.buffer_count, Native.SNNVulkanPlanBuffer.SIZE,
                PlanBuffer::new);
            dispatches = list(raw, Native.SNNVulkanPlan.dispatches, Native.SNNVulkanPlan.dispatch_count,
                Native.SNNVulkanPlanDispatch.SIZE, PlanDispatch::new);
        }
    }

    /** A compute shader for Vulkan 1.0 without optional features, entry point "main". */
    public static final class PlanShader {
        public final int[] spirv;
        /** The specialisation constants of constant_id 0, 1, ...; booleans are 0 and 1. */
        public final int[] constants;

        private PlanShader(ByteBuffer raw) {
            spirv = Scope.copyInts(raw.getLong(Native.SNNVulkanPlanShader.spirv), raw.getLong(Native.SNNVulkanPlanShader.word_count));
            constants = Scope.copyInts(raw.getLong(Native.SNNVulkanPlanShader.constants),
                raw.getLong(Native.SNNVulkanPlanShader.constant_count));
        }
    }

    /** A buffer of a plan. */
    public static final class PlanBuffer {
        /** What it holds before the first step: a direct buffer in the machine's order of bytes. */
        public final ByteBuffer contents;
        /** What {@link #bindBuffer} was given as handle; 0: it is the plan's own. */
        public final long hostBuffer;

        private PlanBuffer(ByteBuffer raw) {
            long size = raw.getLong(Native.SNNVulkanPlanBuffer.size_bytes);
            if (size > Integer.MAX_VALUE) throw new IllegalStateException("a buffer of the plan has " + size + " bytes, more than a ByteBuffer can");
            contents = ByteBuffer.allocateDirect((int) size).order(ByteOrder.nativeOrder());
            Jni.copy(raw.getLong(Native.SNNVulkanPlanBuffer.contents), Jni.address(contents), size);
            hostBuffer = raw.getLong(Native.SNNVulkanPlanBuffer.host_buffer);
        }
    }

    /** A dispatch of a plan. */
    public static final class PlanDispatch {
        /** Its place in {@link Plan#shaders}. */
        public final int shader;
        /** It waits for the writes of all dispatches before it, those of earlier steps too. */
        public final boolean barrier;
        /** Workgroups in x, y and z; enough also where there is an indirect buffer. */
        public final int[] groups;
        /** The buffer where the three numbers of workgroups that are needed now stand; -1: none. */
        public final int indirectBuffer;
        public final long indirectOffsetBytes;
        /** The push constants. */
        public final int[] push;
        /** The storage buffers of set 0, bindings 0 to 6. */
        public final List<PlanBinding> bindings;

        private PlanDispatch(ByteBuffer raw) {
            shader = raw.getInt(Native.SNNVulkanPlanDispatch.shader);
            barrier = raw.getInt(Native.SNNVulkanPlanDispatch.barrier) != 0;
            groups = ints(raw, Native.SNNVulkanPlanDispatch.groups, 3);
            indirectBuffer = raw.getInt(Native.SNNVulkanPlanDispatch.indirect_buffer); // SNN_VULKAN_NO_BUFFER is -1
            indirectOffsetBytes = raw.getLong(Native.SNNVulkanPlanDispatch.indirect_offset_bytes);
            push = ints(raw, Native.SNNVulkanPlanDispatch.push, raw.getInt(Native.SNNVulkanPlanDispatch.push_bytes) / 4);
            List<PlanBinding> all = new ArrayList<>();
            for (int i = 0; i < Native.SNN_VULKAN_BINDING_COUNT; ++i)
                all.add(new PlanBinding(raw, Native.SNNVulkanPlanDispatch.bindings + i * Native.SNNVulkanPlanBinding.SIZE));
            bindings = Collections.unmodifiableList(all);
        }

        private static int[] ints(ByteBuffer raw, int offset, int count) {
            int[] values = new int[count];
            for (int i = 0; i < count; ++i) values[i] = raw.getInt(offset + 4 * i);
            return values;
        }
    }

    /** What a dispatch of a plan reads or writes. */
    public static final class PlanBinding {
        /** Its place in {@link Plan#buffers}. */
        public final int buffer;
        /** A multiple of 256, or as it was bound. */
        public final long offsetBytes;
        public final long sizeBytes;

        private PlanBinding(ByteBuffer raw, int offset) {
            buffer = raw.getInt(offset + Native.SNNVulkanPlanBinding.buffer);
            offsetBytes = raw.getLong(offset + Native.SNNVulkanPlanBinding.offset_bytes);
            sizeBytes = raw.getLong(offset + Native.SNNVulkanPlanBinding.size_bytes);
        }
    }

    private interface Reader<T> {
        T read(ByteBuffer raw);
    }

    private static <T> List<T> list(ByteBuffer raw, int array, int count, int size, Reader<T> reader) {
        List<T> all = new ArrayList<>();
        for (int i = 0; i < raw.getInt(count); ++i) all.add(reader.read(Scope.view(raw.getLong(array) + (long) i * size, size)));
        return Collections.unmodifiableList(all);
    }

    /** Appends steps to a VkCommandBuffer that is recording, outside a render pass. The step count goes on at once, states when the
     * device has run the commands; spike callbacks are not called. C: {@code snn_vulkan_record_steps}. */
    public static void recordSteps(Session session, long commandBuffer, int stepCount) {
        long handle = session.handle.enter();
        try {
            session.finish(Native.snn_vulkan_record_steps(handle, commandBuffer, Scope.whole(stepCount, "stepCount")));
        } finally {
            session.leave();
        }
    }

    /** Runs steps in a submission of their own, without waiting for them; other functions of the session wait by themselves. The
     * semaphores are waited for before the first step and signalled after the last. C: {@code snn_vulkan_submit_steps}. */
    public static void submitSteps(Session session, int stepCount, List<Semaphore> waits, List<Semaphore> signals) {
        long handle = session.handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer submission = scope.struct(Native.SNNVulkanSubmission.SIZE);
            submission.putInt(Native.SNNVulkanSubmission.wait_count, waits.size());
            submission.putInt(Native.SNNVulkanSubmission.signal_count, signals.size());
            submission.putLong(Native.SNNVulkanSubmission.waits, write(scope, waits));
            submission.putLong(Native.SNNVulkanSubmission.signals, write(scope, signals));
            session.finish(Native.snn_vulkan_submit_steps(handle, Jni.address(submission), Scope.whole(stepCount, "stepCount")));
        } finally {
            session.leave();
        }
    }

    private static long write(Scope scope, List<Semaphore> semaphores) {
        ByteBuffer raw = scope.bytes((long) Native.SNNVulkanSemaphore.SIZE * semaphores.size());
        int place = 0;
        for (Semaphore one : semaphores) {
            raw.putLong(place + Native.SNNVulkanSemaphore.semaphore, one.handle);
            raw.putLong(place + Native.SNNVulkanSemaphore.value, one.value);
            place += Native.SNNVulkanSemaphore.SIZE;
        }
        return Jni.address(raw);
    }

    /** The device that the session runs on, for commands and buffers of your own. Its queue may be used while no function of the
     * session runs and no steps that {@link Session#begin} began are under way. The first call waits for what was submitted before.
     * C: {@code snn_vulkan_get_device}. */
    public static Device device(Session session) {
        long handle = session.handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNVulkanDevice.SIZE);
            session.finish(Native.snn_vulkan_get_device(handle, Jni.address(raw)));
            return new Device(raw);
        } finally {
            session.leave();
        }
    }

    /** Where the device keeps a state, "population.state", to be read in place; the same until states are bound.
     * C: {@code snn_vulkan_get_buffer}. */
    public static Buffer buffer(Session session, String state) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNVulkanBuffer.SIZE);
            session.finish(Native.snn_vulkan_get_buffer(session.handle.get(), scope.text(state), Jni.address(raw)));
            return new Buffer(raw.getLong(Native.SNNVulkanBuffer.buffer), raw.getLong(Native.SNNVulkanBuffer.offset_bytes),
                raw.getLong(Native.SNNVulkanBuffer.size_bytes), DataType.of(raw.getInt(Native.SNNVulkanBuffer.type)));
        }
    }

    /** Reads or writes a buffer of the program in place from now on: "population.input", "population.states", "population.spikes" or
     * "population.spike_count"; null ends the binding. The buffer lives until the binding or the session has ended and what was
     * recorded has run. C: {@code snn_vulkan_bind_buffer}. */
    public static void bindBuffer(Session session, String path, Buffer buffer) {
        long handle = session.handle.enter();
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNVulkanBuffer.SIZE);
            if (buffer != null) {
                raw.putInt(Native.SNNVulkanBuffer.type, buffer.dataType.value);
                raw.putLong(Native.SNNVulkanBuffer.buffer, buffer.handle);
                raw.putLong(Native.SNNVulkanBuffer.offset_bytes, buffer.offsetBytes);
                raw.putLong(Native.SNNVulkanBuffer.size_bytes, buffer.sizeBytes);
            }
            session.finish(Native.snn_vulkan_bind_buffer(handle, scope.text(path), buffer == null ? 0 : Jni.address(raw)));
        } finally {
            session.leave();
        }
    }

    /** What is to come back to the processor without waiting: states, "population.state", "population.spikes" of the last step
     * and "population.spike_count" since the frame before, of the last frames. No path: nothing any more. C: {@code snn_vulkan_set_readback}. */
    public static void setReadback(Session session, int frameCount, String... paths) {
        long handle = session.handle.enter();
        try (Scope scope = new Scope()) {
            long[] addresses = new long[paths.length];
            for (int i = 0; i < paths.length; ++i) addresses[i] = scope.text(Objects.requireNonNull(paths[i], "paths"));
            session.finish(Native.snn_vulkan_set_readback(handle, scope.longs(addresses), paths.length,
                Scope.whole(frameCount, "frameCount")));
        } finally {
            session.leave();
        }
    }

    /** Copies what setReadback named, as it is after what was recorded before, as a frame; frames ascend.
     * C: {@code snn_vulkan_record_readback}. */
    public static void recordReadback(Session session, long commandBuffer, long frame) {
        long handle = session.handle.enter();
        try {
            session.finish(Native.snn_vulkan_record_readback(handle, commandBuffer, frame));
        } finally {
            session.leave();
        }
    }

    /** Values of the newest frame up to finishedFrame, the last one that the device has finished; returns which frame it is, or -1, and
     * the values as they were, where there is no such frame. Waits for nothing. C: {@code snn_vulkan_read_back}. */
    public static long readBack(Session session, String path, long finishedFrame, float[] values) {
        ByteBuffer scratch = session.scratch(8 + 4L * values.length);
        long frame = readBack(session, path, finishedFrame, DataType.FLOAT32, scratch, values.length);
        if (frame != Native.SNN_VULKAN_NO_FRAME) scratch.asFloatBuffer().position(2).get(values);
        return frame;
    }

    /** The same as whole numbers. C: {@code snn_vulkan_read_back}. */
    public static long readBack(Session session, String path, long finishedFrame, int[] values) {
        ByteBuffer scratch = session.scratch(8 + 4L * values.length);
        long frame = readBack(session, path, finishedFrame, DataType.INT32, scratch, values.length);
        if (frame != Native.SNN_VULKAN_NO_FRAME) scratch.asIntBuffer().position(2).get(values);
        return frame;
    }

    /** The frame's number is written before the values. */
    private static long readBack(Session session, String path, long finishedFrame, DataType type, ByteBuffer scratch, int count) {
        long address = Jni.address(scratch);
        session.finish(Native.snn_vulkan_read_back(session.handle.get(), session.textOf(path), finishedFrame, type.value, address + 8,
            count, address));
        Reference.reachabilityFence(session);
        return scratch.getLong(0);
    }

    /** The step as data, of a session on the device "vulkan:plan", which needs no driver and runs nothing.
     * C: {@code snn_vulkan_get_plan}. */
    public static Plan plan(Session session) {
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.struct(Native.SNNVulkanPlan.SIZE);
            session.finish(Native.snn_vulkan_get_plan(session.handle.get(), Jni.address(raw)));
            Plan plan = new Plan(raw);
            Reference.reachabilityFence(session);
            return plan;
        }
    }
}
