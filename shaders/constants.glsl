// The constants of a population, for the current neuron. Shared constants have one value for all neurons, own constants a value
// for each; `k` is an index among those of a kind. The including shader defines neuron_count() and binds `constants`.

uint neuron;        // index in its sample
uint sample_index;

float shared_float(const uint k) { return uintBitsToFloat(constants[a.shared_constants + k]); }
int shared_int(const uint k) { return int(constants[a.shared_constants + k]); }
float own_float(const uint k) { return uintBitsToFloat(constants[a.own_constants + k * neuron_count() + neuron]); }
int own_int(const uint k) { return int(constants[a.own_constants + k * neuron_count() + neuron]); }
