package snn;

import static snn.Support.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import snn.Enums.*;

/** Callbacks, the host's jobs, training. */
final class CallbackTests {
    private CallbackTests() {}

    static void aSpikeCallbackSeesTheSpikesAndMayRead() {
        try (Session session = newSession()) {
            List<String> seen = new ArrayList<>();
            session.onSpikes((from, population, sample, step, neurons) -> seen.add(step + " " + population + " " + neurons.remaining() + " "
                + neurons.get(0) + " " + from.read("cells.v")[0]));
            session.setInput(0, new float[] {1, 1});
            session.runStepWithin(0.001f, 1);
            equal(List.of("0 1 1 1 0.75"), seen);
            session.onSpikes(null);
            session.setInput(0, new float[] {1, 1});
            session.step();
            equal(1, seen.size());
        }
    }

    static void anExceptionInACallbackIsThrownByTheStep() {
        try (Session session = newSession()) {
            session.onSpikes((from, population, sample, step, neurons) -> {
                throw new UnsupportedOperationException("mine");
            });
            session.setInput(0, new float[] {1, 1});
            equal("mine", fails(UnsupportedOperationException.class, session::step).getMessage());
            session.onSpikes((from, population, sample, step, neurons) -> newEndlessStack(0));
            session.setInput(0, new float[] {1, 1});
            fails(StackOverflowError.class, session::step);
            session.onSpikes(null);
            session.step();
            equal(3L, session.stepCount());
            AtomicLong calls = new AtomicLong();
            session.onSpikes((from, population, sample, step, neurons) -> {
                calls.incrementAndGet();
                throw new UnsupportedOperationException("mine");
            });
            Run run = new Run(10).heldInput(0, new float[] {1, 1});
            fails(UnsupportedOperationException.class, () -> session.run(run));
            equal(1L, calls.get()); // not called again in the call in which it threw
            fails(UnsupportedOperationException.class, () -> session.run(run));
            equal(2L, calls.get());
        }
    }

    static void negativeIndicesAndCountsAreRefusedByName() {
        try (Network network = newTrainable(); Session session = new Session(network);
             Trainer trainer = new Trainer(session, new Trainer.Options(network.findPopulation("out"), 5).loss(Loss.NONE));
             NetworkBuilder builder = new NetworkBuilder(1)) {
            int image = builder.addValueInput("image", 1, 4, 4), maps = builder.addNeurons("maps", "lif", 1, 4, 4);
            String[] names = {"population is -1", "stepCount is -2", "sample is -3", "population is -1", "outputPopulation is -1",
                "index is -1", "projection is -1", "bits is -8", "projection is -1", "projection is -1", "capacity is -4", "steps is -5",
                "steps is -6", "dimensions is -2", "padding is -1"};
            Code[] wrong = {() -> session.setInput(-1, new float[2]), () -> session.step(-2), () -> session.spikes(1, -3),
                () -> session.run(new Run(2).input(-1, new float[4])), () -> new Trainer.Options(-1, 5), () -> network.population(-1),
                () -> trainer.setQuantization(-1, 8, false), () -> trainer.setQuantization(0, -8, false),
                () -> trainer.setNormalization(-1, 1, 0.1, 1e-5),
                () -> trainer.setDelayLearning(-1, DelayKernel.GAUSSIAN, 2, 1), () -> new Run.SpikeEvents(-4),
                () -> new Trainer.Options(0, 5).checkpointSteps(-5), () -> new Trainer.Options(0, 5).windows(-6, false),
                () -> RandomConnection.spatial(SpatialKernel.GAUSSIAN, 1, 1, 1, -2, new float[1], new float[1]),
                () -> builder.connect(Projection.conv2d(image, maps, 3, 3, new float[9]).padding(-1, 0))};
            for (int i = 0; i < wrong.length; ++i) {
                String sentence = fails(IllegalArgumentException.class, wrong[i]).getMessage();
                check(sentence.startsWith(names[i]), sentence);
            }
        }
    }

    private static int newEndlessStack(int depth) {
        return newEndlessStack(depth + 1) + 1;
    }

    static void steppingInsideACallbackIsBusyAndClosingWaits() {
        Session session = newSession();
        Status[] inside = {Status.OK};
        session.onSpikes((from, population, sample, step, neurons) -> {
            inside[0] = fails(SnnException.class, from::step).status();
            from.close();
        });
        session.setInput(0, new float[] {1, 1});
        session.step();
        equal(Status.BUSY, inside[0]);
        fails(IllegalStateException.class, session::step);
    }

    private static final class Jobs implements SessionOptions.JobSystem {
        boolean careless;
        int calls;

        @Override
        public int workerCount() {
            return 3;
        }

        @Override
        public void parallelFor(int count, IntConsumer task) {
            ++calls;
            if (careless) {
                task.accept(0);
                task.accept(0);
                task.accept(count + 5);
                throw new UnsupportedOperationException("from the job system");
            }
            List<Thread> threads = new ArrayList<>();
            for (int i = count - 1; i >= 0; --i) {
                int index = i;
                threads.add(new Thread(() -> task.accept(index)));
            }
            for (Thread thread : threads) thread.start();
            for (Thread thread : threads)
                try {
                    thread.join();
                } catch (InterruptedException exception) {
                    throw new AssertionError(exception);
                }
        }
    }

    private static float[] newRun(Session session) {
        float[] input = new float[50];
        Arrays.fill(input, 0.7f);
        session.setInput(0, input);
        session.step(5);
        return session.read("cells.v");
    }

    static void jobsOfTheHostGiveTheSameBits() {
        try (Network network = newMany()) {
            float[] expected = newRun(new Session(network));
            Jobs jobs = new Jobs();
            try (Session session = new Session(network, new SessionOptions().jobSystem(jobs))) {
                same(expected, newRun(session));
            }
            check(jobs.calls > 0, "calls");
            jobs.careless = true;
            try (Session session = new Session(network, new SessionOptions().jobSystem(jobs))) {
                fails(UnsupportedOperationException.class, () -> newRun(session));
                same(expected, session.read("cells.v")); // a careless job system changes no result
            }
        }
    }

    static void theLogSaysWhatWasOpened() {
        List<String> lines = new ArrayList<>();
        SessionOptions options = new SessionOptions().log((level, line) -> lines.add(level + " " + line)).maxCatchUpSteps(2);
        try (Session session = newSession(options)) {
            session.runStep(1);
        }
        check(lines.get(0).startsWith("INFORMATION") && lines.get(0).contains("cpu"), lines.get(0));
        check(lines.stream().anyMatch(line -> line.startsWith("WARNING")), "warning");
        fails(UnsupportedOperationException.class, () -> newSession(new SessionOptions().log((level, line) -> {
            throw new UnsupportedOperationException("mine");
        })));
    }

    static void aBatchTakesEventsAsItTakesFrames() {
        NetworkBuilder builder = new NetworkBuilder(1);
        int input = builder.addSpikeInput("in", 2), output = builder.addNeurons("out", "leaky_integrator", 2);
        builder.connect(Projection.dense(input, output, new float[] {0.5f, 1, 0.25f, 0}));
        Trainer.Options options = new Trainer.Options(output, 3).loss(Loss.CROSS_ENTROPY_MAX_MEMBRANE);
        try (Network network = builder.finish(); Session session = new Session(network, new SessionOptions().batchSize(2));
             Trainer trainer = new Trainer(session, options)) {
            float[] frames = new float[3 * 2 * 2];
            frames[1] = 1; // step 0, sample 0, neuron 1
            frames[10] = 1; // step 2, sample 1, neuron 0
            int[] labels = {0, 1};
            double expected = trainer.forward(new Trainer.Batch(labels).input(0, frames)).loss;
            Trainer.Batch events = new Trainer.Batch(labels).inputSpikes(0, new int[] {0, 2}, new int[] {1, 0}, new int[] {0, 1});
            equal(expected, trainer.forward(events).loss);
            Trainer.Batch silence = new Trainer.Batch(labels).inputSpikes(0, new int[0], new int[0], new int[0]);
            check(trainer.step(silence).loss != expected, "loss of silence");
            Trainer.Batch late = new Trainer.Batch(labels).inputSpikes(0, new int[] {3}, new int[1], new int[1]);
            fails(Status.INVALID_ARGUMENT, () -> trainer.step(late));
            fails(IllegalArgumentException.class, () -> new Trainer.Batch(labels).inputSpikes(0, new int[2], new int[1], null));
        }
    }

    static void trainingLowersTheLossAndCallsBack() {
        try (Network network = newTrainable(); Session session = new Session(network, new SessionOptions().batchSize(2))) {
            AtomicLong epochs = new AtomicLong(), updates = new AtomicLong();
            session.onEpoch((from, epoch) -> {
                equal(80L, epoch.sampleCount);
                epochs.set(epoch.number);
            });
            session.onWeights((from, projection, update, norm) -> updates.addAndGet(norm > 0 && update > 0 ? 1 : 0));
            Trainer.Options options = new Trainer.Options(network.findPopulation("out"), 20).loss(Loss.CROSS_ENTROPY_MAX_MEMBRANE)
                .learningRate(1e-2).optimizer(Optimizer.ADAM);
            try (Trainer trainer = new Trainer(session, options)) {
                Trainer.Batch batch = new Trainer.Batch(new int[] {0, 1}).heldInput(0, new float[] {1, 0, 1, 0, 0, 1, 0, 1});
                Trainer.Result first = trainer.step(batch);
                for (int i = 1; i < 40; ++i) trainer.step(batch);
                equal(1L, trainer.endEpoch().number);
                equal(1L, epochs.get());
                equal(80L, updates.get());
                Trainer.Result last = trainer.forward(batch);
                check(last.loss < 0.5 * first.loss && last.correctCount == 2, first.loss + " -> " + last.loss);
                float[] scores = new float[4];
                trainer.scores(scores);
                check(scores[0] > scores[1] && scores[3] > scores[2], "scores");
                check(trainer.lossOf(2) == last.loss, "loss of the output");
                fails(Status.INVALID_ARGUMENT, () -> trainer.lossOf(1));
                trainer.backward();
                trainer.setLearningRate(1e-3);
                trainer.update();
                trainer.setClassWeights(new float[] {1, 0});
                fails(Status.INVALID_ARGUMENT, () -> trainer.setClassWeights(new float[] {1}));
                trainer.setClassWeights(new float[0]);
                trainer.setAuxiliaryLoss(1, Loss.CROSS_ENTROPY_COUNT, 0);
                fails(Status.INVALID_ARGUMENT, () -> trainer.setAuxiliaryLoss(2, Loss.CROSS_ENTROPY_MAX_MEMBRANE, 1)); // the output
                trainer.setDropout(1, 0.5, 1);
                fails(Status.INVALID_ARGUMENT, () -> trainer.setDropout(0, 0.5, 1));
                trainer.setQuantization(0, 8, true);
                trainer.setQuantization(0, 0, false);
                fails(Status.INVALID_ARGUMENT, () -> trainer.setQuantization(0, 1, false));
                fails(Status.INVALID_ARGUMENT, () -> trainer.setNormalization(0, -1, 0.1, 1e-5));
                fails(Status.INVALID_ARGUMENT, () -> trainer.setDelayLearning(0, DelayKernel.GAUSSIAN, 2, 100)); // it is dense
                double[] state = trainer.state();
                trainer.setState(state);
                equal(41.0, state[0]); // updates
                fails(Status.INVALID_ARGUMENT, () -> trainer.setState(new double[1]));
                try (Network learned = session.toNetwork()) {
                    check(learned.learnable(1, "tau_membrane") && !learned.learnable(1, "threshold"), "learnable");
                    check(learned.parameter(1, "tau_membrane")[0] != 20, "a parameter learns");
                }
                fails(Status.STATE, trainer::update);
                fails(Status.INVALID_ARGUMENT, () -> trainer.step(new Trainer.Batch(new int[1])));
            }
            session.step(); // lives on
            int out = network.findPopulation("out"), steps = 20;
            Trainer.Options own = new Trainer.Options(out, steps).loss(Loss.NONE).learningRate(1e-2);
            try (Trainer trainer = new Trainer(session, own)) {
                Trainer.Batch batch = new Trainer.Batch(null).heldInput(0, new float[] {1, 0, 1, 0, 0, 1, 0, 1});
                float[] v = new float[steps * 2 * 2], gradient = new float[v.length];
                double first = 0, last = 0;
                for (int i = 0; i < 40; ++i) {
                    trainer.run(batch, new Trainer.StepArrays().add(out, "v", v));
                    last = 0; // the mean square distance from 0.5
                    for (int k = 0; k < v.length; ++k) {
                        last += Math.pow(v[k] - 0.5, 2) / v.length;
                        gradient[k] = 2 * (v[k] - 0.5f) / v.length;
                    }
                    if (i == 0) first = last;
                    trainer.runBackward(last, new Trainer.StepArrays().add(out, "v", gradient), null);
                    trainer.update();
                }
                check(last < 0.5 * first, first + " -> " + last);
                fails(Status.STATE, trainer::backward);
                fails(Status.STATE, () -> trainer.runBackward(0, new Trainer.StepArrays(),
                    new Trainer.StepArrays().add(0, "spikes", new float[steps * 2 * 4])));
            }
            Trainer gone = new Trainer(session, options);
            gone.close();
            fails(IllegalStateException.class, gone::backward);
            fails(Status.NOT_FOUND, () -> new Trainer(session, new Trainer.Options(9, 20)));
        }
    }
}
