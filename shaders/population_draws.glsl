// Random draws for shaders that step one population: the tables are in the population's constants and in `run`.
uint population_number() { return a.population; }
uint constant_word(const uint at) { return constants[at]; }
uint poisson_tables() { return a.poisson; }
float normal_coefficient(const uint at) { return uintBitsToFloat(run[a.normal_table + at]); }
#include "draws.glsl"
