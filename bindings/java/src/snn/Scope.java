package snn;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/** Memory that C reads or writes during a call: structs, texts and copies of arrays. */
final class Scope implements AutoCloseable {
    private final ArrayList<ByteBuffer> kept = new ArrayList<>();

    /** Zeros, in the machine's order of bytes. */
    ByteBuffer bytes(long size) {
        if (size > Integer.MAX_VALUE) throw new IllegalArgumentException(size + " bytes are more than an array can have");
        ByteBuffer memory = ByteBuffer.allocateDirect((int) Math.max(size, 1)).order(ByteOrder.nativeOrder());
        kept.add(memory);
        return memory;
    }

    /** A struct that begins with its size. */
    ByteBuffer struct(int size) {
        return bytes(size).putInt(0, size);
    }

    /** The address of a zero-terminated text; null stays null. */
    long text(String text) {
        return text == null ? 0 : Jni.address(utf8(this, text));
    }

    static ByteBuffer utf8(Scope scope, String text) {
        if (text.indexOf('\0') >= 0) throw new IllegalArgumentException("'" + text + "' contains a zero character");
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer memory = scope != null ? scope.bytes(encoded.length + 1L) : ByteBuffer.allocateDirect(encoded.length + 1);
        memory.put(encoded);
        return memory;
    }

    long bytes(byte[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes((long) values.length);
        memory.put(values);
        return Jni.address(memory);
    }

    long shorts(short[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes(2L * values.length);
        memory.asShortBuffer().put(values);
        return Jni.address(memory);
    }

    long ints(int[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes(4L * values.length);
        memory.asIntBuffer().put(values);
        return Jni.address(memory);
    }

    long longs(long[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes(8L * values.length);
        memory.asLongBuffer().put(values);
        return Jni.address(memory);
    }

    long floats(float[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes(4L * values.length);
        memory.asFloatBuffer().put(values);
        return Jni.address(memory);
    }

    long doubles(double[] values) {
        if (values == null) return 0;
        ByteBuffer memory = bytes(8L * values.length);
        memory.asDoubleBuffer().put(values);
        return Jni.address(memory);
    }

    /** An index or a count for C, which has no negative ones. */
    static int whole(int value, String name) {
        if (value < 0) throw new IllegalArgumentException(name + " is " + value + "; an index or a count is not negative");
        return value;
    }

    /** Borrowed memory of the library. */
    static ByteBuffer view(long address, long size) {
        if (address == 0 || size == 0) return ByteBuffer.allocate(0);
        return Jni.view(address, size).order(ByteOrder.nativeOrder());
    }

    /** A copy of borrowed text; null stays null. */
    static String copyText(long address) {
        return address == 0 ? null : copyText(address, Jni.length(address));
    }

    static String copyText(long address, long size) {
        return StandardCharsets.UTF_8.decode(view(address, size)).toString();
    }

    static float[] copyFloats(long address, long count) {
        ByteBuffer memory = view(address, 4 * count);
        float[] copy = new float[memory.capacity() / 4];
        memory.asFloatBuffer().get(copy);
        return copy;
    }

    static int[] copyInts(long address, long count) {
        ByteBuffer memory = view(address, 4 * count);
        int[] copy = new int[memory.capacity() / 4];
        memory.asIntBuffer().get(copy);
        return copy;
    }

    /** What was handed out stays until here. */
    @Override
    public void close() {
        Reference.reachabilityFence(this);
    }
}
