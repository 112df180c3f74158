// The random draws of a step, docs/semantics.md. Whoever includes this says which step it is, step_number(), and what the seed
// is, seed(); low words first.

// Philox4x32-10: the word of draw `number` for this neuron.
uint draw_word(const uint number) {
    const uvec2 step = step_number();
    uvec4 c = uvec4(0xD0000000u | (neuron / 64 * 16 + neuron % 16), step.x, a.population | (step.y << 20),
                    sample_index | (number << 20));
    uvec2 key = seed();
    for (int round = 0; round < 10; ++round) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, c.x, high0, low0);
        umulExtended(0xCD9E8D57u, c.z, high1, low1);
        c = uvec4(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return c[neuron / 16 % 4];
}

float op_uniform(const uint number) {
    precise const float r = float(draw_word(number) >> 8) * uintBitsToFloat(0x33800000u);  // 2^-24
    return r;
}

// The inverse of the normal distribution at the word, by the table that engine/modelc prints.
float op_normal(const uint number) {
    const uint word = draw_word(number);
    precise const float half_up = float(word >> 1) + 0.5;
    const uint bits = floatBitsToUint(op_min(half_up, 2147483520.0));
    const uint octave = (bits >> 23) - 126;
    precise const float x = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u) - 1.5;
    float z = uintBitsToFloat(run[a.normal_table + 6 * 32 + octave]);
    for (int k = 5; k >= 0; --k) z = multiply_add(z, x, uintBitsToFloat(run[a.normal_table + k * 32 + octave]));
    return uintBitsToFloat(floatBitsToUint(z) ^ (word << 31));
}

// The number of limits below the word. They ascend, so the first that is not below ends it.
float op_poisson(const uint number, const uint mean) {
    const uint word = draw_word(number), table = a.poisson + 4 * mean;
    const uint first = constants[table] + (constants[table + 3] != 0 ? neuron : 0);
    const uint count = constants[table + 1], stride = constants[table + 2];
    uint events = 0;
    while (events < count && constants[first + events * stride] < word) ++events;
    return float(events);
}
