using System;
using static Snn.Library;

namespace Snn
{
    /// <summary>A network that is being built; <see cref="Finish"/> makes it a <see cref="Network"/>. Populations and
    /// projections are known by the index that adding them returns. Shapes are one size, or (channels, height, width).</summary>
    public sealed unsafe class NetworkBuilder : IDisposable
    {
        private readonly NetworkHandle handle;
        private bool finished;

        /// <summary>An empty network with the time step in milliseconds. C: <c>snn_network_create</c>.</summary>
        public NetworkBuilder(double dtMs)
        {
            Library.CheckVersion();
            IntPtr network;
            Library.Check(Native.snn_network_create(dtMs, &network));
            handle = new NetworkHandle(network);
        }

        /// <summary>An input that takes spikes, 0 or 1, for each step. C: <c>snn_network_add_population</c>.</summary>
        public int AddSpikeInput(string name, params int[] shape)
        {
            return Add(name, shape, PopulationKind.SpikeInput, null, null);
        }

        /// <summary>An input that takes real values, which stay until they are changed. C: <c>snn_network_add_population</c>.</summary>
        public int AddValueInput(string name, params int[] shape)
        {
            return Add(name, shape, PopulationKind.ValueInput, null, null);
        }

        /// <summary>Neurons of a built-in model. C: <c>snn_network_add_population</c>.</summary>
        public int AddNeurons(string name, string builtinModel, params int[] shape)
        {
            return Add(name, shape, PopulationKind.Neurons, builtinModel, null);
        }

        /// <summary>Neurons of a model of your own. C: <c>snn_network_add_population</c>.</summary>
        public int AddNeurons(string name, Model model, params int[] shape)
        {
            if (model == null) throw new ArgumentNullException(nameof(model));
            return Add(name, shape, PopulationKind.Neurons, null, model);
        }

        private int Add(string name, int[] shape, PopulationKind kind, string modelName, Model model)
        {
            if (shape == null || shape.Length < 1 || shape.Length > 3)
                throw new ArgumentException("a shape has 1 to 3 dimensions", nameof(shape));
            uint index;
            using (var held = new HeldHandle(model?.handle))
            fixed (byte* nameText = Utf8.Bytes(name), modelText = Utf8.Bytes(modelName))
            {
                SNNPopulationDef def;
                Native.snn_population_def_init(&def, (uint)sizeof(SNNPopulationDef));
                def.name = nameText;
                def.kind = (uint)kind;
                def.model_name = modelText;
                def.model = held.Value;
                def.shape.rank = (uint)shape.Length;
                for (int i = 0; i < shape.Length; ++i) def.shape.dims[i] = Whole(shape[i], "shape");
                Library.Check(Native.snn_network_add_population(handle, &def, &index));
            }
            return (int)index;
        }

        /// <summary>A parameter of the population's model, in the model's unit: one value, or one for each neuron.
        /// C: <c>snn_network_set_parameter</c>.</summary>
        public void SetParameter(int population, string parameter, params double[] values)
        {
            fixed (byte* name = Utf8.Bytes(parameter))
            fixed (double* data = values)
                Library.Check(Native.snn_network_set_parameter(handle, Whole(population, "population"), name, data, Count(values)));
        }

        /// <summary>Whether training changes the parameter. C: <c>snn_network_set_learnable</c>.</summary>
        public void SetLearnable(int population, string parameter, bool learnable = true)
        {
            fixed (byte* name = Utf8.Bytes(parameter))
                Library.Check(Native.snn_network_set_learnable(handle, Whole(population, "population"), name, learnable ? 1u : 0u));
        }

        /// <summary>An option of the model: ("reset", "subtract"). C: <c>snn_network_set_option</c>.</summary>
        public void SetOption(int population, string option, string choice)
        {
            fixed (byte* name = Utf8.Bytes(option), chosen = Utf8.Bytes(choice))
                Library.Check(Native.snn_network_set_option(handle, Whole(population, "population"), name, chosen));
        }

        /// <summary>The state at step 0 and after a reset: one value, or one for each neuron.
        /// C: <c>snn_network_set_initial_state</c>.</summary>
        public void SetInitialState(int population, string state, params double[] values)
        {
            fixed (byte* name = Utf8.Bytes(state))
            fixed (double* data = values)
                Library.Check(Native.snn_network_set_initial_state(handle, Whole(population, "population"), name, data, Count(values)));
        }

        /// <summary>The built-in surrogate used in training; no parameters keep its defaults.
        /// C: <c>snn_network_set_surrogate</c>.</summary>
        public void SetSurrogate(int population, string name, params double[] parameters)
        {
            fixed (byte* text = Utf8.Bytes(name))
            fixed (double* data = parameters)
                Library.Check(Native.snn_network_set_surrogate(handle, Whole(population, "population"), text, ModelHandle.Null, data,
                                                               Count(parameters)));
        }

        /// <summary>A surrogate of your own. C: <c>snn_network_set_surrogate</c>.</summary>
        public void SetSurrogate(int population, Model surrogate, params double[] parameters)
        {
            if (surrogate == null) throw new ArgumentNullException(nameof(surrogate));
            fixed (double* data = parameters)
                Library.Check(Native.snn_network_set_surrogate(handle, Whole(population, "population"), null, surrogate.handle, data,
                                                               Count(parameters)));
        }

        /// <summary>A projection; returns its index. C: <c>snn_network_connect</c>.</summary>
        public int Connect(Projection projection)
        {
            uint index = 0;
            uint* place = &index;
            projection.Call(def => Native.snn_network_connect(handle, def, place));
            return (int)index;
        }

        /// <summary>A sparse projection, <see cref="Projection.ByRule"/>, whose synapses the rule makes whenever they are
        /// needed. C: <c>snn_network_connect_random</c>.</summary>
        public int ConnectRandom(Projection projection, RandomConnection rule)
        {
            uint index = 0;
            uint* place = &index;
            projection.Call(def => rule.Call(raw => Native.snn_network_connect_random(handle, def, raw, place)));
            return (int)index;
        }

        /// <summary>Lets the weights of a sparse projection change while the network runs, by a built-in rule.
        /// C: <c>snn_network_set_plasticity</c>.</summary>
        public void SetPlasticity(int projection, string builtinRule)
        {
            fixed (byte* name = Utf8.Bytes(builtinRule))
                Library.Check(Native.snn_network_set_plasticity(handle, Whole(projection, "projection"), name, ModelHandle.Null));
        }

        /// <summary>The same by a rule of your own. C: <c>snn_network_set_plasticity</c>.</summary>
        public void SetPlasticity(int projection, Model rule)
        {
            if (rule == null) throw new ArgumentNullException(nameof(rule));
            Library.Check(Native.snn_network_set_plasticity(handle, Whole(projection, "projection"), null, rule.handle));
        }

        /// <summary>A parameter of the projection's rule. C: <c>snn_network_set_plasticity_parameter</c>.</summary>
        public void SetPlasticityParameter(int projection, string parameter, double value)
        {
            fixed (byte* name = Utf8.Bytes(parameter))
                Library.Check(Native.snn_network_set_plasticity_parameter(handle, Whole(projection, "projection"), name, value));
        }

        /// <summary>An option of the projection's rule. C: <c>snn_network_set_plasticity_option</c>.</summary>
        public void SetPlasticityOption(int projection, string option, string choice)
        {
            fixed (byte* name = Utf8.Bytes(option), chosen = Utf8.Bytes(choice))
                Library.Check(Native.snn_network_set_plasticity_option(handle, Whole(projection, "projection"), name, chosen));
        }

        /// <summary>Checks the whole, makes it immutable and ends the builder. C: <c>snn_network_finish</c>.</summary>
        public Network Finish()
        {
            Library.Check(Native.snn_network_finish(handle));
            finished = true;
            return new Network(handle);
        }

        /// <summary>Gives up what was built; nothing when it was finished, because the network has it then.</summary>
        public void Dispose()
        {
            if (!finished) handle.Dispose();
        }

        private static UIntPtr Count(double[] values)
        {
            return (UIntPtr)(values?.Length ?? 0);
        }
    }
}
