package snn;

import java.nio.ByteBuffer;
import snn.Enums.DistributionKind;

/** How weights, delays, parameters or states are drawn; see {@code SNNDistribution}. */
public final class Distribution {
    public final DistributionKind kind;
    /** {@code a}: the value, the mean, or the lower end; {@code b}: the standard deviation, or the upper end. What lies below
     * {@code low} or above {@code high} is drawn again. */
    public final double a, b, low, high;

    private Distribution(DistributionKind kind, double a, double b, double low, double high) {
        this.kind = kind;
        this.a = a;
        this.b = b;
        this.low = low;
        this.high = high;
    }

    private static Distribution of(DistributionKind kind, double a, double b) {
        return new Distribution(kind, a, b, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    public static Distribution constant(double value) {
        return of(DistributionKind.CONSTANT, value, 0);
    }

    public static Distribution normal(double mean, double deviation) {
        return of(DistributionKind.NORMAL, mean, deviation);
    }

    public static Distribution uniform(double low, double high) {
        return of(DistributionKind.UNIFORM, low, high);
    }

    public static Distribution lognormal(double mean, double deviation) {
        return of(DistributionKind.LOGNORMAL, mean, deviation);
    }

    public static Distribution exponential(double mean) {
        return of(DistributionKind.EXPONENTIAL, mean, 0);
    }

    /** Cut off: what lies outside is drawn again. */
    public Distribution within(double low, double high) {
        return new Distribution(kind, a, b, low, high);
    }

    void write(ByteBuffer to, int at) {
        to.putInt(at + Native.SNNDistribution.kind, kind.value);
        to.putDouble(at + Native.SNNDistribution.a, a);
        to.putDouble(at + Native.SNNDistribution.b, b);
        to.putDouble(at + Native.SNNDistribution.low, low);
        to.putDouble(at + Native.SNNDistribution.high, high);
    }

    static Distribution read(ByteBuffer from, int at) {
        return new Distribution(DistributionKind.of(from.getInt(at + Native.SNNDistribution.kind)),
            from.getDouble(at + Native.SNNDistribution.a), from.getDouble(at + Native.SNNDistribution.b),
            from.getDouble(at + Native.SNNDistribution.low), from.getDouble(at + Native.SNNDistribution.high));
    }
}
