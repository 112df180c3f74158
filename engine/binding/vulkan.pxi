# The Vulkan device of the host program (snn_vulkan.h): handles are integers.

cdef void lock_queue(void *user) noexcept with gil:
    (<object>user).acquire()


cdef void unlock_queue(void *user) noexcept with gil:
    (<object>user).release()


cdef int32_t VK_NOT_READY = 1  # no answer of vkQueueSubmit: the program has not submitted, and the device has not failed


cdef class Submitter:
    """The function that submits for a session, and what it raised."""

    cdef object submit
    cdef object raised

    def __cinit__(self, submit):
        self.submit = submit

    cdef int resume(self) except -1:
        """Let an exception go on in the call that submitted."""
        raised = self.raised
        if raised is not None:
            self.raised = None
            raise raised
        return 0


cdef int32_t submit_batch(void *user, const void *submit_info, uint64_t fence) noexcept with gil:
    cdef Submitter submitter = <Submitter>user
    try:
        result = submitter.submit(<size_t>submit_info, fence)
        return 0 if result is None else as_integer(result, "what host.submit returned")
    except BaseException as error:
        submitter.raised = error
        return VK_NOT_READY


cdef void *as_handle(object value, str what) except? NULL:
    return <void *><size_t>as_u64(value, what)


cdef int fill_host(SNNVulkanHost *host, object given, Submitter submitter) except -1:
    """Take the members of a `snn.vulkan.Host`, which the caller keeps alive, as it does what calls its `submit`, or None."""
    snn_vulkan_host_init(host, sizeof(host[0]))
    host.queue_family = as_u32(given.queue_family, "host.queue_family")
    host.instance = as_handle(given.instance, "host.instance")
    host.physical_device = as_handle(given.physical_device, "host.physical_device")
    host.device = as_handle(given.device, "host.device")
    host.queue = as_handle(given.queue, "host.queue")
    host.get_instance_proc_addr = <SNNVulkanFunction (*)(void *, const char *) noexcept nogil>as_handle(
        given.get_instance_proc_addr, "host.get_instance_proc_addr")
    if given.queue_lock is not None:
        host.lock_queue = lock_queue
        host.unlock_queue = unlock_queue
        host.user = <void *>given.queue_lock
    if submitter is not None:
        host.submit = submit_batch
        host.user = <void *>submitter
    host.pipeline_cache = as_u64(given.pipeline_cache, "host.pipeline_cache")
    return 0


cdef class Semaphores:
    """SNNVulkanSemaphore structs of (handle, value) pairs."""

    cdef SNNVulkanSemaphore *items
    cdef uint32_t count

    def __cinit__(self, list pairs, str what):
        self.count = 0
        self.items = <SNNVulkanSemaphore *>malloc(max(1, len(pairs)) * sizeof(SNNVulkanSemaphore))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for a list of {len(pairs)} semaphores")
        for semaphore, value in pairs:
            self.items[self.count].semaphore = as_u64(semaphore, f"{what}: the semaphore")
            self.items[self.count].value = as_u64(value, f"{what}: the value")
            self.count += 1

    def __dealloc__(self):
        free(self.items)


cdef object plan_of(const SNNVulkanPlan *plan):
    """Shaders, buffers and dispatches as tuples of bytes and numbers, copied."""
    cdef const SNNVulkanPlanDispatch *dispatch
    cdef const SNNVulkanPlanBinding *binding
    shaders = [
        (PyBytes_FromStringAndSize(<const char *>plan.shaders[i].spirv, plan.shaders[i].word_count * 4),
         PyBytes_FromStringAndSize(<const char *>plan.shaders[i].constants, plan.shaders[i].constant_count * 4))
        for i in range(plan.shader_count)]
    buffers = [
        (PyBytes_FromStringAndSize(<const char *>plan.buffers[i].contents, plan.buffers[i].size_bytes),
         plan.buffers[i].host_buffer)
        for i in range(plan.buffer_count)]
    dispatches = []
    for i in range(plan.dispatch_count):
        dispatch = &plan.dispatches[i]
        bindings = []
        for k in range(SNN_VULKAN_BINDING_COUNT):
            binding = &dispatch.bindings[k]
            bindings.append((binding.buffer, binding.offset_bytes, binding.size_bytes))
        indirect = None
        if dispatch.indirect_buffer != SNN_VULKAN_NO_BUFFER:
            indirect = (dispatch.indirect_buffer, dispatch.indirect_offset_bytes)
        dispatches.append((
            dispatch.shader, bool(dispatch.barrier), bindings,
            PyBytes_FromStringAndSize(<const char *>dispatch.push, dispatch.push_bytes),
            (dispatch.groups[0], dispatch.groups[1], dispatch.groups[2]), indirect))
    return shaders, buffers, dispatches
