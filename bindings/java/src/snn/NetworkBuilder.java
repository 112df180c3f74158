package snn;

import java.nio.ByteBuffer;
import java.util.Objects;
import snn.Enums.PopulationKind;

/** A network that is being built; {@link #finish} makes it a {@link Network}. Populations and projections are known by the index
 * that adding them returns. Shapes are one size, or (channels, height, width). */
public final class NetworkBuilder implements AutoCloseable {
    private final Handle handle;

    /** An empty network with the time step in milliseconds. C: {@code snn_network_create}. */
    public NetworkBuilder(double dtMs) {
        Library.checkVersion();
        try (Scope scope = new Scope()) {
            ByteBuffer network = scope.bytes(8);
            Library.check(Native.snn_network_create(dtMs, Jni.address(network)));
            handle = Handle.of(this, "network", network.getLong(0), Native::snn_network_release);
        }
    }

    /** An input that takes spikes, 0 or 1, for each step. C: {@code snn_network_add_population}. */
    public int addSpikeInput(String name, int... shape) {
        return add(name, shape, PopulationKind.SPIKE_INPUT, null, 0);
    }

    /** An input that takes real values, which stay until they are changed. C: {@code snn_network_add_population}. */
    public int addValueInput(String name, int... shape) {
        return add(name, shape, PopulationKind.VALUE_INPUT, null, 0);
    }

    /** Neurons of a built-in model. C: {@code snn_network_add_population}. */
    public int addNeurons(String name, String builtinModel, int... shape) {
        return add(name, shape, PopulationKind.NEURONS, builtinModel, 0);
    }

    /** Neurons of a model of your own. C: {@code snn_network_add_population}. */
    public int addNeurons(String name, Model model, int... shape) {
        return add(name, shape, PopulationKind.NEURONS, null, model.handle.get());
    }

    private int add(String name, int[] shape, PopulationKind kind, String modelName, long model) {
        if (shape.length < 1 || shape.length > 3) throw new IllegalArgumentException("a shape has 1 to 3 dimensions");
        try (Scope scope = new Scope()) {
            ByteBuffer def = scope.bytes((long) Native.SNNPopulationDef.SIZE), index = scope.bytes(4);
            Native.snn_population_def_init(Jni.address(def), Native.SNNPopulationDef.SIZE);
            def.putLong(Native.SNNPopulationDef.name, scope.text(name));
            def.putInt(Native.SNNPopulationDef.kind, kind.value);
            def.putLong(Native.SNNPopulationDef.model_name, scope.text(modelName));
            def.putLong(Native.SNNPopulationDef.model, model);
            int at = Native.SNNPopulationDef.shape;
            def.putInt(at + Native.SNNShape.rank, shape.length);
            for (int i = 0; i < shape.length; ++i) def.putInt(at + Native.SNNShape.dims + 4 * i, Scope.whole(shape[i], "shape"));
            Library.check(Native.snn_network_add_population(handle.get(), Jni.address(def), Jni.address(index)));
            return index.getInt(0);
        }
    }

    /** A parameter of the population's model, in the model's unit: one value, or one for each neuron.
     * C: {@code snn_network_set_parameter}. */
    public void setParameter(int population, String parameter, double... values) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_parameter(handle.get(), Scope.whole(population, "population"), scope.text(parameter), scope.doubles(values),
                values.length));
        }
    }

    /** Whether training changes the parameter. C: {@code snn_network_set_learnable}. */
    public void setLearnable(int population, String parameter, boolean learnable) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_learnable(handle.get(), Scope.whole(population, "population"), scope.text(parameter), learnable ? 1 : 0));
        }
    }

    /** An option of the model: ("reset", "subtract"). C: {@code snn_network_set_option}. */
    public void setOption(int population, String option, String choice) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_option(handle.get(), Scope.whole(population, "population"), scope.text(option), scope.text(choice)));
        }
    }

    /** The state at step 0 and after a reset: one value, or one for each neuron. C: {@code snn_network_set_initial_state}. */
    public void setInitialState(int population, String state, double... values) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_initial_state(handle.get(), Scope.whole(population, "population"), scope.text(state), scope.doubles(values),
                values.length));
        }
    }

    /** The built-in surrogate used in training; no parameters keep its defaults. C: {@code snn_network_set_surrogate}. */
    public void setSurrogate(int population, String name, double... parameters) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_surrogate(handle.get(), Scope.whole(population, "population"), scope.text(name), 0, scope.doubles(parameters),
                parameters.length));
        }
    }

    /** A surrogate of your own. C: {@code snn_network_set_surrogate}. */
    public void setSurrogate(int population, Model surrogate, double... parameters) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_surrogate(handle.get(), Scope.whole(population, "population"), 0, surrogate.handle.get(),
                scope.doubles(parameters), parameters.length));
        }
    }

    /** A projection; returns its index. C: {@code snn_network_connect}. */
    public int connect(Projection projection) {
        try (Scope scope = new Scope()) {
            ByteBuffer index = scope.bytes(4);
            Library.check(Native.snn_network_connect(handle.get(), projection.write(scope), Jni.address(index)));
            return index.getInt(0);
        }
    }

    /** A sparse projection, {@link Projection#byRule}, whose synapses the rule makes whenever they are needed.
     * C: {@code snn_network_connect_random}. */
    public int connectRandom(Projection projection, RandomConnection rule) {
        try (Scope scope = new Scope()) {
            ByteBuffer index = scope.bytes(4);
            Library.check(Native.snn_network_connect_random(handle.get(), projection.write(scope), rule.write(scope),
                Jni.address(index)));
            return index.getInt(0);
        }
    }

    /** Lets the weights of a sparse projection change while the network runs, by a built-in rule.
     * C: {@code snn_network_set_plasticity}. */
    public void setPlasticity(int projection, String builtinRule) {
        Objects.requireNonNull(builtinRule, "builtinRule");
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_plasticity(handle.get(), Scope.whole(projection, "projection"), scope.text(builtinRule), 0));
        }
    }

    /** The same by a rule of your own. C: {@code snn_network_set_plasticity}. */
    public void setPlasticity(int projection, Model rule) {
        Library.check(Native.snn_network_set_plasticity(handle.get(), Scope.whole(projection, "projection"), 0, rule.handle.get()));
    }

    /** A parameter of the projection's rule. C: {@code snn_network_set_plasticity_parameter}. */
    public void setPlasticityParameter(int projection, String parameter, double value) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_plasticity_parameter(handle.get(), Scope.whole(projection, "projection"), scope.text(parameter), value));
        }
    }

    /** An option of the projection's rule. C: {@code snn_network_set_plasticity_option}. */
    public void setPlasticityOption(int projection, String option, String choice) {
        try (Scope scope = new Scope()) {
            Library.check(Native.snn_network_set_plasticity_option(handle.get(), Scope.whole(projection, "projection"), scope.text(option),
                scope.text(choice)));
        }
    }

    /** Checks the whole, makes it immutable and ends the builder. C: {@code snn_network_finish}. */
    public Network finish() {
        long value = handle.get();
        Library.check(Native.snn_network_finish(value));
        Library.check(Native.snn_network_retain(value)); // a reference of the network's own
        return new Network(value);
    }

    /** Gives up what was built; what was finished lives on as a network. */
    @Override
    public void close() {
        handle.close();
    }
}
