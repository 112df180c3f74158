# Training of one session.


cdef class Trainer:
    """Losses, gradients and the optimiser of a session. Thread-safety: with its session, one thread at a time."""

    cdef SNNTrainer handle
    cdef Session _session

    def __cinit__(self, Session session not None, *, output_population, steps, loss=0, optimizer=1, learning_rate=1e-3,
                  momentum=0.0, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, gradient_clip_norm=0.0,
                  rate_regularization=0.0, rate_target=0.0, rate_on=0.8, rate_off=0.0, parameter_rate_factor=1.0,
                  l1_regularization=0.0, van_rossum_tau=10.0, checkpoint_steps=0, window_steps=0, bint window_updates=True,
                  rule=0, label_smoothing=0.0):
        cdef SNNTrainerDef definition
        self.handle = NULL
        snn_trainer_def_default(&definition)
        definition.output_population = as_u32(output_population, "output_population")
        definition.step_count = as_u32(steps, "steps")
        definition.loss = as_u32(loss, "loss")
        definition.optimizer = as_u32(optimizer, "optimizer")
        definition.learning_rate = learning_rate
        definition.momentum = momentum
        definition.beta1 = beta1
        definition.beta2 = beta2
        definition.epsilon = epsilon
        definition.weight_decay = weight_decay
        definition.gradient_clip_norm = gradient_clip_norm
        definition.rate_regularization = rate_regularization
        definition.rate_target = rate_target
        definition.rate_on = rate_on
        definition.rate_off = rate_off
        definition.parameter_rate_factor = parameter_rate_factor
        definition.l1_regularization = l1_regularization
        definition.van_rossum_tau_ms = van_rossum_tau
        definition.checkpoint_steps = as_u32(checkpoint_steps, "checkpoint_steps")
        definition.window_steps = as_u32(window_steps, "window_steps")
        definition.window_updates = window_updates
        definition.rule = as_u32(rule, "rule")
        definition.label_smoothing = label_smoothing
        cdef PyThreadState *released = let_go(session._waits)
        cdef SNNStatus status = snn_trainer_create(session.handle, &definition, &self.handle)
        take_back(released)
        session._check(status)
        self._session = session

    def __dealloc__(self):
        snn_trainer_release(self.handle)

    def step(self, list inputs, labels=None, targets=None, *, list spike_inputs=None):
        """Forward, backward and update on one batch; see `forward`."""
        return self._batch(inputs, spike_inputs, labels, targets, True)

    def forward(self, list inputs, labels=None, targets=None, *, list spike_inputs=None):
        """Run one batch and its loss.

        Parameters
        ----------
        inputs : list of (population index, held, float32 array)
        labels : int32 [batch_size] or None
            -1: the sample is padding.
        targets : float32 [batch_size][outputs], of losses in time [step][batch_size][outputs], or None
            Instead of labels, or with them.
        spike_inputs : list of (population index, steps, neurons[, samples]), optional
            Inputs as events, uint32 in the order of their steps.
        """
        return self._batch(inputs, spike_inputs, labels, targets, False)

    def run(self, list inputs, list records, labels=None, *, list spike_inputs=None):
        """Run one batch for a loss of the caller's.

        Parameters
        ----------
        inputs, labels, spike_inputs
            As for `forward`; labels may be None and only mark padding.
        records : list of (population index, variable, array)
            As for `Session.run`: [step][batch_size][size].
        """
        return self._batch(inputs, spike_inputs, labels, None, False, RecordArrays(records))

    cdef object _batch(self, list inputs, list spike_inputs, object labels, object targets, bint update,
                       RecordArrays records=None):
        cdef InputArrays arrays = InputArrays(inputs)
        cdef SpikeInputArrays spike_arrays = SpikeInputArrays(spike_inputs or [])
        cdef Buffer label_buffer, target_buffer
        cdef SNNBatch batch
        cdef SNNTrainResult result
        cdef SNNStatus status
        cdef SNNRecordArray *record_items = NULL
        cdef uint32_t record_count = 0
        cdef bint run = records is not None
        memset(&batch, 0, sizeof(batch))
        batch.struct_size = sizeof(batch)
        batch.inputs = arrays.items
        batch.input_count = arrays.count
        batch.spike_inputs = spike_arrays.items
        batch.spike_input_count = spike_arrays.count
        if run:
            record_items = records.items
            record_count = records.count
        if labels is not None:
            label_buffer = open_buffer(labels, INT32, "labels")
            batch.labels = <const int32_t *>label_buffer.view.buf
            batch.label_count = label_buffer.count
        if targets is not None:
            target_buffer = open_buffer(targets, FLOAT32, "targets")
            batch.targets = <const float *>target_buffer.view.buf
            batch.target_count = target_buffer.count
        memset(&result, 0, sizeof(result))
        result.struct_size = sizeof(result)
        with nogil:
            if run:
                status = snn_trainer_run(self.handle, &batch, record_items, record_count, &result)
            elif update:
                status = snn_trainer_step(self.handle, &batch, &result)
            else:
                status = snn_trainer_forward(self.handle, &batch, &result)
        self._session._end(status)
        return TrainResult(result.sample_count, result.correct_count, result.loss, result.spike_count)

    def backward(self):
        """Gradients of the last forward."""
        cdef SNNStatus status
        with nogil:
            status = snn_trainer_backward(self.handle)
        self._session._end(status)

    def run_backward(self, double loss, list gradients, list input_gradients):
        """Gradients of the weights from those of the outputs of the last `run`.

        Parameters
        ----------
        loss : float
            For the check of `update` and the mean of `end_epoch`.
        gradients : list of (population index, variable, array)
            [step][batch_size][size], float32 or float64; read.
        input_gradients : list of (population index, "spikes", array)
            The same shape, of inputs; written.
        """
        cdef RecordArrays given = RecordArrays(gradients, False)
        cdef RecordArrays wanted = RecordArrays(input_gradients)
        cdef SNNStatus status
        with nogil:
            status = snn_trainer_run_backward(self.handle, loss, given.items, given.count, wanted.items, wanted.count)
        self._session._end(status)

    def update(self):
        """One step of the optimiser with the gradients of the last backward."""
        cdef SNNStatus status
        with nogil:
            status = snn_trainer_update(self.handle)
        self._session._end(status)

    def scores(self, out):
        """Copy the class scores of the last forward into float32 [batch_size][outputs]."""
        cdef Buffer buffer = open_buffer(out, FLOAT32, "the array", True)
        self._session._check(snn_trainer_scores(self.handle, <float *>buffer.view.buf, buffer.count))

    def loss_of(self, population):
        """The part of the last loss that is of a population's own, its weight included."""
        cdef double loss = 0.0
        self._session._check(snn_trainer_loss_of(self.handle, as_u32(population, "population"), &loss))
        return loss

    def state(self):
        """What it remembers from update to update: float64 [n]."""
        cdef size_t count = 0
        self._session._check(snn_trainer_get_state(self.handle, NULL, &count))
        values = numpy.empty(count)
        cdef Buffer buffer = open_buffer(values, FLOAT64, "values", True)
        cdef PyThreadState *released = let_go(self._session._waits)
        cdef SNNStatus status = snn_trainer_get_state(self.handle, <double *>buffer.view.buf, &count)
        take_back(released)
        self._session._check(status)
        return values

    def set_state(self, values):
        """Take over what `state` of a trainer of the same network and optimiser gave."""
        cdef Buffer buffer = open_buffer(values, FLOAT64, "the state of the trainer")
        cdef PyThreadState *released = let_go(self._session._waits)
        cdef SNNStatus status = snn_trainer_set_state(self.handle, <const double *>buffer.view.buf, buffer.count)
        take_back(released)
        self._session._check(status)

    def set_auxiliary_loss(self, population, loss, double weight):
        """Add `weight` times a loss of another population than the output; 0: none."""
        self._session._check(snn_trainer_set_auxiliary_loss(
            self.handle, as_u32(population, "population"), as_u32(loss, "loss"), weight))

    def set_class_weights(self, weights):
        """Let classes count by weights, float32 [outputs], in cross-entropies."""
        cdef Buffer buffer = open_buffer(weights, FLOAT32, "class_weight")
        self._session._check(snn_trainer_set_class_weights(self.handle, <const float *>buffer.view.buf, buffer.count))

    def set_dropout(self, population, double probability, seed=0):
        """Silence each neuron of a population with a probability, for all steps of a forward."""
        self._session._check(snn_trainer_set_dropout(
            self.handle, as_u32(population, "population"), probability, as_u64(seed, "seed")))

    def set_quantization(self, projection, bits, per_channel=False):
        """Round the weights of a projection to so many bits, the optimiser's own left as they are; 0: no longer."""
        cdef uint32_t place = as_u32(projection, "projection"), width = as_u32(bits, "bits"), each = bool(per_channel)
        cdef PyThreadState *released = let_go(self._session._waits)
        cdef SNNStatus status = snn_trainer_set_quantization(self.handle, place, width, each)
        take_back(released)
        self._session._check(status)

    def set_normalization(self, projection, double scale, double momentum, double epsilon):
        """Normalise what a projection delivers over all steps, folded into its weights between calls; scale 0: no longer."""
        cdef uint32_t place = as_u32(projection, "projection")
        cdef PyThreadState *released = let_go(self._session._waits)
        cdef SNNStatus status = snn_trainer_set_normalization(self.handle, place, scale, momentum, epsilon)
        take_back(released)
        self._session._check(status)

    def set_delay_learning(self, projection, kernel, double width, double rate_factor):
        """Learn the delays of a projection of taps, at one tap for each pair between calls; width 0: no longer."""
        cdef uint32_t place = as_u32(projection, "projection"), number = as_u32(kernel, "kernel")
        cdef PyThreadState *released = let_go(self._session._waits)
        cdef SNNStatus status = snn_trainer_set_delay_learning(self.handle, place, number, width, rate_factor)
        take_back(released)
        self._session._check(status)

    def set_learning_rate(self, double learning_rate):
        """Change the learning rate from the next update on."""
        self._session._check(snn_trainer_set_learning_rate(self.handle, learning_rate))

    def end_epoch(self):
        """Sum up the steps since the last call; calls the epoch callback. Returns `EpochResult`."""
        cdef SNNEpoch epoch
        memset(&epoch, 0, sizeof(epoch))
        epoch.struct_size = sizeof(epoch)
        cdef SNNStatus status = snn_trainer_end_epoch(self.handle, &epoch)
        self._session._end(status)
        return EpochResult(epoch.epoch, epoch.sample_count, epoch.correct_count, epoch.mean_loss)
