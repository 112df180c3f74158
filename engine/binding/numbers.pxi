# Devices, encoders, random numbers, and the timing loop of the benchmarks.

cdef extern from *:
    """
    #if defined(_WIN32)
    #include <windows.h>
    static double snn_binding_seconds(void) {
        LARGE_INTEGER now, frequency;
        QueryPerformanceCounter(&now);
        QueryPerformanceFrequency(&frequency);
        return (double)now.QuadPart / (double)frequency.QuadPart;
    }
    #else
    #include <time.h>
    static double snn_binding_seconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    }
    #endif
    """
    double snn_binding_seconds() nogil


def version():
    """Version of the libsnn that is loaded."""
    return decoded(snn_version_string())


def abi_version():
    """ABI version of the libsnn that is loaded."""
    return snn_abi_version()


def available_memory_bytes():
    """Bytes that this process could still take, no more than the limit of a container leaves; 0 if unknown."""
    return snn_available_memory_bytes()


def devices():
    """The devices of this machine, as a list of `DeviceInfo`."""
    announce_openvino()
    cdef uint32_t count = 0
    cdef SNNDeviceInfo info
    check(snn_device_count(&count))
    found = []
    for index in range(count):
        memset(&info, 0, sizeof(info))
        info.struct_size = sizeof(info)
        check(snn_device_get(index, &info))
        found.append(DeviceInfo(
            decoded(info.name), decoded(info.description), info.core_count, info.memory_bytes, bool(info.can_train),
            tuple(decoded(info.instruction_sets).split())))
    return found


def device_speed(device):
    """How long a step takes on a device, as a `DeviceSpeed`; measured, or kept from an earlier measurement."""
    cdef SNNDeviceSpeed speed
    cdef SNNStatus status
    cdef bytes c_device = text(device, "the device")
    cdef const char *name = c_device
    announce_openvino()
    memset(&speed, 0, sizeof(speed))
    speed.struct_size = sizeof(speed)
    with nogil:
        status = snn_device_speed(name, &speed)
    check(status)
    return DeviceSpeed(speed.small_step_s, speed.large_step_s, decoded(speed.driver), bool(speed.was_kept))


def encode(uint32_t kind, values, size_t sample_count, size_t feature_count, out, *, steps, double gain=1.0,
           double threshold=0.01, seed=0):
    """Encode float32 values into `out`, float32 [steps][sample_count][feature_count]; see SNNEncoderDef."""
    cdef SNNEncoderDef definition
    cdef SNNStatus status
    cdef Buffer source = open_buffer(values, FLOAT32, "values")
    cdef Buffer target = open_buffer(out, FLOAT32, "out", True)
    snn_encoder_def_default(&definition)
    definition.kind = kind
    definition.step_count = as_u32(steps, "steps")
    definition.gain = <float>gain
    definition.threshold = <float>threshold
    definition.seed = as_u64(seed, "seed")
    with nogil:
        status = snn_encode(&definition, <const float *>source.view.buf, source.count, sample_count, feature_count,
                            <float *>target.view.buf, target.count)
    check(status)


def random_fill(out, seed, stream, uint32_t distribution, double a, double b):
    """Fill float32 `out` with numbers that are the same on every platform: 0 uniform [a, b), 1 normal (mean, std)."""
    cdef Buffer buffer = open_buffer(out, FLOAT32, "out", True)
    cdef uint64_t c_seed = as_u64(seed, "seed")
    cdef uint64_t c_stream = as_u64(stream, "stream")
    cdef SNNStatus status
    with nogil:
        status = snn_random_fill(c_seed, c_stream, distribution, a, b, <float *>buffer.view.buf, buffer.count)
    check(status)


def random_draw(out, numbers, seed, stream):
    """Fill float64 `out` with a distribution: (kind, a, b, low, high) as snn.h numbers them."""
    cdef Buffer buffer = open_buffer(out, FLOAT64, "out", True)
    cdef SNNDistribution distribution
    _set_distribution(&distribution, numbers)
    cdef uint64_t c_seed = as_u64(seed, "seed")
    cdef uint64_t c_stream = as_u64(stream, "stream")
    cdef SNNStatus status
    with nogil:
        status = snn_random_draw(&distribution, c_seed, c_stream, <double *>buffer.view.buf, buffer.count)
    check(status)


def time_steps(Session session not None, uint32_t source, frames, uint32_t target, out_seconds, out_spikes):
    """Time single steps in C: input in, one step, output spikes out, once for each value of `out_seconds`.

    Parameters
    ----------
    source : int
        Index of the input population; it is bound for the time of this call.
    frames : float32 [frame][batch_size * size]
        Inputs, used in turn.
    target : int
        Index of the population whose spikes are fetched (sample 0).
    out_seconds : float64 [repeat]
        Seconds of each step, by the monotonic clock; reading the clock twice is part of it.
    out_spikes : uint32 [repeat]
        How many neurons of `target` spiked.
    """
    cdef Buffer frame_buffer = open_buffer(frames, FLOAT32, "frames")
    cdef Buffer second_buffer = open_buffer(out_seconds, FLOAT64, "out_seconds", True)
    cdef Buffer spike_buffer = open_buffer(out_spikes, UINT32, "out_spikes", True)
    cdef size_t frame_count = len(frames)
    if spike_buffer.count != second_buffer.count or frame_count == 0 or frame_buffer.count == 0:
        raise InvalidArgumentError("frames is empty, or out_seconds and out_spikes differ in length")
    cdef size_t width = frame_buffer.count // frame_count
    cdef size_t bytes_a_frame = width * sizeof(float)
    cdef const float *frame_data = <const float *>frame_buffer.view.buf
    cdef double *seconds = <double *>second_buffer.view.buf
    cdef uint32_t *spike_counts = <uint32_t *>spike_buffer.view.buf
    cdef size_t repeat_count = second_buffer.count
    cdef const uint32_t *neurons
    cdef uint32_t count = 0
    cdef double begin
    cdef size_t i
    cdef SNNStatus status = SNN_OK
    cdef float *bound = <float *>malloc(bytes_a_frame)
    if bound == NULL:
        raise OutOfMemoryError(f"no memory for an input of {width} values")
    try:
        memset(bound, 0, bytes_a_frame)
        check(snn_session_bind_input(session.handle, source, bound, width))
        with nogil:
            for i in range(repeat_count):
                begin = snn_binding_seconds()
                memcpy(bound, frame_data + (i % frame_count) * width, bytes_a_frame)
                status = snn_session_step(session.handle, 1)
                if status == SNN_OK:
                    status = snn_session_get_spikes(session.handle, target, 0, &neurons, &count)
                seconds[i] = snn_binding_seconds() - begin
                spike_counts[i] = count
                if status != SNN_OK:
                    break
        session._end(status)
    finally:
        snn_session_bind_input(session.handle, source, NULL, 0)
        free(bound)
