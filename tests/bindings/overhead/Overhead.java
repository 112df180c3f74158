import java.util.Locale;
import snn.Session;

/** See overhead.c. */
final class Overhead {
    private static final int ROUNDS = 20, STEPS = 20000;

    public static void main(String[] arguments) {
        double[] best = {Double.MAX_VALUE, Double.MAX_VALUE};
        float[] seen = {0.5f, 0.5f, 0}, voltages = new float[3];
        try (Session brain = Session.open(arguments[0])) {
            for (int round = 0; round < ROUNDS; ++round) {
                long start = System.nanoTime();
                for (int step = 0; step < STEPS; ++step) brain.step();
                best[0] = Math.min(best[0], (double) (System.nanoTime() - start) / STEPS);
                start = System.nanoTime();
                for (int step = 0; step < STEPS; ++step) {
                    brain.setInput(0, seen);
                    brain.step();
                    brain.membranePotentials("output", voltages);
                }
                best[1] = Math.min(best[1], (double) (System.nanoTime() - start) / STEPS);
            }
        }
        System.out.printf(Locale.ROOT, "step %.1f ns, frame %.1f ns%n", best[0], best[1]);
    }
}
