# Sessions: running networks, and the callbacks they make.


cdef class Session:
    """A running network. Thread-safety: one thread at a time; a second one gets BusyError.

    Parameters
    ----------
    network : Network or None
        A finished network; None when `file` is given.
    file : str or None
        A ``.snn`` file, loaded by libsnn.
    vulkan_host : snn.vulkan.Host or None
        The host program's device: `device` is "vulkan", or names that once among several.
    """

    cdef SNNHandle handle
    cdef SNNHandle _ended  # one that was closed while arrays lay in its memory
    cdef object _mapped  # the MappedValues of these arrays, a weak set; None: there were none
    cdef object _network
    cdef dict _bound
    cdef object _vulkan_host
    cdef Submitter _submitter
    cdef object _spike_callback
    cdef object _weight_callback
    cdef object _epoch_callback
    cdef object _pending
    cdef uint32_t _batch_size
    cdef bint _waits  # calls may wait for a device
    cdef object __weakref__

    def __cinit__(self, network=None, *, file=None, device="cpu", batch_size=1, threads=1, instruction_set=0, flags=0,
                  max_catch_up_steps=0, uint64_t seed=0, vulkan_host=None):
        cdef SNNConfig config
        cdef SNNVulkanHost host
        cdef SNNStatus status
        cdef bytes c_file = None
        cdef bytes c_device = device_text(device)
        self.handle = self._ended = NULL
        self._bound = {}
        self._waits = c_device not in (b"cpu", b"reference", b"null")
        snn_config_default(&config)
        if file is not None:
            c_file = text(file, "the path")
            config.file = c_file
        elif isinstance(network, Network):
            config.network = (<Network>network).handle
        else:
            raise ArgumentTypeError(f"the network is a {type(network).__name__}, not a native Network")
        config.device = c_device
        config.batch_size = as_u32(batch_size, "batch_size")
        config.thread_count = as_u32(threads, "threads")
        config.instruction_set = as_u32(instruction_set, "instruction_set")
        config.flags = as_u32(flags, "flags")
        config.max_catch_up_steps = as_u32(max_catch_up_steps, "max_catch_up_steps")
        config.log = on_log
        config.seed = seed
        if vulkan_host is None:
            with nogil:
                status = snn_create_network(&config, &self.handle)
        else:
            self._vulkan_host = vulkan_host
            if vulkan_host.submit is not None:
                self._submitter = Submitter(vulkan_host.submit)
            fill_host(&host, vulkan_host, self._submitter)
            with nogil:
                status = snn_vulkan_create_network(&config, &host, &self.handle)
            if self._submitter is not None:
                self._submitter.resume()
        if status == SNN_ERROR_OUT_OF_MEMORY:
            raise error_for_status(
                status,
                f"a session on device {device!r} with batch_size {config.batch_size} needs more memory than there is: "
                f"{decoded(snn_last_error())}")
        check(status)
        cdef SNNNetworkInfo info
        cdef Network own = Network()
        check(snn_session_network(self.handle, &own.handle))
        self._network = own
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        check(snn_network_get_info(own.handle, &info))
        self._batch_size = config.batch_size

    def __dealloc__(self):
        cdef PyThreadState *released = let_go(self._waits)
        snn_destroy_network(self.handle)
        snn_destroy_network(self._ended)
        take_back(released)

    def close(self):
        """End the session; using it afterwards is InvalidHandleError."""
        # Bound arrays stay until this object goes: another thread may be in its last step.
        cdef SNNHandle handle = self.handle
        self.handle = NULL
        # Arrays in memory of the session keep this object. The host's device goes when the host likes.
        if handle != NULL and self._mapped and self._vulkan_host is None:
            self._ended = handle
            return
        with nogil:
            snn_destroy_network(handle)

    @property
    def network(self):
        """The network that the session was opened with."""
        return self._network

    @property
    def address(self):
        """The handle as an integer, 0 when closed."""
        return <size_t>self.handle

    cdef int _check(self, SNNStatus status) except -1:
        """Raise what the host's `submit` raised, else the error of `status`; of a closed session in words without handles."""
        if self._submitter is not None:
            self._submitter.resume()
        if status == SNN_ERROR_INVALID_HANDLE and self.handle == NULL:
            raise InvalidHandleError("the simulation is closed")
        return check(status)

    cdef int _end(self, SNNStatus status) except -1:
        """Raise what a callback raised, else the error of `status`."""
        if self._pending is not None:
            pending = self._pending
            self._pending = None
            raise pending
        return self._check(status)

    # ---- time

    def step(self, count=1):
        """Advance by `count` steps; an exception of a callback ends that after its step."""
        cdef SNNStatus status = SNN_OK
        # Not `long long count`: that would cut a float to a whole number.
        cdef Py_ssize_t steps = PyNumber_AsSsize_t(count, OverflowError)
        if steps < 0 or steps > 0xFFFFFFFF:
            raise InvalidArgumentError(f"count is {shown(count)}; it must be 0 to {0xFFFFFFFF}")
        if self._spike_callback is None:
            with nogil:
                status = snn_session_step(self.handle, <uint32_t>steps)
        else:
            while steps > 0 and status == SNN_OK and self._pending is None:
                with nogil:
                    status = snn_session_step(self.handle, 1)
                steps -= 1
        if status != SNN_OK or self._pending is not None:
            self._end(status)

    def run_step(self, float frame_dt, float budget=INFINITY):
        """Advance by `frame_dt` seconds within `budget` seconds of wall time: whole steps, the rest is carried.

        Returns the steps that ran.
        """
        cdef SNNStatus status
        cdef uint32_t steps = 0
        with nogil:
            status = snn_run_step_within(self.handle, frame_dt, budget, &steps)
        self._end(status)
        return steps

    def reset(self):
        """Back to step 0 and the initial state."""
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_session_reset(self.handle)
        take_back(released)
        self._check(status)

    def reset_samples(self, samples):
        """Begin again with some samples: uint32."""
        cdef Buffer buffer = open_buffer(samples, UINT32, "samples")
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_session_reset_samples(
            self.handle, <const uint32_t *>buffer.view.buf, buffer.count)
        take_back(released)
        self._check(status)

    @property
    def device(self):
        """The name of the device, and why "auto" chose it ("" where it was named)."""
        cdef SNNSessionDevice device
        memset(&device, 0, sizeof(device))
        device.struct_size = sizeof(device)
        self._check(snn_session_device(self.handle, &device))
        return decoded(device.name), decoded(device.reason)

    @property
    def step_count(self):
        """Steps since creation or reset."""
        cdef uint64_t steps = 0
        self._check(snn_session_step_count(self.handle, &steps))
        return steps

    @step_count.setter
    def step_count(self, uint64_t steps):
        self._check(snn_session_set_step_count(self.handle, steps))

    @property
    def seed(self):
        """The seed of the random draws."""
        cdef uint64_t seed = 0
        self._check(snn_session_seed(self.handle, &seed))
        return seed

    def counters(self):
        """What was computed since the session was opened or reset."""
        cdef SNNCounters counters
        counters.struct_size = sizeof(counters)
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_get_counters(self.handle, &counters)
        take_back(released)
        self._check(status)
        return Counters(counters.steps, counters.neuron_updates, counters.spikes, counters.input_spikes,
                        counters.synaptic_events, counters.synaptic_operations)

    # ---- input and output

    def set_input(self, uint32_t population, values):
        """Input for the coming step: float32 [batch_size][size]."""
        cdef Buffer buffer = open_buffer(values, FLOAT32, "the input")
        self._check(snn_session_set_input(self.handle, population, <const float *>buffer.view.buf, buffer.count))

    def add_input_spikes(self, uint32_t population, uint32_t sample, neurons):
        """Add spikes for the coming step of one sample: uint32, indices of neurons."""
        cdef Buffer buffer = open_buffer(neurons, UINT32, "neurons")
        self._check(snn_session_add_input_spikes(
            self.handle, population, sample, <const uint32_t *>buffer.view.buf, buffer.count))

    def bind_input(self, uint32_t population, values):
        """Read the input from this float32 array at every step, unchecked; None unbinds."""
        cdef Buffer buffer
        if values is None:
            self._check(snn_session_bind_input(self.handle, population, NULL, 0))
            self._bound.pop(population, None)
            return
        buffer = open_buffer(values, FLOAT32, "the input")
        self._check(snn_session_bind_input(self.handle, population, <const float *>buffer.view.buf, buffer.count))
        self._bound[population] = buffer

    def value_count(self, path):
        """How many values `read` wants for a path."""
        cdef size_t count = 0
        self._check(snn_session_value_count(self.handle, text(path, "the path"), &count))
        return count

    def read(self, path, out):
        """Copy a variable into `out` (float32, float64, int32, uint8 or bool)."""
        cdef Buffer buffer = Buffer()
        buffer.open(out, f"the array for {path!r}", True)
        cdef uint32_t dtype = value_dtype(buffer, f"the array for {path!r}")
        cdef bytes encoded = text(path, "the path")
        cdef const char *name = encoded
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_session_read(self.handle, name, dtype, buffer.view.buf, buffer.count)
        take_back(released)
        self._check(status)

    def write(self, path, values):
        """Set a variable from an array (float32, float64, int32, uint8 or bool)."""
        cdef Buffer buffer = Buffer()
        buffer.open(values, f"the array for {path!r}", False)
        cdef uint32_t dtype = value_dtype(buffer, f"the array for {path!r}")
        cdef bytes encoded = text(path, "the path")
        cdef const char *name = encoded
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_session_write(self.handle, name, dtype, buffer.view.buf, buffer.count)
        take_back(released)
        self._check(status)

    def membrane_potentials(self, population, out):
        """Copy the membrane state of a population, by name, into float32 [batch_size][size]."""
        cdef Buffer buffer = open_buffer(out, FLOAT32, "the array", True)
        cdef bytes encoded = text(population, "the population")
        cdef const char *name = encoded
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_get_membrane_potentials(self.handle, name, <float *>buffer.view.buf, buffer.count)
        take_back(released)
        self._check(status)

    def spikes(self, uint32_t population, uint32_t sample=0):
        """The neurons that spiked in the last step, ascending: a new uint32 array."""
        cdef const uint32_t *neurons = NULL
        cdef uint32_t count = 0
        cdef SNNCounters counters
        cdef SNNStatus status = SNN_OK
        if self._waits:  # before the lock is held: nobody may step until the neurons are copied
            counters.struct_size = sizeof(counters)
            with nogil:
                status = snn_get_counters(self.handle, &counters)
        if status == SNN_OK:
            status = snn_session_get_spikes(self.handle, population, sample, &neurons, &count)
        self._check(status)
        return copied_indices(neurons, count)

    def run(self, steps, list inputs, list records, progress=None, interval=1000, *, list events=None,
            list event_counts=None, list spike_inputs=None, list values=None, record_interval=1, steps_before=0):
        """Run `steps` steps; fewer where `events` have to be taken out. Returns how many.

        Parameters
        ----------
        inputs : list of (population index, held, float32 array)
        records : list of (population index, variable, array)
            Arrays of float32, float64 or, for spikes, uint8 or bool; they are filled as the run goes.
        progress : callable or None
            ``progress(done, total)`` every `interval` steps; True stops the run.
        interval : int or None
            None: as often as Ctrl+C is looked for.
        events : list of (population index, steps, neurons[, samples])
            Arrays of uint32, of one length.
        event_counts : list
            Gets how many events there are, for each of `events`; after an exception of the run too.
        spike_inputs : list of (population index, steps, neurons[, samples])
            Arrays of uint32, of one length, by step; read as SNNSpikeInput says.
        values : list of (path, indices, array)
            What SNNValueRecord records: indices are uint64, None for all.
        record_interval, steps_before : int
            As in SNNRunDef.
        """
        cdef SNNRunDef definition
        cdef SNNStatus status
        cdef uint32_t done = 0
        cdef Progress watcher = Progress(self, progress)
        cdef uint32_t told_every = 0  # by the clock: often enough for Ctrl+C
        if progress is not None and interval is not None:
            told_every = max(1, as_u32(interval, "interval"))
        watcher.interval = told_every
        snn_run_def_default(&definition)
        definition.step_count = as_u32(steps, "steps")
        definition.progress = on_progress
        definition.progress_user = <void *>watcher
        # A run that calls back goes step by step anyway, and what the callback raises ends it with that step.
        definition.progress_interval = told_every if self._spike_callback is None else 1
        cdef InputArrays input_arrays = InputArrays(inputs)
        cdef RecordArrays record_arrays = RecordArrays(records)
        cdef EventArrays event_arrays = EventArrays(events or [])
        cdef SpikeInputArrays spike_input_arrays = SpikeInputArrays(spike_inputs or [])
        cdef ValueArrays value_arrays = ValueArrays(values or [])
        definition.inputs = input_arrays.items
        definition.input_count = input_arrays.count
        definition.records = record_arrays.items
        definition.record_count = record_arrays.count
        definition.spike_records = event_arrays.items
        definition.spike_record_count = event_arrays.count
        definition.spike_inputs = spike_input_arrays.items
        definition.spike_input_count = spike_input_arrays.count
        definition.value_records = value_arrays.items
        definition.value_record_count = value_arrays.count
        definition.record_interval = as_u32(record_interval, "record_interval")
        definition.steps_before = as_u32(steps_before, "steps_before")
        definition.out_step_count = &done
        with nogil:
            status = snn_session_run(self.handle, &definition)
        if event_counts is not None:
            event_counts[:] = [event_arrays.items[i].count for i in range(event_arrays.count)]
        if watcher.error is not None:
            raise watcher.error
        self._end(status)
        return done

    # ---- on the Vulkan device of the host program

    def record_steps(self, command_buffer, count):
        """Append `count` steps to a VkCommandBuffer."""
        cdef void *commands = as_handle(command_buffer, "command_buffer")
        cdef uint32_t steps = as_u32(count, "count")
        cdef PyThreadState *released = let_go(self._waits)
        cdef SNNStatus status = snn_vulkan_record_steps(self.handle, commands, steps)
        take_back(released)
        self._check(status)

    def submit_steps(self, count, list waits, list signals):
        """Submit `count` steps that wait for and signal semaphores: lists of (VkSemaphore, value)."""
        cdef SNNVulkanSubmission submission
        cdef SNNStatus status
        cdef Semaphores before = Semaphores(waits, "waits")
        cdef Semaphores after = Semaphores(signals, "signals")
        cdef uint32_t steps = as_u32(count, "count")
        memset(&submission, 0, sizeof(submission))
        submission.struct_size = sizeof(submission)
        submission.waits = before.items
        submission.wait_count = before.count
        submission.signals = after.items
        submission.signal_count = after.count
        with nogil:
            status = snn_vulkan_submit_steps(self.handle, &submission, steps)
        self._check(status)

    def vulkan_device(self):
        """The members of SNNVulkanDevice as integers, in its order; the semaphore with its value, or None."""
        cdef SNNVulkanDevice device
        cdef SNNStatus status
        device.struct_size = sizeof(device)
        with nogil:
            status = snn_vulkan_get_device(self.handle, &device)
        self._check(status)
        submitted = (device.submitted.semaphore, device.submitted.value) if device.submitted.semaphore else None
        return (device.queue_family, <size_t>device.instance, <size_t>device.physical_device, <size_t>device.device,
                <size_t>device.queue, <size_t>device.get_instance_proc_addr, submitted)

    def vulkan_buffer(self, path):
        """Where a state lies: (VkBuffer, offset in bytes, size in bytes, whether int32, its address or 0, whether cached)."""
        cdef SNNVulkanBuffer buffer
        buffer.struct_size = sizeof(buffer)
        self._check(snn_vulkan_get_buffer(self.handle, text(path, "the path"), &buffer))
        return (buffer.buffer, buffer.offset_bytes, buffer.size_bytes, buffer.type == SNN_INT32, <size_t>buffer.mapped,
                buffer.is_cached != 0)

    def mapped_values(self, path):
        """The bytes of a state in memory that the device and the processor see, which keep this object; None: they do not."""
        cdef SNNVulkanBuffer buffer
        buffer.struct_size = sizeof(buffer)
        self._check(snn_vulkan_get_buffer(self.handle, text(path, "the path"), &buffer))
        if buffer.mapped == NULL:
            return None
        cdef MappedValues values = MappedValues()
        values.session = self
        values.address = buffer.mapped
        values.byte_count = <Py_ssize_t>buffer.size_bytes
        if self._mapped is None:
            self._mapped = weakref.WeakSet()
        self._mapped.add(values)
        return memoryview(values)

    def bind_vulkan_buffer(self, path, buffer, offset=0, size=0):
        """Bind a VkBuffer to what `path` names; None ends the binding."""
        cdef SNNVulkanBuffer given
        cdef const SNNVulkanBuffer *bound = NULL
        cdef bytes encoded = text(path, "the path")
        cdef const char *name = encoded
        cdef SNNStatus status
        if buffer is not None:
            memset(&given, 0, sizeof(given))
            given.struct_size = sizeof(given)
            given.type = SNN_FLOAT32
            given.buffer = as_u64(buffer, "buffer")
            given.offset_bytes = as_u64(offset, "offset")
            given.size_bytes = as_u64(size, "size")
            bound = &given
        with nogil:
            status = snn_vulkan_bind_buffer(self.handle, name, bound)
        self._check(status)

    def set_readback(self, list paths, frames):
        """Say which states and spikes come back without waiting, and for how many of the last frames."""
        cdef list encoded = [text(path, f"paths[{place}]") for place, path in enumerate(paths)]
        cdef uint32_t frame_count = as_u32(frames, "frames")
        cdef size_t count = len(encoded), i
        cdef const char **names = <const char **>malloc(max(1, count) * sizeof(const char *))
        if names == NULL:
            raise MemoryError()
        try:
            for i in range(count):
                names[i] = <bytes>encoded[i]
            self._check(snn_vulkan_set_readback(self.handle, names, <uint32_t>count, frame_count))
        finally:
            free(names)

    def record_readback(self, command_buffer, frame):
        """Append the copies of a frame to a VkCommandBuffer."""
        self._check(snn_vulkan_record_readback(
            self.handle, as_handle(command_buffer, "command_buffer"), as_u64(frame, "frame")))

    def read_back(self, path, finished_frame, out):
        """Copy a value of the newest frame up to `finished_frame` into `out`: the frame, or None where there is none."""
        cdef Buffer buffer = Buffer()
        buffer.open(out, f"the array for {path!r}", True)
        cdef uint32_t dtype = value_dtype(buffer, f"the array for {path!r}")
        cdef uint64_t frame = 0
        self._check(snn_vulkan_read_back(
            self.handle, text(path, "the path"), as_u64(finished_frame, "finished_frame"), dtype, buffer.view.buf,
            buffer.count, &frame))
        return None if frame == SNN_VULKAN_NO_FRAME else frame

    def vulkan_plan(self):
        """The step as data, see SNNVulkanPlan: lists of shaders, buffers and dispatches."""
        cdef SNNVulkanPlan plan
        plan.struct_size = sizeof(plan)
        self._check(snn_vulkan_get_plan(self.handle, &plan))
        return plan_of(&plan)

    # ---- weights

    def load_weights(self, path):
        """Replace weights and biases by those of a ``.snn`` file."""
        cdef bytes encoded = text(path, "the path")
        cdef const char *c_path = encoded
        cdef SNNStatus status
        with nogil:
            status = snn_load_weights(self.handle, c_path)
        self._check(status)

    def save_state(self, path):
        """Write all that the coming steps depend on to a file."""
        cdef bytes encoded = text(path, "the path")
        cdef const char *c_path = encoded
        cdef SNNStatus status
        with nogil:
            status = snn_save_state(self.handle, c_path)
        self._check(status)

    def load_state(self, path):
        """Go on from what `save_state` wrote."""
        cdef bytes encoded = text(path, "the path")
        cdef const char *c_path = encoded
        cdef SNNStatus status
        with nogil:
            status = snn_load_state(self.handle, c_path)
        self._check(status)

    def save_state_memory(self):
        """The bytes that `save_state` would write."""
        cdef size_t size = 0
        cdef SNNStatus status
        with nogil:
            status = snn_save_state_memory(self.handle, NULL, 0, &size)
        self._check(status)
        data = bytearray(size)
        cdef unsigned char[::1] room = data
        with nogil:
            status = snn_save_state_memory(self.handle, &room[0], size, &size)
        self._check(status)
        return bytes(data)

    def load_state_memory(self, data):
        """Go on from what `save_state_memory` returned."""
        cdef Buffer buffer = open_buffer(data, UINT8, "the state")
        cdef SNNStatus status
        with nogil:
            status = snn_load_state_memory(self.handle, buffer.view.buf, <size_t>buffer.view.len)
        self._check(status)

    def to_network(self):
        """A finished network with the session's present weights."""
        cdef Network network = Network()
        cdef SNNStatus status
        with nogil:
            status = snn_session_to_network(self.handle, &network.handle)
        self._check(status)
        return network

    # ---- callbacks

    def on_spikes(self, callback):
        """Call ``callback(SpikeEvent)`` after each step for each population and sample that spiked; None removes."""
        cdef SpikeCallback function = call_spikes
        if callback is None:
            function = NULL
        self._check(snn_register_spike_callback(self.handle, function, <void *>self))
        self._spike_callback = callback

    def on_weights(self, callback):
        """Call ``callback(WeightUpdate)`` after each update for each trained projection; None removes."""
        cdef SNNWeightCallback function = call_weights
        if callback is None:
            function = NULL
        self._check(snn_register_weight_callback(self.handle, function, <void *>self))
        self._weight_callback = callback

    def on_epoch(self, callback):
        """Call ``callback(EpochResult)`` at the end of each epoch; None removes."""
        cdef SNNEpochCallback function = call_epoch
        if callback is None:
            function = NULL
        self._check(snn_register_epoch_callback(self.handle, function, <void *>self))
        self._epoch_callback = callback


cdef class MappedValues:
    """Bytes in memory of a session, for an array; they keep the session."""

    cdef Session session
    cdef void *address
    cdef Py_ssize_t byte_count
    cdef object __weakref__

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.address, self.byte_count, 0, flags)


cdef object copied_indices(const uint32_t *neurons, uint32_t count):
    if count == 0:
        return numpy.empty(0, DTYPE_UINT32)
    # One copy and one array over it: half the time of an empty array whose buffer is opened.
    return numpy.frombuffer(PyByteArray_FromStringAndSize(<const char *>neurons, count * sizeof(uint32_t)), DTYPE_UINT32)


# Callbacks run on the thread that called into libsnn. The first exception is kept, later calls are skipped.

cdef void call_spikes(SNNHandle handle, const SNNSpikes *spikes, void *user) noexcept with gil:
    cdef Session session = <Session>user
    if session._pending is not None or session._spike_callback is None:
        return
    try:
        session._spike_callback(SpikeEvent(
            spikes.step, spikes.population, spikes.sample, copied_indices(spikes.neurons, spikes.count)))
    except BaseException as error:
        session._pending = error


cdef void call_weights(SNNHandle handle, const SNNWeightUpdate *update, void *user) noexcept with gil:
    cdef Session session = <Session>user
    if session._pending is not None or session._weight_callback is None:
        return
    try:
        session._weight_callback(WeightUpdate(update.update, update.projection, update.gradient_norm))
    except BaseException as error:
        session._pending = error


cdef void call_epoch(SNNHandle handle, const SNNEpoch *epoch, void *user) noexcept with gil:
    cdef Session session = <Session>user
    if session._pending is not None or session._epoch_callback is None:
        return
    try:
        session._epoch_callback(EpochResult(epoch.epoch, epoch.sample_count, epoch.correct_count, epoch.mean_loss))
    except BaseException as error:
        session._pending = error


cdef class Progress:
    """What one run calls back: the caller's function, and whether Ctrl+C was pressed."""

    cdef Session session
    cdef object function
    cdef uint32_t interval  # steps between two calls of the function; 0: at every look
    cdef object error

    def __cinit__(self, Session session not None, function):
        self.session = session
        self.function = function


cdef int32_t on_progress(uint64_t steps_done, uint64_t steps_total, void *user) noexcept with gil:
    """Stops the run after an exception of a callback, on Ctrl+C, or when the caller's function says so."""
    cdef Progress progress = <Progress>user
    if progress.session._pending is not None:
        return 1
    try:
        PyErr_CheckSignals()
        if progress.function is None:
            return 0
        if progress.interval > 0 and steps_done % progress.interval != 0 and steps_done != steps_total:
            return 0
        return 1 if progress.function(steps_done, steps_total) else 0
    except BaseException as error:
        progress.error = error
        return 1
