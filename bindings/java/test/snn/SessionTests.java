package snn;

import static snn.Support.*;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import snn.Enums.*;

/** Stepping, reading, recording. */
final class SessionTests {
    private SessionTests() {}

    static void stepsGiveTheValuesWorkedOutByHand() {
        try (Session session = newSession()) {
            session.setInput(0, new float[] {1, 1});
            session.step();
            float[] v = new float[2];
            session.membranePotentials("cells", v);
            same(new float[] {0.75f, 0}, v); // 0.5 + 0.25; 1 + 0 spikes and is reset
            same(new int[] {1}, session.spikes(1, 0));
            session.step(); // without spikes nothing changes
            same(new int[0], session.spikes(1, 0));
            session.setInput(0, newBuffer(1, 0));
            session.step();
            same(new int[] {0, 1}, session.spikes(1, 0));
            Session.Counters counters = session.counters();
            equal("3 6 3 3 6", counters.steps + " " + counters.neuronUpdates + " " + counters.spikes + " " + counters.inputSpikes + " "
                + counters.synapticEvents);
            session.reset();
            same(new float[2], session.read("cells.v"));
            equal(0L, session.stepCount());
            equal("cpu", session.device());
            equal("", session.deviceReason());
        }
    }

    static void aSampleIsGivenItsOwnInput() {
        try (Session session = newSession(new SessionOptions().batchSize(2))) {
            session.setSampleInput(0, 1, new float[] {1, 0});
            session.step();
            same(new int[0], session.spikes(1, 0));
            same(new int[] {1}, session.spikes(1, 1));
            session.setInput(0, new float[] {1, 0, 1, 0});
            session.step();
            session.resetSamples(1);
            same(new int[] {1}, session.spikes(1, 0));
            same(new int[0], session.spikes(1, 1));
            equal(2L, session.stepCount());
            fails(Status.INVALID_ARGUMENT, () -> session.resetSamples(0, 2));
            fails(IllegalArgumentException.class, () -> session.resetSamples(-1));
            fails(Status.INVALID_ARGUMENT, () -> session.setSampleInput(0, 2, new float[2]));
            fails(IllegalArgumentException.class, () -> session.setSampleInput(0, -1, new float[2]));
        }
    }

    static void frameTimeBecomesWholeSteps() {
        try (Session session = newSession(new SessionOptions().maxCatchUpSteps(50).seed(-7))) {
            equal(-7L, session.seed());
            session.runStep(0.0025f);
            equal(2L, session.stepCount());
            session.runStep(0.0005f);
            equal(3L, session.stepCount());
            equal(1, session.runStepWithin(0.004f, 0));
            equal(3, session.runStepWithin(0, Float.POSITIVE_INFINITY));
            session.runStep(1);
            equal(57L, session.stepCount());
            session.setStepCount(1000);
            equal(1000L, session.stepCount());
            fails(Status.INVALID_ARGUMENT, () -> session.runStep(Float.NaN));
            fails(IllegalArgumentException.class, () -> session.step(-1));
        }
    }

    static void stepsRunInTheBackground() {
        try (Session session = newSession()) {
            List<String> heard = new ArrayList<>();
            Thread thread = Thread.currentThread();
            session.onSpikes((s, population, sample, step, neurons) -> {
                equal(thread, Thread.currentThread());
                heard.add(step + ":" + neurons.remaining());
            });
            session.setInput(0, new float[] {1, 1});
            equal(true, session.begin(0.001f, Float.POSITIVE_INFINITY));
            fails(Status.BUSY, () -> session.step());
            session.setInput(0, new float[] {1, 0}); // for the steps that begin next
            equal(false, session.begin(0.001f, Float.POSITIVE_INFINITY)); // its time is carried
            while (!session.poll()) Thread.yield();
            equal("[0:1]", heard.toString());
            equal(true, session.begin(0.001f, 1));
            session.await();
            equal("[0:1, 1:2]", heard.toString());
            equal(3L, session.stepCount());
            fails(Status.INVALID_ARGUMENT, () -> session.begin(Float.NaN, 1));
            session.begin(0.2f, 1); // and it is closed while they run
        }
    }

    static void wrongSizesAndNamesOfASessionAreRefused() {
        try (Session session = newSession()) {
            fails(Status.INVALID_ARGUMENT, () -> session.setInput(0, new float[1]));
            fails(Status.INVALID_ARGUMENT, () -> session.setInput(0, newBuffer(1)));
            fails(Status.NOT_FOUND, () -> session.setInput(5, new float[2]));
            fails(IllegalArgumentException.class, () -> session.setInput(0, FloatBuffer.allocate(2)));
            fails(IllegalArgumentException.class, () -> session.bindInput(0, ByteBuffer.allocateDirect(8).asFloatBuffer()));
            fails(Status.INVALID_ARGUMENT, () -> session.membranePotentials("cells", new float[3]));
            fails(Status.NOT_FOUND, () -> session.read("cells.nothing"));
            fails(Status.NOT_FOUND, () -> session.read("x".repeat(1000)));
            fails(Status.INVALID_ARGUMENT, () -> session.write("cells.v", new float[] {Float.NaN, 0}));
            fails(Status.NOT_FOUND, () -> session.spikes(9, 0));
            fails(NullPointerException.class, () -> session.read(null));
            fails(IllegalArgumentException.class, () -> session.read("cells\0.v"));
        }
        fails(Status.NOT_FOUND, () -> newSession(new SessionOptions().device("abacus")));
        fails(IllegalArgumentException.class, () -> newSession(new SessionOptions().batchSize(-1)));
    }

    static void aBoundBufferIsReadAtEachStep() {
        try (Session session = newSession()) {
            FloatBuffer input = newBuffer(9, 1, 0);
            input.position(1);
            session.bindInput(0, input);
            session.step();
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            input.put(1, 0);
            session.step();
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            session.unbindInput(0);
            session.step();
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            fails(Status.INVALID_ARGUMENT, () -> session.bindInput(0, newBuffer(1)));
        }
    }

    static void variablesAreReadAndWrittenInFourTypes() {
        try (Session session = newSession()) {
            double[] doubles = new double[2];
            int[] ints = new int[2];
            byte[] bytes = new byte[2];
            FloatBuffer buffer = newBuffer(0, 0, 0);
            session.write("cells.v", new double[] {0.25, 0.5});
            same(new float[] {0.25f, 0.5f}, session.read("cells.v"));
            session.write("cells.v", new int[] {1, 0});
            session.read("cells.v", doubles);
            same(new double[] {1, 0}, doubles);
            buffer.position(1);
            session.read("cells.v", buffer);
            session.membranePotentials("cells", buffer);
            check(buffer.get(0) == 0 && buffer.get(1) == 1, "direct");
            session.write("in_to_cells.weight", new float[] {1, 1, 1, 1});
            session.setInput(0, new float[] {1, 0});
            session.step();
            session.read("cells.spikes", bytes);
            check(Arrays.equals(new byte[] {1, 1}, bytes), "bytes");
            session.read("cells.spikes", ints);
            same(new int[] {1, 1}, ints);
            fails(Status.INVALID_ARGUMENT, () -> session.write("cells.spikes", bytes));
            try (Network changed = session.toNetwork(); Network network = session.network()) {
                same(new float[] {1, 1, 1, 1}, changed.arrays(0).weights);
                same(new float[] {0.5f, 1, 0.25f, 0}, network.arrays(0).weights);
            }
        }
    }

    static void statesAndWeightsComeBackFromFiles() throws java.io.IOException {
        String state = folder.resolve("now.state").toString(), net = folder.resolve("net.snn").toString();
        try (Session session = newSession(); Network network = newAdders()) {
            session.setInput(0, new float[] {1, 0});
            session.step();
            session.saveState(state);
            byte[] kept = session.saveState();
            equal(java.nio.file.Files.size(folder.resolve("now.state")), (long) kept.length);
            session.setInput(0, new float[] {1, 0});
            session.step();
            same(new float[] {0, 0}, session.read("cells.v"));
            session.loadState(state);
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            session.reset();
            session.loadState(kept);
            same(new float[] {0.5f, 0}, session.read("cells.v"));
            fails(Status.FORMAT, () -> session.loadState(new byte[9]));
            session.write("in_to_cells.weight", new float[4]);
            network.save(net);
            session.loadWeights(net);
            same(new float[] {0.5f, 1, 0.25f, 0}, session.read("in_to_cells.weight"));
        }
        try (Session opened = Session.open(net)) {
            opened.step();
        }
    }

    static void aRunRecordsStatesAndEvents() {
        try (Session session = newSession()) {
            float[] v = new float[4 * 2];
            double[] count = new double[2];
            byte[] spikes = new byte[4 * 2];
            Run.SpikeEvents events = new Run.SpikeEvents(8);
            List<Long> seen = new ArrayList<>();
            Run run = new Run(4).heldInput(0, new float[] {1, 1}).record(1, "v", v).record(1, "spike_count", count)
                .record(1, "spikes", spikes).record(1, events).progress(1, (done, total) -> seen.add(done) && total == 4);
            equal(4, session.run(run));
            same(new float[] {0.75f, 0, 0, 0, 0.75f, 0, 0, 0}, v);
            same(new double[] {2, 4}, count);
            check(Arrays.equals(new byte[] {0, 1, 1, 1, 0, 1, 1, 1}, spikes), "spikes");
            same(new int[] {0, 1, 1, 2, 3, 3}, events.steps());
            same(new int[] {1, 0, 1, 1, 0, 1}, events.neurons());
            same(new int[6], events.samples());
            equal(4L, seen.get(seen.size() - 1));
            equal(4, session.run(new Run(4).recordInterval(2).stepsBefore(4).input(0, new float[8])));
        }
    }

    static void spikesAreAddedToAStepByNeuron() {
        try (Session session = newSession(new SessionOptions().batchSize(2))) {
            session.addInputSpikes(0, 1, new int[] {1, 0, 1});
            session.addInputSpikes(0, new int[0]);
            session.step(2);
            float[] v = new float[4];
            session.read("cells.v", v);
            same(new float[] {0, 0, 0.75f, 0}, v);
            equal(2L, session.counters().inputSpikes);
            fails(Status.INVALID_ARGUMENT, () -> session.addInputSpikes(0, new int[] {2}));
            fails(IllegalArgumentException.class, () -> session.addInputSpikes(0, 0, new int[] {-1}));
        }
    }

    static void aRunTakesEventsAndRecordsChosenNeurons() {
        try (Session session = newSession()) {
            int[] steps = {0, 0, 1, 3}, neurons = {0, 1, 0, 1};
            float[] v = new float[4];
            double[] exact = new double[4];
            byte[] spikes = new byte[4 * 2], again = new byte[4];
            Run.SpikeEvents events = new Run.SpikeEvents(8);
            equal(4, session.run(new Run(4).inputSpikes(0, steps, neurons, null).recordValues("cells.v", new long[] {0}, v)
                .recordValues("cells.v", new long[] {0}, exact).recordValues("cells.spikes", null, spikes).record(0, events)));
            same(new float[] {0.75f, 0, 0, 0.25f}, v);
            same(new double[] {0.75, 0, 0, 0.25}, exact);
            check(Arrays.equals(new byte[] {0, 1, 1, 1, 0, 0, 0, 0}, spikes), "spikes");
            same(neurons, events.neurons());
            session.reset();
            session.run(new Run(4).inputSpikes(0, events).recordValues("cells.spikes", new long[] {1}, again));
            check(Arrays.equals(new byte[] {1, 1, 0, 0}, again), "again");
            fails(IllegalArgumentException.class, () -> new Run(4).inputSpikes(0, steps, new int[3], null));
            fails(Status.INVALID_ARGUMENT, () -> session.run(new Run(3).inputSpikes(0, steps, neurons, new int[4])));
            fails(Status.INVALID_ARGUMENT, () -> session.run(new Run(1).recordValues("cells.v", new long[] {2}, new float[1])));
        }
    }

    static void aRunEndsWhereRoomEndsOrProgressSaysNo() {
        try (Session session = newSession()) {
            Run.SpikeEvents events = new Run.SpikeEvents(4);
            equal(2, session.run(new Run(10).heldInput(0, new float[] {1, 1}).record(1, events)));
            equal(3, events.neurons().length); // one more step could give 2, and there is room for 1
            fails(Status.STOPPED, () -> session.run(new Run(10).progress(3, (done, total) -> false)));
            equal("mine", fails(UnsupportedOperationException.class, () -> session.run(new Run(10).progress(1, (done, total) -> {
                throw new UnsupportedOperationException("mine");
            }))).getMessage());
            session.step();
        }
    }

    static void aSecondThreadIsBusy() throws Exception {
        try (Network network = newMany(); Session session = new Session(network)) {
            session.setInput(0, new float[50]);
            AtomicBoolean busy = new AtomicBoolean();
            Thread other = new Thread(() -> {
                for (int i = 0; i < 1000000 && !busy.get(); ++i)
                    try {
                        session.stepCount();
                    } catch (SnnException exception) {
                        busy.set(exception.status() == Status.BUSY);
                    }
            });
            other.start();
            while (other.isAlive())
                try {
                    session.step(200);
                } catch (SnnException exception) {
                    if (exception.status() != Status.BUSY) throw exception;
                }
            check(busy.get(), "busy");
        }
    }

    static void aForgottenSessionIsCollected() throws Exception {
        WeakReference<Session> weak = newForgotten();
        for (int i = 0; i < 200 && weak.get() != null; ++i) {
            System.gc();
            Thread.sleep(5);
        }
        check(weak.get() == null, "collected");
    }

    private static WeakReference<Session> newForgotten() {
        Session session = newSession();
        session.onSpikes((from, population, sample, step, neurons) -> session.stepCount());
        session.bindInput(0, newBuffer(1, 1));
        session.step();
        return new WeakReference<>(session);
    }
}
