# The Vulkan device of the host program (snn_vulkan.h): handles are integers.

cdef void lock_queue(void *user) noexcept with gil:
    (<object>user).acquire()


cdef void unlock_queue(void *user) noexcept with gil:
    (<object>user).release()


cdef void *as_handle(object value, str what) except? NULL:
    return <void *><size_t>as_u64(value, what)


cdef int fill_host(SNNVulkanHost *host, object given) except -1:
    """Take the members of a `snn.vulkan.Host`, which the caller keeps alive."""
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
    return 0
