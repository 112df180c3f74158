package snn;

/** A program's Vulkan device: tests/bindings/vulkan/host.cpp and host_jni.c, in the file that the environment names in SNN_TEST_HOST. */
final class VulkanTestHost {
    private VulkanTestHost() {}

    static {
        Library.version(); // libsnn first, which the host is linked with
        System.load(System.getenv("SNN_TEST_HOST"));
    }

    /** Instance, physical device, device, queue, family of the queue, vkGetInstanceProcAddr. */
    static native void open(long[] handles);

    static native void close();

    static native long begin();

    static native void submit(long commandBuffer);

    static native int queueSubmit(long submitInfo, long fence);

    static native long makeBuffer(long sizeBytes);

    static native float get(long buffer, long index);

    static native void set(long buffer, long index, float value);

    static native long makeSemaphore();

    static native void signal(long semaphore);

    /** Not "wait", which every object has. */
    static native void await(long semaphore);

    static native long planHash(String path);
}
