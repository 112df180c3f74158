// The constants of a population, for the neuron at hand: `k` counts those of its kind, with one value for all neurons or a value
// for each. Whoever includes this says how many neurons there are, neuron_count(), and binds `constants`.

uint neuron;        // within its sample
uint sample_index;

float shared_float(const uint k) { return uintBitsToFloat(constants[a.shared_constants + k]); }
int shared_int(const uint k) { return int(constants[a.shared_constants + k]); }
float own_float(const uint k) { return uintBitsToFloat(constants[a.own_constants + k * neuron_count() + neuron]); }
int own_int(const uint k) { return int(constants[a.own_constants + k * neuron_count() + neuron]); }
