package snn;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A neuron model, a surrogate or a plasticity rule. Any thread may use it. */
public final class Model implements AutoCloseable {
    final Handle handle;

    Model(long owned) {
        handle = Handle.of(this, "model", owned, Native::snn_model_release);
    }

    /** From its op list, a JSON document (docs/model-format.md). C: {@code snn_model_load}. */
    public static Model load(String text) {
        Library.checkVersion();
        byte[] bytes = Objects.requireNonNull(text, "text").getBytes(StandardCharsets.UTF_8);
        try (Scope scope = new Scope()) {
            ByteBuffer model = scope.bytes(8);
            Library.check(Native.snn_model_load(scope.bytes(bytes), bytes.length, Jni.address(model)));
            return new Model(model.getLong(0));
        }
    }

    /** A built-in neuron model: "lif". C: {@code snn_model_builtin}. */
    public static Model builtin(String name) {
        return builtin(name, 0);
    }

    /** A built-in surrogate: "arctan". C: {@code snn_model_builtin}. */
    public static Model builtinSurrogate(String name) {
        return builtin(name, 1);
    }

    /** A built-in plasticity rule: "pair_stdp". C: {@code snn_model_builtin}. */
    public static Model builtinPlasticity(String name) {
        return builtin(name, 2);
    }

    private static Model builtin(String name, int kind) {
        Library.checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer model = scope.bytes(8);
            Library.check(Native.snn_model_builtin(scope.text(name), kind, Jni.address(model)));
            return new Model(model.getLong(0));
        }
    }

    /** The op list, a JSON document. C: {@code snn_model_text}. */
    public String text() {
        try (Scope scope = new Scope()) {
            ByteBuffer text = scope.bytes(8), size = scope.bytes(8);
            Library.check(Native.snn_model_text(handle.get(), Jni.address(text), Jni.address(size)));
            return Scope.copyText(text.getLong(0), size.getLong(0)); // borrowed from the model
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** A second reference with an end of its own. C: {@code snn_model_retain}. */
    public Model share() {
        long value = handle.get();
        Library.check(Native.snn_model_retain(value));
        return new Model(value);
    }

    /** Gives the reference back; networks that use the model keep it alive. C: {@code snn_model_release}. */
    @Override
    public void close() {
        handle.close();
    }
}
