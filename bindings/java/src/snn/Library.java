package snn;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToLongFunction;
import snn.Enums.RandomKind;
import snn.Enums.Status;

/** What the library has. A library that is missing is an {@link UnsatisfiedLinkError}; one of another version is a
 * {@link SnnException} with {@link Status.VERSION}. */
public final class Library {
    private Library() {}

    /** Where networks run; see {@code SNNDeviceInfo}. */
    public static final class DeviceInfo {
        public final String name, description;
        public final int coreCount;
        public final long memoryBytes;
        public final boolean canTrain;
        public final List<String> instructionSets;

        private DeviceInfo(ByteBuffer raw) {
            long start = Jni.address(raw);
            name = Scope.copyText(start + Native.SNNDeviceInfo.name);
            description = Scope.copyText(start + Native.SNNDeviceInfo.description);
            coreCount = raw.getInt(Native.SNNDeviceInfo.core_count);
            memoryBytes = raw.getLong(Native.SNNDeviceInfo.memory_bytes);
            canTrain = raw.getInt(Native.SNNDeviceInfo.can_train) != 0;
            instructionSets = List.of(Scope.copyText(start + Native.SNNDeviceInfo.instruction_sets).split(" "));
        }
    }

    /** How long one step takes on a device, in seconds; see {@code SNNDeviceSpeed}. */
    public static final class DeviceSpeed {
        public final boolean wasKept;
        public final String driver;
        public final double smallStep, largeStep;

        private DeviceSpeed(ByteBuffer raw) {
            wasKept = raw.getInt(Native.SNNDeviceSpeed.was_kept) != 0;
            driver = Scope.copyText(Jni.address(raw) + Native.SNNDeviceSpeed.driver);
            smallStep = raw.getDouble(Native.SNNDeviceSpeed.small_step_s);
            largeStep = raw.getDouble(Native.SNNDeviceSpeed.large_step_s);
        }
    }

    /** "0.1.0" of the library that is loaded. C: {@code snn_version_string}, {@code snn_abi_version}. */
    public static String version() {
        checkVersion();
        return Scope.copyText(Native.snn_version_string());
    }

    /** Bytes of memory that this process could still take, 0 if unknown. C: {@code snn_available_memory_bytes}. */
    public static long availableMemoryBytes() {
        checkVersion();
        return Native.snn_available_memory_bytes();
    }

    /** "SNN_ERROR_BUSY" and so on. C: {@code snn_status_name}. */
    public static String statusName(Status status) {
        checkVersion();
        return Scope.copyText(Native.snn_status_name(status.value));
    }

    /** The devices of this machine. C: {@code snn_device_count}, {@code snn_device_get}. */
    public static List<DeviceInfo> devices() {
        checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer count = scope.bytes(4);
            check(Native.snn_device_count(Jni.address(count)));
            List<DeviceInfo> devices = new ArrayList<>();
            for (int i = 0; i < count.getInt(0); ++i) {
                ByteBuffer info = scope.struct(Native.SNNDeviceInfo.SIZE);
                check(Native.snn_device_get(i, Jni.address(info)));
                devices.add(new DeviceInfo(info));
            }
            return devices;
        }
    }

    /** Measures a device, or gives what was measured before. C: {@code snn_device_speed}. */
    public static DeviceSpeed deviceSpeed(String device) {
        checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer speed = scope.struct(Native.SNNDeviceSpeed.SIZE);
            check(Native.snn_device_speed(scope.text(device), Jni.address(speed)));
            return new DeviceSpeed(speed);
        }
    }

    /** Names of the built-in neuron models. C: {@code snn_model_builtin_name}. */
    public static List<String> builtinModels() {
        return names(Native::snn_model_builtin_name);
    }

    /** Names of the built-in surrogates. C: {@code snn_surrogate_builtin_name}. */
    public static List<String> builtinSurrogates() {
        return names(Native::snn_surrogate_builtin_name);
    }

    /** Names of the built-in plasticity rules. C: {@code snn_plasticity_builtin_name}. */
    public static List<String> builtinPlasticityRules() {
        return names(Native::snn_plasticity_builtin_name);
    }

    private static List<String> names(IntToLongFunction function) {
        checkVersion();
        List<String> names = new ArrayList<>();
        for (long name; (name = function.applyAsLong(names.size())) != 0;) names.add(Scope.copyText(name));
        return names;
    }

    /** Numbers in [low, high), the same on every platform. C: {@code snn_random_fill}. */
    public static void randomUniform(long seed, long stream, double low, double high, float[] values) {
        randomFill(seed, stream, RandomKind.UNIFORM, low, high, values);
    }

    /** Gaussian numbers, the same on every platform. C: {@code snn_random_fill}. */
    public static void randomNormal(long seed, long stream, double mean, double deviation, float[] values) {
        randomFill(seed, stream, RandomKind.NORMAL, mean, deviation, values);
    }

    private static void randomFill(long seed, long stream, RandomKind kind, double a, double b, float[] values) {
        checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer memory = scope.bytes(4L * values.length);
            check(Native.snn_random_fill(seed, stream, kind.value, a, b, Jni.address(memory), values.length));
            memory.asFloatBuffer().get(values);
        }
    }

    /** Numbers of a distribution, the same on every platform. C: {@code snn_random_draw}. */
    public static void randomDraw(Distribution distribution, long seed, long stream, double[] values) {
        checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer raw = scope.bytes((long) Native.SNNDistribution.SIZE), memory = scope.bytes(8L * values.length);
            distribution.write(raw, 0);
            check(Native.snn_random_draw(Jni.address(raw), seed, stream, Jni.address(memory), values.length));
            memory.asDoubleBuffer().get(values);
        }
    }

    static void check(int status) {
        if (status != 0) fail(status);
    }

    /** Throws the last error of this thread. */
    private static void fail(int status) {
        throw new SnnException(Status.of(status), Scope.copyText(Native.snn_last_error()));
    }

    /** Whether the library is one that this binding was made for; asked by everything that makes something. */
    static void checkVersion() {
        Natives.load();
        int found = Native.snn_abi_version();
        if (found == Native.SNN_ABI_VERSION) return;
        throw new SnnException(Status.VERSION, "libsnn has ABI version " + Integer.toUnsignedString(found)
            + ", this binding was made for version " + Native.SNN_ABI_VERSION);
    }
}
