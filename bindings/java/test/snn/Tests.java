package snn;

import java.io.File;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import snn.Enums.*;

/** Every method here without parameters whose name does not begin with "new" is a test. */
final class Tests {
    private Tests() {}

    // ---- Running -------------------------------------------------------------------------------------------------------

    private static String adder;
    private static Path folder;

    public static void main(String[] arguments) throws Exception {
        // Run by tests/bindings/test_java.py with a library that is not there or is another one.
        if (arguments[0].equals("missing")) {
            check(fails(UnsatisfiedLinkError.class, () -> new NetworkBuilder(1)).getMessage().contains("snn"), "its name");
            System.out.println("passed");
            return;
        }
        if (arguments[0].equals("version")) {
            check(fails(Status.VERSION, () -> new NetworkBuilder(1)).getMessage().contains("ABI version 999"), "999");
            fails(Status.VERSION, () -> Network.load("any.snn"));
            fails(Status.VERSION, () -> Session.open("any.snn"));
            fails(Status.VERSION, () -> Model.builtin("lif"));
            System.out.println("passed");
            return;
        }
        adder = Files.readString(Path.of(arguments[0]));
        folder = Files.createTempDirectory("snn-java");
        int passed = 0, failed = 0;
        for (Method test : Tests.class.getDeclaredMethods()) {
            if (test.getParameterCount() != 0 || test.getName().startsWith("new") || test.isSynthetic()) continue;
            try {
                test.invoke(null);
                ++passed;
                System.out.println("passed " + test.getName());
            } catch (java.lang.reflect.InvocationTargetException exception) {
                ++failed;
                System.out.println("FAILED " + test.getName());
                exception.getCause().printStackTrace(System.out);
            }
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
        System.out.println("test cases: " + (passed + failed) + " | " + passed + " passed | " + failed + " failed");
        System.exit(failed == 0 && passed > 0 ? 0 : 1);
    }

    private interface Code {
        void run() throws Exception;
    }

    private static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError("not true: " + what);
    }

    private static void equal(Object expected, Object found) {
        if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
    }

    private static void same(float[] expected, float[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    private static void same(int[] expected, int[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    private static void same(double[] expected, double[] found) {
        if (!Arrays.equals(expected, found))
            throw new AssertionError("expected " + Arrays.toString(expected) + ", found " + Arrays.toString(found));
    }

    private static <T extends Throwable> T fails(Class<T> type, Code code) {
        try {
            code.run();
        } catch (Throwable any) {
            if (!type.isInstance(any)) throw new AssertionError("another exception", any);
            return type.cast(any);
        }
        throw new AssertionError("no " + type.getSimpleName() + " was thrown");
    }

    private static SnnException fails(Status status, Code code) {
        SnnException exception = fails(SnnException.class, code);
        if (exception.status() != status) throw new AssertionError("expected " + status, exception);
        check(!exception.getMessage().isEmpty(), "a sentence");
        return exception;
    }

    // ---- Networks with known answers -----------------------------------------------------------------------------------

    /** Spike input (2) -> dense -> adders (2): v = v + current; a spike where v >= 1, then v = 0. */
    private static Network newAdders() {
        try (Model model = Model.load(adder); NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addSpikeInput("in", 2), cells = builder.addNeurons("cells", model, 2);
            builder.connect(Projection.dense(input, cells, new float[] {0.5f, 1, 0.25f, 0}));
            return builder.finish();
        }
    }

    private static Session newSession() {
        return newSession(new SessionOptions());
    }

    private static Session newSession(SessionOptions options) {
        try (Network network = newAdders()) {
            return new Session(network, options);
        }
    }

    private static Network newTrainable() {
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
    private static Network newMany() {
        float[] weights = new float[50 * 40000];
        Library.randomNormal(1, 1, 0.1, 0.2, weights);
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addValueInput("in", 50), cells = builder.addNeurons("cells", "lif", 40000);
            builder.connect(Projection.dense(input, cells, weights));
            return builder.finish();
        }
    }

    private static FloatBuffer newBuffer(float... values) {
        FloatBuffer buffer = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
        buffer.put(values).flip();
        return buffer;
    }

    // ---- Networks ------------------------------------------------------------------------------------------------------

    static void theLibrarySaysWhatItHas() {
        equal("0.1.0", Library.version());
        check(Library.builtinModels().contains("lif"), "lif");
        check(Library.builtinSurrogates().contains("arctan"), "arctan");
        check(Library.builtinPlasticityRules().contains("pair_stdp"), "pair_stdp");
        Library.DeviceInfo cpu = Library.devices().stream().filter(device -> device.name.equals("cpu")).findFirst().get();
        check(cpu.canTrain && cpu.coreCount > 0 && cpu.instructionSets.get(0).equals("scalar"), "cpu");
        Library.DeviceSpeed speed = Library.deviceSpeed("cpu");
        check(speed.smallStep > 0 && speed.largeStep > speed.smallStep && speed.driver.isEmpty(), "speed of the cpu");
        check(Library.deviceSpeed("cpu").wasKept, "measured twice");
        fails(Status.NOT_FOUND, () -> Library.deviceSpeed("quantum"));
        equal("SNN_ERROR_BUSY", Library.statusName(Status.BUSY));
    }

    static void errorsCarryStatusAndSentence() {
        String sentence = fails(Status.INVALID_ARGUMENT, () -> new NetworkBuilder(-3.5)).getMessage();
        check(sentence.contains("dt_ms") && sentence.contains("-3.5"), sentence);
        sentence = fails(Status.IO, () -> Network.load("fehlt-\u00e4.snn")).getMessage();
        check(sentence.contains("fehlt-\u00e4.snn"), sentence);
        fails(Status.FORMAT, () -> Network.load(new byte[] {1}));
        fails(Status.FORMAT, () -> Network.load(new byte[0]));
        fails(Status.IO, () -> Session.open("absent.snn"));
        fails(Status.IO, () -> Network.load("a".repeat(5000)));
        fails(Status.FORMAT, () -> Model.load("{}"));
        fails(Status.NOT_FOUND, () -> Model.builtin("nothing"));
        fails(IllegalArgumentException.class, () -> Model.builtin("l\0if"));
        fails(NullPointerException.class, () -> Model.load(null));
        fails(NullPointerException.class, () -> Session.open(null));
        fails(NullPointerException.class, () -> new Session(null));
    }

    static void wrongSizesAreRefused() {
        NetworkBuilder builder = new NetworkBuilder(1);
        int input = builder.addSpikeInput("in", 2), cells = builder.addNeurons("cells", "lif", 2);
        fails(Status.INVALID_ARGUMENT, () -> builder.connect(Projection.dense(input, cells, new float[3])));
        fails(Status.INVALID_ARGUMENT, () -> builder.connect(Projection.dense(input, cells, new float[0])));
        fails(Status.NOT_FOUND, () -> builder.connect(Projection.dense(input, 7, new float[4])));
        fails(IllegalArgumentException.class, () -> builder.connect(Projection.dense(-1, cells, new float[4])));
        fails(NullPointerException.class, () -> Projection.dense(input, cells, null));
        fails(IllegalArgumentException.class, () -> builder.addNeurons("more", "lif"));
        fails(Status.INVALID_ARGUMENT, () -> builder.addNeurons("cells", "lif", 2));
        fails(IllegalArgumentException.class, () -> builder.addNeurons("more", "lif", -2));
        fails(Status.INVALID_ARGUMENT, () -> builder.setParameter(cells, "tau_membrane", 1, 2, 3));
        fails(Status.INVALID_ARGUMENT, () -> builder.setParameter(cells, "tau_membrane"));
        Projection rows = Projection.sparse(input, cells, new long[] {0, 1, 2}, new int[] {0, 1}, new float[2]);
        String sentence = fails(IllegalArgumentException.class, () -> builder.connect(rows.synapseDelays(new short[1]))).getMessage();
        check(sentence.contains("1 values for 2"), sentence);
        builder.close();
        builder.close();
        check(fails(IllegalStateException.class, () -> builder.addSpikeInput("late", 1)).getMessage().contains("closed"), "closed");
    }

    static void aNetworkTellsWhatItIs() {
        try (Network network = newAdders()) {
            Network.Info info = network.info();
            equal("2 1 2 4 4 1.0", info.populationCount + " " + info.projectionCount + " " + info.neuronCount + " "
                + info.synapseCount + " " + info.parameterCount + " " + info.dtMs);
            Network.PopulationInfo cells = network.population(network.findPopulation("cells"));
            equal("cells adder 2 [2]", cells.name + " " + cells.modelName + " " + cells.size + " " + Arrays.toString(cells.shape));
            Network.ProjectionInfo projection = network.projection(network.findProjection("in_to_cells"));
            check(projection.kind == ConnectionKind.DENSE && projection.source == 0 && projection.target == 1, "dense");
            same(new float[] {0.5f, 1, 0.25f, 0}, network.arrays(0).weights);
            same(new double[] {1}, network.parameter(1, "threshold"));
            same(new double[] {0}, network.initialState(1, "v"));
            try (Model model = network.model(1); Model shared = model.share()) {
                check(shared.text().contains("adder"), "text");
            }
            fails(Status.NOT_FOUND, () -> network.rule(0));
            fails(Status.NOT_FOUND, () -> network.plasticity(0));
            Network.MemoryEstimate memory = network.memory(new SessionOptions());
            check(memory.projections.length == 1 && memory.totalBytes >= 16, "memory");
            int[] places = network.placement(new SessionOptions().device("cpu+cpu;cells=1"));
            check(places.length == 3 && places[0] == 1 && places[1] == 1 && places[2] == 0, "placement");
            check(network.placementWords(new SessionOptions().device("cpu+cpu;cells=1")).equals("cpu+cpu;cells=1"), "placement words");
        }
    }

    static void optionsSurrogatesAndStatesAreReadBack() {
        NetworkBuilder builder = new NetworkBuilder(0.5);
        int cells = builder.addNeurons("cells", "lif", 1, 2, 2), others = builder.addNeurons("others", "lif", 1);
        builder.setParameter(cells, "tau_membrane", 5, 6, 7, 8);
        builder.setOption(cells, "reset", "subtract");
        builder.setInitialState(cells, "v", 0.25);
        builder.setSurrogate(cells, "arctan", 3, 0.5);
        try (Model triangle = Model.builtinSurrogate("triangle")) {
            builder.setSurrogate(others, triangle);
        }
        try (Network network = builder.finish()) {
            same(new double[] {5, 6, 7, 8}, network.parameter(cells, "tau_membrane"));
            equal("subtract", network.option(cells, "reset"));
            same(new double[] {0.25}, network.initialState(cells, "v"));
            same(new double[] {3, 0.5}, network.surrogateParameters(cells));
            try (Model surrogate = network.surrogate(cells)) {
                check(surrogate.text().contains("arctan"), "arctan");
            }
            equal("triangle", network.population(others).surrogateName);
            same(new int[] {1, 2, 2}, network.population(cells).shape);
            fails(Status.STATE, () -> builder.addSpikeInput("late", 1));
            builder.close();
            equal(2, network.info().populationCount);
        }
    }

    static void sparseRowsAndRulesGiveTheirSynapses() {
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int input = builder.addSpikeInput("in", 3), cells = builder.addNeurons("cells", "lif", 4);
            builder.connect(Projection.sparse(input, cells, new long[] {0, 2, 2, 3}, new int[] {3, 0, 1}, new float[] {1, 2, 4})
                .synapseDelays(new short[] {1, 1, 2}).arithmetic(Arithmetic.FLOAT).name("rows"));
            RandomConnection rule = RandomConnection.fixedIndegree(2).allowMultapses(false).seed(9)
                .weight(Distribution.constant(0.5)).delay(Distribution.uniform(1, 3));
            int random = builder.connectRandom(Projection.byRule(input, cells).name("random"), rule);
            try (Network network = builder.finish()) {
                Network.ProjectionArrays arrays = network.arrays(0);
                check(Arrays.equals(new long[] {0, 2, 2, 3}, arrays.rowOffsets), "rows");
                same(new int[] {0, 3, 1}, arrays.synapseTargets); // canonical: by target within a delay
                same(new float[] {2, 1, 4}, arrays.weights);
                check(Arrays.equals(new short[] {1, 1, 2}, arrays.synapseDelays), "delays");
                RandomConnection made = network.rule(random);
                check(made.rule() == ConnectionRule.FIXED_INDEGREE && made.count() == 2 && made.seed() == 9, "rule");
                check(made.weight().a == 0.5 && made.delay().kind == DistributionKind.UNIFORM && made.delay().b == 3, "drawn");
                Network.Synapses synapses = network.synapses(random, 0, 3);
                int[] targets = synapses.targets.clone();
                Arrays.sort(targets);
                same(new int[] {0, 0, 1, 1, 2, 2, 3, 3}, targets);
                check(Arrays.stream(synapses.delays).allMatch(delay -> delay >= 1 && delay <= 3), "delays");
            }
        }
    }

    static void everyKindOfProjectionConnects() {
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int image = builder.addValueInput("image", 1, 4, 4), maps = builder.addNeurons("maps", "lif", 2, 4, 4);
            int pooled = builder.addNeurons("pooled", "lif", 2, 2, 2), twins = builder.addNeurons("twins", "lif", 8);
            builder.connect(Projection.conv2d(image, maps, 3, 3, new float[18]).padding(1, 1).bias(new float[2]).groups(1).dilation(1, 1));
            builder.connect(Projection.pool2d(maps, pooled, 2, 2, PoolMode.AVERAGE).stride(2, 2));
            builder.connect(Projection.oneToOne(pooled, twins, new float[8]).delaySteps(1).trainable(false));
            float[] positions = {0, 1, 2, 3, 4, 5, 6, 7};
            RandomConnection near = RandomConnection.spatial(SpatialKernel.GAUSSIAN, 1, 1, 1.5, 1, positions, positions)
                .period(8, 0, 0).allowAutapses(false);
            int ring = builder.connectRandom(Projection.byRule(twins, twins).delaySteps(1), near);
            try (Network network = builder.finish()) {
                Network.ProjectionInfo conv = network.projection(0);
                same(new int[] {3, 3}, conv.kernel);
                same(new int[] {1, 1}, conv.padding);
                same(new float[2], conv.bias);
                check(!network.projection(2).trainable, "trainable");
                Network.Synapses synapses = network.synapses(ring, 0, 8);
                check(synapses.sources.length > 0, "synapses");
                for (int i = 0; i < synapses.sources.length; ++i) {
                    int distance = Math.floorMod(synapses.sources[i] - synapses.targets[i], 8);
                    check(distance == 1 || distance == 7, "neighbours");
                }
            }
        }
    }

    static void plasticityIsSetAndReadBack() {
        try (NetworkBuilder builder = new NetworkBuilder(1); Model rule = Model.builtinPlasticity("pair_stdp")) {
            int input = builder.addSpikeInput("in", 2), cells = builder.addNeurons("cells", "lif", 2);
            Projection rows = Projection.sparse(input, cells, new long[] {0, 2, 4}, new int[] {0, 1, 0, 1}, new float[4]).delaySteps(1);
            int plastic = builder.connect(rows), second = builder.connect(rows.name("second"));
            builder.setPlasticity(plastic, "pair_stdp");
            builder.setPlasticityParameter(plastic, "tau_plus", 12.5);
            builder.setPlasticityOption(plastic, "bounds", "soft");
            builder.setPlasticity(second, rule);
            try (Network network = builder.finish(); Model found = network.plasticity(second)) {
                check(found.text().contains("pair_stdp"), "rule");
                equal(12.5, network.plasticityParameter(plastic, "tau_plus"));
                equal("soft", network.plasticityOption(plastic, "bounds"));
                fails(Status.NOT_FOUND, () -> network.plasticityParameter(plastic, "nothing"));
            }
        }
    }

    static void aFileHoldsTheNetwork() throws Exception {
        Path path = folder.resolve("netz.snn");
        try (Network network = newAdders()) {
            network.save(path.toString());
        }
        try (Network loaded = Network.load(path.toString())) {
            same(new float[] {0.5f, 1, 0.25f, 0}, loaded.arrays(0).weights);
        }
        byte[] bytes = Files.readAllBytes(path);
        try (Network loaded = Network.load(bytes)) {
            equal(4L, loaded.info().synapseCount);
        }
        fails(Status.FORMAT, () -> Network.load(Arrays.copyOf(bytes, bytes.length - 1)));
    }

    static void closedObjectsSaySo() {
        Network network = newAdders(), shared = network.share();
        network.close();
        network.close();
        fails(IllegalStateException.class, () -> new Session(network));
        fails(IllegalStateException.class, () -> network.findPopulation("cells"));
        Session session = new Session(shared);
        shared.close(); // the session keeps the network
        session.step();
        session.close();
        fails(IllegalStateException.class, () -> session.step());
        fails(IllegalStateException.class, () -> session.setInput(0, new float[2]));
        Model model = Model.builtin("lif");
        model.close();
        fails(IllegalStateException.class, model::text);
    }

    static void networksGoToAnyThread() throws Exception {
        Network network = newAdders();
        float[][] results = new float[4][];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; ++i) {
            int index = i;
            threads.add(new Thread(() -> {
                try (Session session = new Session(network)) {
                    session.setInput(0, new float[] {1, 1});
                    session.step();
                    results[index] = session.read("cells.v");
                }
            }));
        }
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join();
        network.close();
        for (float[] result : results) same(new float[] {0.75f, 0}, result);
    }

    static void encodersAndRandomNumbersAreTheLibrarys() {
        float[] latency = new float[15], expected = new float[15];
        new Encoder(Encoding.LATENCY, 5).encode(new float[] {1, 0, 0.5f}, 1, 3, latency);
        expected[0] = 1; // the first step for 1, none for 0, step round(0.5 * 4) for 0.5
        expected[2 * 3 + 2] = 1;
        same(expected, latency);
        float[] constant = new float[2];
        new Encoder(Encoding.CONSTANT, 2).gain(2).encode(new float[] {0.25f}, 1, 1, constant);
        same(new float[] {0.5f, 0.5f}, constant);
        Encoder rate = new Encoder(Encoding.RATE, 2).seed(3).threshold(0.5f);
        fails(Status.INVALID_ARGUMENT, () -> rate.encode(new float[1], 2, 1, new float[4]));
        fails(IllegalArgumentException.class, () -> rate.encode(new float[1], -1, 1, new float[4]));
        float[] one = new float[100], two = new float[100];
        Library.randomUniform(1, 2, -1, 1, one);
        Library.randomUniform(1, 2, -1, 1, two);
        same(one, two);
        for (float value : one) check(value >= -1 && value < 1, "uniform");
        check(one[0] != one[1], "random");
        double[] drawn = new double[50];
        Library.randomDraw(Distribution.normal(5, 1).within(4, 6), 3, 0, drawn);
        check(Arrays.stream(drawn).allMatch(value -> value >= 4 && value <= 6) && drawn[0] != drawn[1], "drawn");
        fails(Status.INVALID_ARGUMENT, () -> Library.randomDraw(Distribution.lognormal(0, 1).within(-2, -1), 3, 0, drawn));
    }

    // ---- Sessions ------------------------------------------------------------------------------------------------------

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

    static void frameTimeBecomesWholeSteps() {
        try (Session session = newSession(new SessionOptions().maxCatchUpSteps(50))) {
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

    static void statesAndWeightsComeBackFromFiles() {
        String state = folder.resolve("now.state").toString(), net = folder.resolve("net.snn").toString();
        try (Session session = newSession(); Network network = newAdders()) {
            session.setInput(0, new float[] {1, 0});
            session.step();
            session.saveState(state);
            session.setInput(0, new float[] {1, 0});
            session.step();
            same(new float[] {0, 0}, session.read("cells.v"));
            session.loadState(state);
            same(new float[] {0.5f, 0}, session.read("cells.v"));
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

    // ---- Callbacks and training ----------------------------------------------------------------------------------------

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
        try (Network network = newMany(); Session session = newSession()) {
            String[] names = {"population is -1", "stepCount is -2", "sample is -3", "population is -1", "outputPopulation is -1", "index is -1"};
            Code[] wrong = {() -> session.setInput(-1, new float[2]), () -> session.step(-2), () -> session.spikes(1, -3),
                () -> session.run(new Run(2).input(-1, new float[4])), () -> new Trainer.Options(-1, 5), () -> network.population(-1)};
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
                trainer.backward();
                trainer.setLearningRate(1e-3);
                trainer.update();
                trainer.setDropout(1, 0.5, 1);
                fails(Status.INVALID_ARGUMENT, () -> trainer.setDropout(0, 0.5, 1));
                trainer.setQuantization(0, 8, true);
                trainer.setQuantization(0, 0, false);
                fails(Status.INVALID_ARGUMENT, () -> trainer.setQuantization(0, 1, false));
                fails(Status.INVALID_ARGUMENT, () -> trainer.setNormalization(0, -1, 0.1, 1e-5));
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
