import java.util.Arrays;
import snn.Network;
import snn.Session;

/** A creature steered by a spiking network looks for food, 600 frames at 60 a second. See samples/python/creature.py: the same game
 * prints the same hash in every language. The argument is the brain, a file that samples/python/train_creature.py makes. */
final class Creature {
    private static final int FRAMES = 600, HEADINGS = 32, WORLD = 4096;

    /** 64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths. */
    private static final int[] COSINES = {64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63, -64, -63, -59, -53,
        -45, -36, -24, -12, 0, 12, 24, 36, 45, 53, 59, 63};

    private static int cosine(int heading) {
        return COSINES[heading % HEADINGS];
    }

    private static int sine(int heading) {
        return COSINES[(heading + 24) % HEADINGS];
    }

    /** How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1. */
    private static void see(int dx, int dy, int heading, float[] seen) {
        int ahead = dx * cosine(heading) + dy * sine(heading), left = dy * cosine(heading) - dx * sine(heading);
        int total = Math.max(Math.abs(ahead) + Math.abs(left), 1);
        int side = ahead < 0 ? 16 : Math.abs(left) * 16 / total; // what is behind is at the side
        seen[0] = left > 0 ? side / 16f : 0;
        seen[1] = Math.max(ahead, 0) * 16 / total / 16f;
        seen[2] = left <= 0 ? side / 16f : 0;
    }

    private static int clamp(int value) {
        return Math.min(Math.max(value, 0), WORLD * 64 - 1);
    }

    public static void main(String[] arguments) {
        try (Session brain = Session.open(arguments.length > 0 ? arguments[0] : "creature.snn"); Network network = brain.network()) {
            int input = network.findPopulation("input"), output = network.findPopulation("output");
            int[] spikes = new int[3]; // of the output neurons in this frame
            brain.onSpikes((session, population, sample, step, neurons) -> {
                if (population == output)
                    while (neurons.hasRemaining()) ++spikes[neurons.get()];
            });
            int x = WORLD / 2 * 64, y = x, heading = 0, eaten = 0, random = 1;
            int[] food = null;
            long hash = 0xCBF29CE484222325L;
            float[] seen = new float[3], voltages = new float[3];
            for (int frame = 0; frame < FRAMES; ++frame) {
                if (food == null) {
                    food = new int[2];
                    for (int i = 0; i < 2; ++i) {
                        random = random * 1664525 + 1013904223;
                        food[i] = random >>> 20;
                    }
                }
                int dx = food[0] - (x >> 6), dy = food[1] - (y >> 6);
                Arrays.fill(spikes, 0);
                see(dx, dy, heading, seen);
                brain.setInput(input, seen);
                brain.runStep(1f / 60f);
                brain.membranePotentials("output", voltages);
                heading = (heading + HEADINGS + Integer.compare(spikes[0], spikes[2])) % HEADINGS;
                int speed = 8 + 4 * spikes[1];
                x = clamp(x + cosine(heading) * speed);
                y = clamp(y + sine(heading) * speed);
                if (Math.abs(dx) + Math.abs(dy) < 64) {
                    ++eaten;
                    food = null;
                }
                // FNV-1a of everything, the brain's voltages to the last bit included.
                for (int word : new int[] {x, y, heading, eaten, spikes[0], spikes[1], spikes[2]}) hash = mix(hash, word);
                for (float voltage : voltages) hash = mix(hash, Float.floatToRawIntBits(voltage));
            }
            System.out.printf("%d frames, %d eaten, hash %016x%n", FRAMES, eaten, hash);
        }
    }

    private static long mix(long hash, int word) {
        return (hash ^ (word & 0xFFFFFFFFL)) * 0x100000001B3L;
    }
}
