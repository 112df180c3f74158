// Writes the spikes of a step: bits, their number, and the list of the neurons that spiked. All invocations of a workgroup must
// call write_spikes(); they are GROUP_SIZE neighbouring neurons of one sample.
layout(std430, set = 0, binding = 5) buffer Own { uint own[]; };

shared uint spike_words[GROUP_SIZE / 32];
shared uint list_begin;

void write_spikes(const Activity activity, const uint neuron, const bool spikes) {
    const uint sample_index = gl_WorkGroupID.y, place = gl_LocalInvocationID.x;
    const uint slot = slot_of(activity, 0);
    if (place < GROUP_SIZE / 32) spike_words[place] = 0;
    barrier();
    if (spikes) atomicOr(spike_words[place / 32], 1u << (place % 32));
    barrier();
    const uint word = gl_WorkGroupID.x * (GROUP_SIZE / 32) + place;
    if (place < GROUP_SIZE / 32 && word < activity.width)
        own[slot + activity.data + sample_index * activity.width + word] = spike_words[place];
    if (place == 0) {
        // Clears the next slot's spike count: the ring is one slot longer than delays look back, so nothing reads that count in
        // this step. The next slot's bits stay: they may be those of an earlier step, which record.comp is still copying.
        if (gl_WorkGroupID.x == 0) own[slot_of(activity, 0xFFFFFFFF) + sample_index] = 0;
        uint count = 0;
        for (uint i = 0; i < GROUP_SIZE / 32; ++i) count += bitCount(spike_words[i]);
        if (count > 0) {
            list_begin = atomicAdd(own[slot + sample_index], count);
            add_to_counter(count);
        }
    }
    if (activity.list == NOWHERE) return;
    barrier();
    if (!spikes) return;
    uint rank = bitCount(spike_words[place / 32] & ((1u << (place % 32)) - 1));
    for (uint i = 0; i < place / 32; ++i) rank += bitCount(spike_words[i]);
    own[slot + activity.list + sample_index * activity.size + list_begin + rank] = neuron;
}
