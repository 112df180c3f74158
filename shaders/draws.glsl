// Random draws (docs/semantics.md): pure functions of seed, step, population, sample, neuron and number of the draw. The
// including shader has the global `neuron`, and defines the functions that are declared first.
uvec2 step_number();                        // low word first
uvec2 seed();
uint population_number();
uint first_neuron();                        // number of the population's first neuron, a multiple of 64
uint sample_number();
uint constant_word(const uint at);          // of the population's constants
uint poisson_tables();                      // offset in the constants of the tables that NeuronStep::poisson describes
float normal_coefficient(const uint at);    // [degree][octave]

// The four words of one call of Philox4x32-10. The tag tells its uses apart.
uvec4 draw_call(const uint tag, const uint call, const uint number) {
    const uvec2 step = step_number();
    uvec4 c = uvec4(tag | call, step.x, population_number() | (step.y << 20), sample_number() | (number << 20));
    uvec2 key = seed();
    for (int round = 0; round < 10; ++round) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, c.x, high0, low0);
        umulExtended(0xCD9E8D57u, c.z, high1, low1);
        c = uvec4(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

// The random word of this neuron's draw `number`.
uint draw_word(const uint number) {
    return draw_call(0xD0000000u, (first_neuron() + neuron) / 64 * 16 + neuron % 16, number)[neuron / 16 % 4];
}

// The upper (tag 0xD0000000) or lower (0xC0000000) half of the word of a Poisson draw.
uint draw_half(const uint tag, const uint number) {
    const uint at = first_neuron() + neuron;
    return (draw_call(tag, at / 128 * 16 + at % 16, number)[at / 32 % 4] >> (at / 16 % 2 * 16)) & 0xFFFFu;
}

float op_uniform(const uint number) {
    precise const float r = float(draw_word(number) >> 8) * uintBitsToFloat(0x33800000u);  // 2^-24
    return r;
}

// The inverse of the normal distribution function at the word, by the table that engine/modelc prints.
float op_normal(const uint number) {
    const uint word = draw_word(number);
    precise const float half_up = float(word >> 1) + 0.5;
    const uint bits = floatBitsToUint(op_min(half_up, 2147483520.0));
    const uint octave = (bits >> 23) - 126;
    precise const float x = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u) - 1.5;
    float z = normal_coefficient(6 * 32 + octave);
    for (uint k = 6; k-- > 0;) z = multiply_add(z, x, normal_coefficient(k * 32 + octave));
    return uintBitsToFloat(floatBitsToUint(z) ^ (word << 31));
}

// The number of limits below the word. Limits ascend, so the first that is not below ends the search. The lower half of the
// word is drawn only if the upper half equals that of a limit.
float op_poisson(const uint number, const uint mean) {
    const uint upper = draw_half(0xD0000000u, number), table = poisson_tables() + 4 * mean;
    const uint first = constant_word(table) + (constant_word(table + 3) != 0 ? neuron : 0);
    const uint count = constant_word(table + 1), stride = constant_word(table + 2);
    uint events = 0;
    while (events < count && (constant_word(first + events * stride) >> 16) < upper) ++events;
    if (events < count && (constant_word(first + events * stride) >> 16) == upper) {
        const uint word = (upper << 16) | draw_half(0xC0000000u, number);
        while (events < count && constant_word(first + events * stride) < word) ++events;
    }
    return float(events);
}
