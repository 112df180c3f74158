package snn;

import java.nio.Buffer;
import java.nio.ByteBuffer;

/** Memory and functions of C, beside those of {@link Native}; loads the libraries. */
final class Jni {
    private Jni() {}

    static final int SPIKES = 0, WEIGHTS = 1, EPOCH = 2, LOG = 3, PARALLEL_FOR = 4, PROGRESS = 5, LOCK_QUEUE = 6, UNLOCK_QUEUE = 7,
        SUBMIT = 8;

    static {
        Natives.load();
    }

    /** Loads the libraries, when that has not happened yet. */
    static void load() {}

    /** The address of a function that libsnn may call. */
    static native long function(int which);

    static native void runTask(long task, long context, int index);

    /** Of a direct buffer; 0 for another one. */
    static native long address(Buffer buffer);

    static native ByteBuffer view(long address, long size_bytes);

    static native void copy(long from, long to, long size_bytes);

    /** Bytes of a zero-terminated text. */
    static native long length(long text);

    static native long newWeak(Object hooks);

    static native void deleteWeak(long weak);
}
