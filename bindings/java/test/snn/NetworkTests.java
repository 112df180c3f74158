package snn;

import static snn.Support.*;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import snn.Enums.*;

/** Networks, models, the library. */
final class NetworkTests {
    private NetworkTests() {}

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
        check(Library.availableMemoryBytes() > 0, "memory");
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
            Network.Placement placed = network.placement(new SessionOptions().device("cpu+cpu;cells=1"));
            check(placed.device.equals("cpu+cpu;cells=1") && placed.reasons.isEmpty() && placed.windowSteps == 0, "placement");
            check(placed.slices.length == 2 && placed.slices[0].device == 1, "an input goes where it is read");
            Network.PlacementSlice slice = placed.slices[1];
            check(slice.population == 1 && slice.first == 0 && slice.count == 2 && slice.device == 1, "placed cells");
            same(new int[] {1, 1}, placed.samples);
            check(placed.stepSeconds.length == 2 && placed.stepSeconds[0] == 0 && placed.stepSeconds[1] > 0, "step seconds");
            fails(Status.NOT_FOUND, () -> network.placement(new SessionOptions().device("cpu+quantum")));
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
            RandomConnection outward = RandomConnection.fixedOutdegree(3).weight(Distribution.exponential(0.5).within(0.1, 2));
            int second = builder.connectRandom(Projection.byRule(input, cells).name("outward"), outward);
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
                Distribution drawn = network.rule(second).weight();
                check(network.rule(second).rule() == ConnectionRule.FIXED_OUTDEGREE, "outward");
                check(drawn.kind == DistributionKind.EXPONENTIAL && drawn.a == 0.5 && drawn.high == 2, "exponential");
                same(new int[] {0, 0, 0, 1, 1, 1, 2, 2, 2}, network.synapses(second, 0, 3).sources);
                for (float weight : network.arrays(second).weights) check(weight >= 0.1f && weight <= 2, "weights");
            }
        }
    }

    static void everyKindOfProjectionConnects() {
        try (NetworkBuilder builder = new NetworkBuilder(1)) {
            int image = builder.addValueInput("image", 1, 4, 4), maps = builder.addNeurons("maps", "lif", 2, 4, 4);
            int pooled = builder.addNeurons("pooled", "lif", 2, 2, 2), twins = builder.addNeurons("twins", "lif", 8);
            builder.connect(Projection.conv2d(image, maps, 3, 3, new float[18]).padding(1, 1).bias(new float[2]).groups(1).dilation(1, 1));
            builder.connect(Projection.pool2d(maps, pooled, 2, 2, PoolMode.AVERAGE).stride(2, 2));
            builder.connect(Projection.oneToOne(pooled, twins, new float[8]).delaySteps(1).trainable(false).detached(true));
            float[] positions = {0, 1, 2, 3, 4, 5, 6, 7};
            RandomConnection near = RandomConnection.spatial(SpatialKernel.GAUSSIAN, 1, 1, 1.5, 1, positions, positions)
                .period(8, 0, 0).allowAutapses(false);
            int ring = builder.connectRandom(Projection.byRule(twins, twins).delaySteps(1), near);
            try (Network network = builder.finish()) {
                Network.ProjectionInfo conv = network.projection(0);
                same(new int[] {3, 3}, conv.kernel);
                same(new int[] {1, 1}, conv.padding);
                same(new float[2], conv.bias);
                check(!network.projection(2).trainable && network.projection(2).detached && !conv.detached, "trainable, detached");
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
}
