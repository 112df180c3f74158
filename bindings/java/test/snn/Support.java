package snn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import snn.Enums.*;

/** What the tests share: assertions, and networks with known answers. */
final class Support {
    private Support() {}

    /** tests/bindings/adder.json. */
    static String adder;
    /** For files; deleted at the end. */
    static Path folder;

    interface Code {
        void run() throws Exception;
    }

    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError("not true: " + what);
    }

    static void equal(Object expected, Object found) {
        if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
    }

    static void same(float[] expected, float[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    static void same(int[] expected, int[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    static void same(double[] expected, double[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    static <T extends Throwable> T fails(Class<T> type, Code code) {
        try {
            code.run();
        } catch (Throwable any) {
            if (!type.isInstance(any)) throw new AssertionError("another exception", any);
            return type.cast(any);
        }
        throw new AssertionError("no " + type.getSimpleName() + " was thrown");
    }

    static SnnException fails(Status status, Code code) {
        SnnException exception = fails(SnnException.class, code);
        if (exception.status() != status) throw new AssertionError("expected " + status, exception);
        check(!exception.getMessage().isEmpty(), "a sentence");
        return exception;
    }

    /** Spike input (2) -> dense -> adders (2): v = v + current; a spike where v >= 1, then v = 0. */
    static Network newAdders() {
        try (Model model = Model.load(adder); NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addSpikeInput("in", 2), cells = builder.addNeurons("cells", model, 2);
            builder.connect(Projection.dense(input, cells, new float[] {0.5f, 1, 0.25f, 0}));
            return builder.finish();
        }
    }

    static Session newSession() {
        return newSession(new SessionOptions());
    }

    static Session newSession(SessionOptions options) {
        try (Network network = newAdders()) {
            return new Session(network, options);
        }
    }

    static Network newTrainable() {
        float[] first = new float[4 * 16], second = new float[16 * 2];
        Library.randomNormal(1, 1, 0.3, 0.5, first);
        Library.randomNormal(1, 2, 0, 0.3, second);
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addValueInput("in", 4), hidden = builder.addNeurons("hidden", "lif", 16);
            builder.setLearnable(hidden, "tau_membrane", true);
            int out = builder.addNeurons("out", "leaky_integrator", 2);
            builder.connect(Projection.dense(input, hidden, first));
            builder.connect(Projection.dense(hidden, out, second).bias(new float[2]));
            return builder.finish();
        }
    }

    /** Neurons enough for several workers. */
    static Network newMany() {
        float[] weights = new float[50 * 40000];
        Library.randomNormal(1, 1, 0.1, 0.2, weights);
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addValueInput("in", 50), cells = builder.addNeurons("cells", "lif", 40000);
            builder.connect(Projection.dense(input, cells, weights));
            return builder.finish();
        }
    }

    static FloatBuffer newBuffer(float... values) {
        FloatBuffer buffer = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
        buffer.put(values).flip();
        return buffer;
    }
}
