# Models, networks and files.


cdef class Model:
    """A neuron model or surrogate as libsnn holds it. Thread-safety: any thread."""

    cdef SNNModel handle

    def __cinit__(self):
        self.handle = NULL

    def __dealloc__(self):
        snn_model_release(self.handle)

    @staticmethod
    def load(document):
        """Check an op list (docs/model-format.md) given as a JSON string."""
        cdef Model model = Model()
        cdef bytes encoded = text(document, "the model document")
        cdef const char *data = encoded
        check(snn_model_load(data, <size_t>len(encoded), &model.handle))
        return model

    @staticmethod
    def builtin(name, bint surrogate=False):
        """The built-in neuron model or surrogate of that name."""
        cdef Model model = Model()
        check(snn_model_builtin(text(name, "the model name"), 1 if surrogate else 0, &model.handle))
        return model

    @staticmethod
    def builtin_plasticity(name):
        """The built-in plasticity rule of that name."""
        cdef Model model = Model()
        check(snn_model_builtin(text(name, "the rule's name"), 2, &model.handle))
        return model

    def __reduce__(self):
        return Model.load, (self.json,)

    @property
    def json(self):
        """The op list as a JSON string."""
        cdef const char *data = NULL
        cdef size_t size = 0
        check(snn_model_text(self.handle, &data, &size))
        return PyBytes_FromStringAndSize(data, <Py_ssize_t>size).decode("utf-8")


def builtin_model_names():
    """Names of the built-in neuron models, in alphabetical order."""
    return _names(snn_model_builtin_name)


def builtin_surrogate_names():
    """Names of the built-in surrogates, in alphabetical order."""
    return _names(snn_surrogate_builtin_name)


def builtin_plasticity_names():
    """Names of the built-in plasticity rules, in alphabetical order."""
    return _names(snn_plasticity_builtin_name)


ctypedef const char *(*NameFunction)(uint32_t index) noexcept nogil


cdef list _names(NameFunction function):
    cdef list names = []
    cdef const char *name = function(0)
    while name != NULL:
        names.append(decoded(name))
        name = function(<uint32_t>len(names))
    return names


cdef int _set_distribution(SNNDistribution *out, object values) except -1:
    """(kind, a, b, low, high), as snn.h numbers them."""
    out.kind, out.a, out.b, out.low, out.high = values
    return 0


cdef class Network:
    """A network under construction or finished. Thread-safety: any thread."""

    cdef SNNNetwork handle
    cdef bint known_finished  # it stays so; libsnn's answer goes through all projections

    def __cinit__(self):
        self.handle = NULL
        self.known_finished = False

    def __dealloc__(self):
        snn_network_release(self.handle)

    @staticmethod
    def create(double dt_ms):
        """An empty network with the time step `dt_ms`."""
        cdef Network network = Network()
        check(snn_network_create(dt_ms, &network.handle))
        return network

    @staticmethod
    def load(path):
        """A finished network from a ``.snn`` file."""
        cdef Network network = Network()
        cdef bytes encoded = text(path, "the path")
        cdef const char *c_path = encoded
        cdef SNNStatus status
        with nogil:
            status = snn_network_load(c_path, &network.handle)
        check(status)
        return network

    @staticmethod
    def load_memory(data):
        """A finished network from the bytes of a ``.snn`` file."""
        cdef Network network = Network()
        cdef Buffer buffer = open_buffer(data, UINT8, "the data")
        cdef SNNStatus status
        with nogil:
            status = snn_network_load_memory(buffer.view.buf, <size_t>buffer.view.len, &network.handle)
        check(status)
        return network

    def add_population(self, uint32_t kind, name, shape, model=None):
        """Add a population; `model` is a `Model`, the name of a built-in one, or None for inputs. Returns its index."""
        cdef SNNPopulationDef definition
        cdef uint32_t index = 0
        cdef bytes c_name = text(name, "the population name")
        cdef bytes c_model = None
        snn_population_def_default(&definition)
        definition.kind = kind
        definition.name = c_name
        if not 1 <= len(shape) <= 3:
            raise InvalidArgumentError(f"population {name!r}: shape is {tuple(shape)}; it must have 1 to 3 dimensions")
        definition.shape.rank = <uint32_t>len(shape)
        for position, size in enumerate(shape):
            definition.shape.dims[position] = as_u32(size, f"population {name!r}: shape[{position}]")
        if isinstance(model, Model):
            definition.model = (<Model>model).handle
        elif model is not None:
            c_model = text(model, "the model name")
            definition.model_name = c_model
        check(snn_network_add_population(self.handle, &definition, &index))
        return index

    def set_parameter(self, uint32_t population, name, values):
        """Set a parameter: float64, one value or one for each neuron."""
        cdef Buffer buffer = open_buffer(values, FLOAT64, f"parameter {name!r}")
        check(snn_network_set_parameter(
            self.handle, population, text(name, "the parameter name"), <const double *>buffer.view.buf, buffer.count))

    def set_learnable(self, uint32_t population, name, bint learnable=True):
        """Let training change a parameter, or not."""
        check(snn_network_set_learnable(self.handle, population, text(name, "the parameter name"), learnable))

    def learnable(self, uint32_t population, name):
        """Whether training changes a parameter."""
        cdef uint32_t learnable = 0
        check(snn_network_get_learnable(self.handle, population, text(name, "the parameter name"), &learnable))
        return bool(learnable)

    def set_option(self, uint32_t population, name, choice):
        """Choose an option of the model by name."""
        check(snn_network_set_option(
            self.handle, population, text(name, "the option name"), text(choice, f"option {name!r}")))

    def set_initial_state(self, uint32_t population, name, values):
        """Set the state at step 0: float64, one value or one for each neuron."""
        cdef Buffer buffer = open_buffer(values, FLOAT64, f"the initial state {name!r}")
        check(snn_network_set_initial_state(
            self.handle, population, text(name, "the state name"), <const double *>buffer.view.buf, buffer.count))

    def set_surrogate(self, uint32_t population, surrogate, parameters):
        """Set the surrogate: a `Model` or a built-in name, and its parameters in order (float64, empty: defaults)."""
        cdef Buffer buffer = open_buffer(parameters, FLOAT64, "the surrogate's parameters")
        cdef bytes c_name = None
        cdef const char *name = NULL
        cdef SNNModel model = NULL
        if isinstance(surrogate, Model):
            model = (<Model>surrogate).handle
        else:
            c_name = text(surrogate, "the surrogate name")
            name = c_name
        check(snn_network_set_surrogate(
            self.handle, population, name, model, <const double *>buffer.view.buf, buffer.count))

    def connect(self, uint32_t kind, name, uint32_t source, uint32_t target, *, receptor=None, delay_steps=0,
                bint trainable=True, bint detached=False, uint32_t arithmetic=0, uint32_t pool_mode=0, weights=None, bias=None,
                row_offsets=None, synapse_targets=None, synapse_delays=None, kernel=None, stride=None, padding=None,
                dilation=None, groups=1, rule=None):
        """Connect two populations; see SNNProjectionDef.

        `rule`, for sparse projections, is a dict of the fields of SNNRandomConnectionDef. Returns the index.
        """
        cdef SNNProjectionDef definition
        cdef SNNRandomConnectionDef random
        cdef uint32_t index = 0
        cdef SNNStatus status
        cdef bytes c_name = text(name, "the projection name")
        cdef bytes c_receptor = None
        cdef Buffer weight_buffer, bias_buffer, offset_buffer, target_buffer, delay_buffer, source_buffer, position_buffer
        cdef str what = f"projection {name!r}"
        snn_projection_def_default(&definition)
        definition.kind = kind
        definition.name = c_name
        definition.source = source
        definition.target = target
        if receptor is not None:
            c_receptor = text(receptor, f"{what}: receptor")
            definition.receptor = c_receptor
        definition.delay_steps = as_u32(delay_steps, f"{what}: delay_steps")
        definition.trainable = trainable
        definition.detached = detached
        definition.arithmetic = arithmetic
        definition.pool_mode = pool_mode
        if weights is not None:
            weight_buffer = open_buffer(weights, FLOAT32, f"{what}: weights")
            definition.weights = <const float *>weight_buffer.view.buf
            definition.weight_count = weight_buffer.count
        if bias is not None:
            bias_buffer = open_buffer(bias, FLOAT32, f"{what}: bias")
            definition.bias = <const float *>bias_buffer.view.buf
            definition.bias_count = bias_buffer.count
        if row_offsets is not None:
            offset_buffer = open_buffer(row_offsets, UINT64, f"{what}: row_offsets")
            target_buffer = open_buffer(synapse_targets, UINT32, f"{what}: targets")
            definition.row_offsets = <const uint64_t *>offset_buffer.view.buf
            definition.row_offset_count = offset_buffer.count
            definition.synapse_targets = <const uint32_t *>target_buffer.view.buf
            definition.synapse_count = target_buffer.count
            if synapse_delays is not None:
                delay_buffer = open_buffer(synapse_delays, UINT16, f"{what}: delays")
                if delay_buffer.count != target_buffer.count:
                    raise InvalidArgumentError(
                        f"{what}: there are {delay_buffer.count} delays for {target_buffer.count} synapses")
                definition.synapse_delays = <const uint16_t *>delay_buffer.view.buf
        if kernel is not None:
            _set_pair(definition.kernel, kernel, f"{what}: kernel")
            _set_pair(definition.stride, stride, f"{what}: stride")
            _set_pair(definition.padding, padding, f"{what}: padding")
            _set_pair(definition.dilation, dilation, f"{what}: dilation")
            definition.groups = as_u32(groups, f"{what}: groups")
        if rule is None:
            with nogil:
                status = snn_network_connect(self.handle, &definition, &index)
        else:
            snn_random_connection_def_default(&random)
            random.rule = <uint32_t>rule["rule"]
            random.probability = rule["probability"]
            random.count = as_u64(rule["count"], f"{what}: count")
            random.seed = as_u64(rule["seed"], f"{what}: seed")
            random.allow_autapses = <uint32_t>bool(rule["allow_autapses"])
            random.allow_multapses = <uint32_t>bool(rule["allow_multapses"])
            _set_distribution(&random.weight, rule["weight"])
            _set_distribution(&random.delay, rule["delay"])
            random.first_source, random.source_count = rule.get("sources", (0, 0))
            random.first_target, random.target_count = rule.get("targets", (0, 0))
            if "kernel" in rule:
                random.kernel = <uint32_t>rule["kernel"]
                random.kernel_width = rule["kernel_width"]
                random.cutoff = rule["cutoff"]
                random.dimensions = <uint32_t>len(rule["period"])
                for axis in range(random.dimensions):
                    random.period[axis] = rule["period"][axis]
                source_buffer = open_buffer(rule["source_positions"], FLOAT32, f"{what}: source positions")
                random.source_positions = <const float *>source_buffer.view.buf
                random.source_position_count = source_buffer.count
                position_buffer = open_buffer(rule["target_positions"], FLOAT32, f"{what}: target positions")
                random.target_positions = <const float *>position_buffer.view.buf
                random.target_position_count = position_buffer.count
            with nogil:
                status = snn_network_connect_random(self.handle, &definition, &random, &index)
        check(status)
        return index

    def set_plasticity(self, uint32_t projection, rule):
        """Let the weights of a sparse projection change by a rule: a `Model` or a built-in name."""
        cdef bytes c_name = None
        cdef const char *name = NULL
        cdef SNNModel model = NULL
        if isinstance(rule, Model):
            model = (<Model>rule).handle
        else:
            c_name = text(rule, "the rule's name")
            name = c_name
        check(snn_network_set_plasticity(self.handle, projection, name, model))

    def set_plasticity_parameter(self, uint32_t projection, name, double value):
        """Set a parameter of the rule, one value for all synapses."""
        check(snn_network_set_plasticity_parameter(self.handle, projection, text(name, "the parameter name"), value))

    def set_plasticity_option(self, uint32_t projection, name, choice):
        """Choose an option of the rule by name."""
        check(snn_network_set_plasticity_option(
            self.handle, projection, text(name, "the option name"), text(choice, f"option {name!r}")))

    def plasticity(self, uint32_t projection):
        """The rule of a projection, None if its weights stay as they are."""
        cdef Model model = Model()
        cdef SNNStatus status = snn_network_get_plasticity(self.handle, projection, &model.handle)
        if status == SNN_ERROR_NOT_FOUND:
            return None
        check(status)
        return model

    def plasticity_parameter(self, uint32_t projection, name):
        """The value of a parameter of the rule in use."""
        cdef double value = 0.0
        check(snn_network_get_plasticity_parameter(self.handle, projection, text(name, "the parameter name"), &value))
        return value

    def plasticity_option(self, uint32_t projection, name):
        """The name of the chosen option of the rule."""
        cdef const char *choice = NULL
        check(snn_network_get_plasticity_option(self.handle, projection, text(name, "the option name"), &choice))
        return decoded(choice)

    def finish(self):
        """Check the whole and make it immutable."""
        cdef SNNStatus status
        with nogil:
            status = snn_network_finish(self.handle)
        check(status)

    def save(self, path):
        """Write a ``.snn`` file; an old file of that name survives an error."""
        cdef bytes encoded = text(path, "the path")
        cdef const char *c_path = encoded
        cdef SNNStatus status
        with nogil:
            status = snn_network_save(self.handle, c_path)
        check(status)

    def info(self):
        """Sizes of the network, as `NetworkInfo`."""
        cdef SNNNetworkInfo info
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        check(snn_network_get_info(self.handle, &info))
        return NetworkInfo(info.population_count, info.projection_count, bool(info.finished), info.dt_ms,
                           info.neuron_count, info.synapse_count, info.parameter_count)

    cdef bint is_finished(self) except -1:
        if not self.known_finished:
            self.known_finished = self.info().finished
        return self.known_finished

    def population(self, uint32_t index):
        """A population, as `PopulationInfo`."""
        cdef SNNPopulationInfo info
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        check(snn_network_get_population(self.handle, index, &info))
        return PopulationInfo(
            info.kind, tuple([info.shape.dims[i] for i in range(info.shape.rank)]), info.size, decoded(info.name),
            decoded(info.model_name), decoded(info.surrogate_name))

    def projection(self, uint32_t index):
        """A projection without its weights and synapses, as `ProjectionInfo`."""
        cdef SNNProjectionInfo info
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        # The memory of a network under construction may move when something is added.
        cdef bint copied = not self.is_finished()
        check(snn_network_get_projection(self.handle, index, &info))
        return ProjectionInfo(
            decoded(info.name), info.kind, info.source, info.target, decoded(info.receptor), info.delay_steps,
            bool(info.trainable), bool(info.detached), info.arithmetic, info.pool_mode, info.weight_count, info.bias_count,
            info.synapse_count, _pair(info.kernel), _pair(info.stride), _pair(info.padding), _pair(info.dilation),
            info.groups, bool(info.by_rule), info.fixed_point_scale, (info.min_delay_steps, info.max_delay_steps),
            view_of(self, info.bias, info.bias_count, DTYPE_FLOAT32, copied))

    def projection_arrays(self, uint32_t index):
        """The arrays of a projection, as `ProjectionArrays`: read-only views of a finished network's, else copies.

        Those of a connection rule, and compact ones, are made at the first call and stay with the network: 10 bytes a synapse.
        """
        cdef SNNProjectionArrays arrays
        cdef SNNProjectionInfo info
        cdef SNNPopulationInfo source
        cdef SNNStatus status
        memset(&arrays, 0, sizeof(arrays))
        arrays.struct_size = sizeof(arrays)
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        memset(&source, 0, sizeof(source))
        source.struct_size = sizeof(source)
        # The memory of a network under construction may move when something is added.
        cdef bint copied = not self.is_finished()
        check(snn_network_get_projection(self.handle, index, &info))
        check(snn_network_get_population(self.handle, info.source, &source))
        with nogil:
            status = snn_network_get_projection_arrays(self.handle, index, &arrays)
        check(status)
        return ProjectionArrays(
            view_of(self, arrays.weights, arrays.weight_count, DTYPE_FLOAT32, copied),
            view_of(self, arrays.row_offsets, <uint64_t>source.size + 1, DTYPE_UINT64, copied),
            view_of(self, arrays.synapse_targets, arrays.weight_count, DTYPE_UINT32, copied),
            view_of(self, arrays.synapse_delays, arrays.weight_count, DTYPE_UINT16, copied))

    def connection_rule(self, uint32_t index):
        """The rule that makes a projection's synapses, as the dict that `connect` takes; None if they are arrays."""
        cdef SNNRandomConnectionDef rule
        cdef SNNProjectionInfo info
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        check(snn_network_get_projection(self.handle, index, &info))
        if not info.by_rule:
            return None
        snn_random_connection_def_default(&rule)
        check(snn_network_get_connection_rule(self.handle, index, &rule))
        described = {
            "rule": rule.rule, "probability": rule.probability, "count": rule.count, "seed": rule.seed,
            "allow_autapses": bool(rule.allow_autapses), "allow_multapses": bool(rule.allow_multapses),
            "weight": (rule.weight.kind, rule.weight.a, rule.weight.b, rule.weight.low, rule.weight.high),
            "delay": (rule.delay.kind, rule.delay.a, rule.delay.b, rule.delay.low, rule.delay.high)}
        if rule.source_count:
            described["sources"] = (rule.first_source, rule.source_count)
        if rule.target_count:
            described["targets"] = (rule.first_target, rule.target_count)
        if rule.source_positions != NULL:
            described["kernel"] = rule.kernel
            described["kernel_width"] = rule.kernel_width
            described["cutoff"] = rule.cutoff
            described["period"] = tuple([rule.period[axis] for axis in range(rule.dimensions)])
            described["source_positions"] = view_of(
                self, rule.source_positions, rule.source_position_count, DTYPE_FLOAT32, True)
            described["target_positions"] = view_of(
                self, rule.target_positions, rule.target_position_count, DTYPE_FLOAT32, True)
        return described

    def synapses(self, uint32_t index, uint32_t first, uint32_t count):
        """(sources, targets, delays in steps, weights) of the rows of `count` source neurons from `first` on."""
        cdef size_t found = 0
        cdef SNNStatus status
        cdef Buffer sources, targets, delays, weights
        with nogil:
            status = snn_network_get_synapses(self.handle, index, first, count, NULL, NULL, NULL, NULL, &found)
        check(status)
        arrays = tuple([numpy.empty(found, numpy.uint32) for _ in range(3)]) + (numpy.empty(found, numpy.float32),)
        if found:
            sources = open_buffer(arrays[0], UINT32, "sources", True)
            targets = open_buffer(arrays[1], UINT32, "targets", True)
            delays = open_buffer(arrays[2], UINT32, "delays", True)
            weights = open_buffer(arrays[3], FLOAT32, "weights", True)
            with nogil:
                status = snn_network_get_synapses(
                    self.handle, index, first, count, <uint32_t *>sources.view.buf, <uint32_t *>targets.view.buf,
                    <uint32_t *>delays.view.buf, <float *>weights.view.buf, &found)
            check(status)
        return arrays

    def memory(self, device, uint32_t batch_size, uint32_t threads, uint32_t flags=0):
        """What the network and a session of it take, in bytes: a dict, and a list of one number for each projection."""
        cdef SNNConfig config
        cdef SNNMemoryEstimate estimate
        cdef SNNStatus status
        cdef bytes c_device = device_text(device)
        cdef Buffer buffer
        snn_config_default(&config)
        config.device = c_device
        config.batch_size = batch_size
        config.thread_count = threads
        config.flags = flags
        memset(&estimate, 0, sizeof(estimate))
        estimate.struct_size = sizeof(estimate)
        values = numpy.zeros(max(self.info().projection_count, 1), numpy.uint64)
        buffer = open_buffer(values, UINT64, "values", True)
        cdef size_t count = self.info().projection_count
        cdef uint64_t *out = <uint64_t *>buffer.view.buf if count else NULL
        with nogil:
            status = snn_network_memory(self.handle, &config, &estimate, out, count)
        check(status)
        return ({"network": estimate.network_bytes, "weights": estimate.weight_bytes, "state": estimate.state_bytes,
                 "total": estimate.total_bytes, "opening": estimate.opening_bytes}, values[:count].tolist())

    def placement(self, device, uint32_t batch_size, uint32_t threads):
        """Where a session would run, as `PlacementInfo`."""
        cdef SNNConfig config
        cdef SNNPlacement placement = NULL
        cdef SNNPlacementInfo info
        cdef SNNStatus status
        cdef uint32_t i
        cdef bytes c_device = device_text(device)
        snn_config_default(&config)
        config.device = c_device
        config.batch_size = batch_size
        config.thread_count = threads
        with nogil:
            status = snn_network_place(self.handle, &config, &placement)
        check(status)
        try:
            memset(&info, 0, sizeof(info))
            info.struct_size = sizeof(info)
            check(snn_placement_get_info(placement, &info))
            return PlacementInfo(
                decoded(info.device), tuple(decoded(info.reasons).splitlines()),
                [(info.slices[i].population, info.slices[i].first, info.slices[i].count, info.slices[i].device)
                 for i in range(info.slice_count)],
                tuple([info.samples[i] for i in range(info.device_count)]),
                tuple([info.step_s[i] for i in range(info.device_count)]), info.window_steps)
        finally:
            snn_placement_release(placement)

    def model(self, uint32_t population):
        """The model of a population of neurons."""
        cdef Model model = Model()
        check(snn_network_get_model(self.handle, population, &model.handle))
        return model

    def surrogate(self, uint32_t population):
        """The surrogate of a population of neurons."""
        cdef Model model = Model()
        check(snn_network_get_surrogate(self.handle, population, &model.handle))
        return model

    def parameter(self, uint32_t population, name):
        """The values of a parameter in use: float64 [1] or [size]."""
        cdef bytes c_name = text(name, "the parameter name")
        cdef size_t count = 0
        check(snn_network_get_parameter(self.handle, population, c_name, NULL, &count))
        values = numpy.empty(count)
        cdef Buffer buffer = open_buffer(values, FLOAT64, "values", True)
        check(snn_network_get_parameter(self.handle, population, c_name, <double *>buffer.view.buf, &count))
        return values

    def initial_state(self, uint32_t population, name):
        """The values of a state at step 0: float64 [1] or [size]."""
        cdef bytes c_name = text(name, "the state name")
        cdef size_t count = 0
        check(snn_network_get_initial_state(self.handle, population, c_name, NULL, &count))
        values = numpy.empty(count)
        cdef Buffer buffer = open_buffer(values, FLOAT64, "values", True)
        check(snn_network_get_initial_state(self.handle, population, c_name, <double *>buffer.view.buf, &count))
        return values

    def surrogate_parameters(self, uint32_t population):
        """The parameters of the surrogate in the order of its definition: float64."""
        cdef size_t count = 0
        check(snn_network_get_surrogate_parameters(self.handle, population, NULL, &count))
        values = numpy.empty(count)
        if count:
            self._surrogate_parameters(population, values)
        return values

    cdef int _surrogate_parameters(self, uint32_t population, object values) except -1:
        cdef Buffer buffer = open_buffer(values, FLOAT64, "values", True)
        cdef size_t count = buffer.count
        check(snn_network_get_surrogate_parameters(self.handle, population, <double *>buffer.view.buf, &count))
        return 0

    def option(self, uint32_t population, name):
        """The name of the chosen option."""
        cdef const char *choice = NULL
        check(snn_network_get_option(self.handle, population, text(name, "the option name"), &choice))
        return decoded(choice)


cdef int _set_pair(uint32_t *pair, object values, str what) except -1:
    pair[0] = as_u32(values[0], what)
    pair[1] = as_u32(values[1], what)
    return 0


cdef tuple _pair(uint32_t *pair):
    return (pair[0], pair[1])
