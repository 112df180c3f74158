# Structs of libsnn over arrays of the caller, which they keep in place.


cdef class InputArrays:
    """SNNInputArray structs over the caller's arrays."""

    cdef SNNInputArray *items
    cdef uint32_t count
    cdef list buffers

    def __cinit__(self, list inputs):
        cdef Buffer buffer
        self.buffers = []
        self.count = 0
        self.items = <SNNInputArray *>malloc(max(1, len(inputs)) * sizeof(SNNInputArray))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for the list of {len(inputs)} inputs")
        for population, held, array in inputs:
            buffer = open_buffer(array, FLOAT32, f"the input of population {population}")
            self.buffers.append(buffer)
            self.items[self.count].population = as_u32(population, "population")
            self.items[self.count].held = 1 if held else 0
            self.items[self.count].data = <const float *>buffer.view.buf
            self.items[self.count].count = buffer.count
            self.count += 1

    def __dealloc__(self):
        free(self.items)


cdef class RecordArrays:
    """SNNRecordArray structs over the caller's arrays."""

    cdef SNNRecordArray *items
    cdef uint32_t count
    cdef list kept

    def __cinit__(self, list records, bint writable=True):
        cdef Buffer buffer
        cdef bytes name
        self.kept = []
        self.count = 0
        self.items = <SNNRecordArray *>malloc(max(1, len(records)) * sizeof(SNNRecordArray))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for the list of {len(records)} recordings")
        for population, variable, array in records:
            name = text(variable, "the variable")
            buffer = Buffer()
            buffer.open(array, f"the array for {variable!r}", writable)
            self.kept.append((name, buffer))
            self.items[self.count].population = as_u32(population, "population")
            self.items[self.count].dtype = value_dtype(buffer, f"the array for {variable!r}")
            self.items[self.count].variable = name
            self.items[self.count].data = buffer.view.buf
            self.items[self.count].count = buffer.count
            self.count += 1

    def __dealloc__(self):
        free(self.items)


cdef class SpikeInputArrays:
    """SNNSpikeInput structs over the caller's arrays."""

    cdef SNNSpikeInput *items
    cdef uint32_t count
    cdef list kept

    def __cinit__(self, list inputs):
        cdef Buffer buffer
        cdef const uint32_t **places[3]
        self.kept = []
        self.count = 0
        self.items = <SNNSpikeInput *>malloc(max(1, len(inputs)) * sizeof(SNNSpikeInput))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for the list of {len(inputs)} inputs")
        for population, *arrays in inputs:
            memset(&self.items[self.count], 0, sizeof(SNNSpikeInput))
            self.items[self.count].struct_size = sizeof(SNNSpikeInput)
            self.items[self.count].population = as_u32(population, "population")
            places[0] = &self.items[self.count].steps
            places[1] = &self.items[self.count].neurons
            places[2] = &self.items[self.count].samples
            for place, array in enumerate(arrays[:3]):
                buffer = open_buffer(array, UINT32, f"the events of input {population}")
                if place > 0 and buffer.count != self.items[self.count].count:
                    raise InvalidArgumentError(
                        f"the arrays of events of input {population} have {self.items[self.count].count} and {buffer.count} "
                        "elements")
                self.items[self.count].count = buffer.count
                places[<int>place][0] = <const uint32_t *>buffer.view.buf
                self.kept.append(buffer)
            self.count += 1

    def __dealloc__(self):
        free(self.items)


cdef class ValueArrays:
    """SNNValueRecord structs over the caller's arrays."""

    cdef SNNValueRecord *items
    cdef uint32_t count
    cdef list kept

    def __cinit__(self, list records):
        cdef Buffer buffer, chosen
        cdef bytes name
        self.kept = []
        self.count = 0
        self.items = <SNNValueRecord *>malloc(max(1, len(records)) * sizeof(SNNValueRecord))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for the list of {len(records)} recordings")
        for path, indices, array in records:
            memset(&self.items[self.count], 0, sizeof(SNNValueRecord))
            name = text(path, "the path")
            buffer = Buffer()
            buffer.open(array, f"the array for {path!r}", True)
            self.kept.append((name, buffer))
            self.items[self.count].struct_size = sizeof(SNNValueRecord)
            self.items[self.count].dtype = value_dtype(buffer, f"the array for {path!r}")
            self.items[self.count].path = name
            self.items[self.count].data = buffer.view.buf
            self.items[self.count].count = buffer.count
            if indices is not None:
                chosen = open_buffer(indices, UINT64, f"the indices for {path!r}")
                self.kept.append(chosen)
                self.items[self.count].indices = <const uint64_t *>chosen.view.buf
                self.items[self.count].index_count = chosen.count
            self.count += 1

    def __dealloc__(self):
        free(self.items)


cdef class EventArrays:
    """SNNSpikeRecord structs over the caller's arrays."""

    cdef SNNSpikeRecord *items
    cdef uint32_t count
    cdef list kept

    def __cinit__(self, list events):
        cdef Buffer buffer
        cdef uint32_t **places[3]
        self.kept = []
        self.count = 0
        self.items = <SNNSpikeRecord *>malloc(max(1, len(events)) * sizeof(SNNSpikeRecord))
        if self.items == NULL:
            raise OutOfMemoryError(f"no memory for the list of {len(events)} recordings")
        for population, *arrays in events:
            memset(&self.items[self.count], 0, sizeof(SNNSpikeRecord))
            self.items[self.count].struct_size = sizeof(SNNSpikeRecord)
            self.items[self.count].population = as_u32(population, "population")
            places[0] = &self.items[self.count].steps
            places[1] = &self.items[self.count].neurons
            places[2] = &self.items[self.count].samples
            for place, array in enumerate(arrays[:3]):
                buffer = open_buffer(array, UINT32, f"the array for events of population {population}", True)
                if place > 0 and buffer.count != self.items[self.count].capacity:
                    raise InvalidArgumentError(
                        f"the arrays for events of population {population} have {self.items[self.count].capacity} and "
                        f"{buffer.count} elements")
                self.items[self.count].capacity = buffer.count
                places[<int>place][0] = <uint32_t *>buffer.view.buf
                self.kept.append(buffer)
            self.count += 1

    def __dealloc__(self):
        free(self.items)
