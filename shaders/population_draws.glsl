// The random draws of a shader that steps one population: its tables are among the population's constants and in `run`.
uint population_number() { return a.population; }
uint constant_word(const uint at) { return constants[at]; }
uint poisson_tables() { return a.poisson; }
float normal_coefficient(const uint at) { return uintBitsToFloat(run[a.normal_table + at]); }
#include "draws.glsl"
