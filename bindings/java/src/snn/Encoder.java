package snn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import snn.Enums.Encoding;

/** Turns values into spikes or currents over time; see {@code SNNEncoderDef}. */
public final class Encoder {
    private final ByteBuffer def = ByteBuffer.allocateDirect(Native.SNNEncoderDef.SIZE).order(ByteOrder.nativeOrder());

    /** Over a number of steps. */
    public Encoder(Encoding encoding, int stepCount) {
        Library.checkVersion();
        Native.snn_encoder_def_init(Jni.address(def), Native.SNNEncoderDef.SIZE);
        def.putInt(Native.SNNEncoderDef.kind, encoding.value);
        def.putInt(Native.SNNEncoderDef.step_count, Scope.whole(stepCount, "stepCount"));
    }

    /** Default 1. */
    public Encoder gain(float gain) {
        def.putFloat(Native.SNNEncoderDef.gain, gain);
        return this;
    }

    /** Default 0.01. */
    public Encoder threshold(float threshold) {
        def.putFloat(Native.SNNEncoderDef.threshold, threshold);
        return this;
    }

    /** Of rate coding; default 0. */
    public Encoder seed(long seed) {
        def.putLong(Native.SNNEncoderDef.seed, seed);
        return this;
    }

    /** Values [sample][feature] (for delta coding [step][sample][feature]) to [step][sample][feature]. C: {@code snn_encode}. */
    public void encode(float[] values, int sampleCount, int featureCount, float[] encoded) {
        try (Scope scope = new Scope()) {
            ByteBuffer output = scope.bytes(4L * encoded.length);
            Library.check(Native.snn_encode(Jni.address(def), scope.floats(values), values.length,
                Scope.whole(sampleCount, "sampleCount"), Scope.whole(featureCount, "featureCount"),
                Jni.address(output), encoded.length));
            output.asFloatBuffer().get(encoded);
        }
    }
}
