// Runs op lists over blocks of neurons. Each instruction runs over a whole block (1 KiB a register) before the next one. The
// lane functions are those of the compiled models, so the bits are the same. Included by kernels_isa.cpp inside the namespace
// of one instruction set.

// Where the words of an operand lie for the current block. Shared values repeat the same 16 lanes (step 0).
struct BlockOperand {
    const uint32_t* words;
    uint32_t step;
};

struct BlockFrame {
    const void* const* inputs;
    const uint32_t* input_masks;  // as in NeuronStepArgs::constant_masks
    const uint32_t* literals;
    uint32_t* scratch;
    uint32_t begin, count;  // neurons of the block; count is a multiple of 16
};

static BlockOperand operand_of(const BlockFrame& frame, uint32_t operand) {
    const uint32_t index = operand & ~place_mask;
    switch (operand & place_mask) {
        case place_scratch:
            return {frame.scratch + index * interpreter_block, 16};
        case place_literal:
            return {frame.literals + index * 16, 0};
        default:
            return {static_cast<const uint32_t*>(frame.inputs[index]) + (frame.begin & frame.input_masks[index]),
                    frame.input_masks[index] != 0 ? 16u : 0u};
    }
}

// Words are reached through typed loads only; the C++ object types of the arrays are float and int32.
SNN_ALWAYS_INLINE F read_f(const uint32_t* words) { return load(reinterpret_cast<const float*>(words)); }
SNN_ALWAYS_INLINE I read_i(const uint32_t* words) { return load(reinterpret_cast<const int32_t*>(words)); }
SNN_ALWAYS_INLINE M read_m(const uint32_t* words) { return load_mask(reinterpret_cast<const int32_t*>(words)); }
SNN_ALWAYS_INLINE void write(uint32_t* words, F x) { store(reinterpret_cast<float*>(words), x); }
SNN_ALWAYS_INLINE void write(uint32_t* words, I x) { store(reinterpret_cast<int32_t*>(words), x); }
SNN_ALWAYS_INLINE void write(uint32_t* words, M x) { store_mask(reinterpret_cast<int32_t*>(words), x); }

template <class Function>
SNN_ALWAYS_INLINE void block_loop(uint32_t count, uint32_t* out, BlockOperand a, BlockOperand b, BlockOperand c,
                                  Function&& function) {
    for (uint32_t i = 0; i < count; i += 16) {
        write(out, function(a.words, b.words, c.words));
        out += 16;
        a.words += a.step;
        b.words += b.step;
        c.words += c.step;
    }
}

static_assert(interpreter_block <= draw_chunk);

// draw(begin, end, out) makes the draws of the block.
template <class MakeDraws>
SNN_ALWAYS_INLINE void draw_block(const BlockFrame& frame, uint32_t* out, MakeDraws&& draw) {
    alignas(64) float draws[interpreter_block];
    draw(frame.begin, frame.begin + frame.count, draws);
    for (uint32_t i = 0; i < frame.count; i += 16) write(out + i, load(draws + i));
}

// `step`: where draws come from; null for an adjoint, which makes none.
static void run_block(const BlockProgram& program, const BlockFrame& frame, const NeuronStepArgs* step) {
    using Words = const uint32_t*;
    for (uint32_t k = 0; k < program.instruction_count; ++k) {
        const BlockInstruction& instruction = program.instructions[k];
        uint32_t* const out = frame.scratch + instruction.result * interpreter_block;
        const BlockOperand a = operand_of(frame, instruction.a);
        const BlockOperand b = operand_of(frame, instruction.b);
        const BlockOperand c = operand_of(frame, instruction.c);
        const auto each = [&](auto&& function) { block_loop(frame.count, out, a, b, c, function); };
        switch (static_cast<Op>(instruction.op)) {
            case Op::add: each([](Words x, Words y, Words) { return add(read_f(x), read_f(y)); }); break;
            case Op::sub: each([](Words x, Words y, Words) { return sub(read_f(x), read_f(y)); }); break;
            case Op::mul: each([](Words x, Words y, Words) { return mul(read_f(x), read_f(y)); }); break;
            case Op::div: each([](Words x, Words y, Words) { return div(read_f(x), read_f(y)); }); break;
            case Op::min: each([](Words x, Words y, Words) { return min_(read_f(x), read_f(y)); }); break;
            case Op::max: each([](Words x, Words y, Words) { return max_(read_f(x), read_f(y)); }); break;
            case Op::neg: each([](Words x, Words, Words) { return neg(read_f(x)); }); break;
            case Op::abs: each([](Words x, Words, Words) { return abs_(read_f(x)); }); break;
            case Op::floor: each([](Words x, Words, Words) { return floor_(read_f(x)); }); break;
            case Op::exp: each([](Words x, Words, Words) { return exp_(read_f(x)); }); break;
            case Op::log: each([](Words x, Words, Words) { return log_(read_f(x)); }); break;
            case Op::reciprocal: each([](Words x, Words, Words) { return reciprocal_(read_f(x)); }); break;
            case Op::sqrt: each([](Words x, Words, Words) { return sqrt_(read_f(x)); }); break;
            case Op::iadd: each([](Words x, Words y, Words) { return add(read_i(x), read_i(y)); }); break;
            case Op::isub: each([](Words x, Words y, Words) { return sub(read_i(x), read_i(y)); }); break;
            case Op::imul: each([](Words x, Words y, Words) { return mul(read_i(x), read_i(y)); }); break;
            case Op::imin: each([](Words x, Words y, Words) { return min_(read_i(x), read_i(y)); }); break;
            case Op::imax: each([](Words x, Words y, Words) { return max_(read_i(x), read_i(y)); }); break;
            case Op::lt: each([](Words x, Words y, Words) { return lt(read_f(x), read_f(y)); }); break;
            case Op::le: each([](Words x, Words y, Words) { return le(read_f(x), read_f(y)); }); break;
            case Op::eq: each([](Words x, Words y, Words) { return eq(read_f(x), read_f(y)); }); break;
            case Op::ilt: each([](Words x, Words y, Words) { return lt(read_i(x), read_i(y)); }); break;
            case Op::ile: each([](Words x, Words y, Words) { return le(read_i(x), read_i(y)); }); break;
            case Op::ieq: each([](Words x, Words y, Words) { return eq(read_i(x), read_i(y)); }); break;
            case Op::and_: each([](Words x, Words y, Words) { return and_(read_m(x), read_m(y)); }); break;
            case Op::or_: each([](Words x, Words y, Words) { return or_(read_m(x), read_m(y)); }); break;
            case Op::not_: each([](Words x, Words, Words) { return not_(read_m(x)); }); break;
            // One select for all types: they are 32-bit words here, masks included.
            case Op::select:
                each([](Words x, Words y, Words z) { return select(read_m(x), read_i(y), read_i(z)); });
                break;
            case Op::to_float: each([](Words x, Words, Words) { return to_float(read_i(x)); }); break;
            case Op::to_int: each([](Words x, Words, Words) { return to_int(read_f(x)); }); break;
            case Op::spike: each([](Words x, Words y, Words) { return spike_(read_f(x), read_i(y)); }); break;
            case Op::uniform:
                draw_block(frame, out, [&](uint32_t begin, uint32_t end, float* draws) {
                    draw_uniform(step->draws, a.words[0], begin, end, draws);
                });
                break;
            case Op::normal:
                draw_block(frame, out, [&](uint32_t begin, uint32_t end, float* draws) {
                    draw_normal(step->draws, a.words[0], begin, end, draws);
                });
                break;
            case Op::poisson:
                draw_block(frame, out, [&](uint32_t begin, uint32_t end, float* draws) {
                    draw_poisson(step->draws, a.words[0], step->poisson[b.words[0]], begin, end, draws);
                });
                break;
            default:  // constants became literals, surrogates other ops; atan and tanh do not occur in float32
                break;
        }
    }
}

template <class Function>
static void write_result(const BlockFrame& frame, uint32_t operand, void* row, Function&& function) {
    BlockOperand from = operand_of(frame, operand);
    uint32_t* out = static_cast<uint32_t*>(row) + frame.begin;
    for (uint32_t i = 0; i < frame.count; i += 16) {
        write(out + i, function(from.words));
        from.words += from.step;
    }
}

// The tables of inputs lie at the start of the scratch memory, and the registers follow.
struct BlockInputs {
    const void** data;
    uint32_t* masks;
    uint32_t count = 0;

    BlockInputs(uint32_t* scratch, uint32_t capacity)
        : data(reinterpret_cast<const void**>(scratch)), masks(reinterpret_cast<uint32_t*>(data + capacity)) {}
    void put(const void* pointer, uint32_t mask = 0xFFFFFFFFu) {
        data[count] = pointer;
        masks[count++] = mask;
    }
};

static void interpret_step(const BlockProgram& program, const NeuronStepArgs& args, uint32_t* scratch, uint32_t begin,
                           uint32_t end) {
    BlockInputs inputs(scratch, program.input_count);
    for (uint32_t i = 0; i < program.constant_count; ++i) inputs.put(args.constants[i], args.constant_masks[i]);
    for (uint32_t i = 0; i < program.receptor_count; ++i) inputs.put(args.receptors[i]);
    for (uint32_t i = 0; i < program.state_count; ++i) inputs.put(args.states[i]);
    const auto flushed = [](const uint32_t* words) { return flush(read_f(words)); };
    const auto plain = [](const uint32_t* words) { return read_i(words); };
    for (uint32_t block = begin; block < end; block += interpreter_block) {
        const uint32_t size = end - block < interpreter_block ? end - block : interpreter_block;
        const BlockFrame frame{inputs.data, inputs.masks, program.literals, scratch + program.table_words, block, size};
        run_block(program, frame, &args);
        if (args.tape)
            for (uint32_t i = 0; i < program.tape_count; ++i)
                write_result(frame, program.tape_results[i], args.tape[i], plain);
        if (program.spikes) {
            BlockOperand spike = operand_of(frame, program.spike_result);
            for (uint32_t i = 0; i < size; i += 16) {
                args.spikes[(block + i) / 16] = mask_bits(lt(broadcast_f(0.0f), read_f(spike.words)));
                spike.words += spike.step;
            }
        }
        // If a result is the present value of another state, the program has copied it into scratch memory (interpreter.cpp).
        for (uint32_t i = 0; i < program.state_count; ++i) {
            if (program.state_is_int[i]) write_result(frame, program.state_results[i], args.states[i], plain);
            else write_result(frame, program.state_results[i], args.states[i], flushed);
        }
    }
}

static void interpret_adjoint(const BlockProgram& program, const NeuronAdjointArgs& args, uint32_t* scratch,
                              uint32_t begin, uint32_t end) {
    BlockInputs inputs(scratch, program.input_count);
    for (uint32_t i = 0; i < program.constant_count; ++i) inputs.put(args.constants[i], args.constant_masks[i]);
    for (uint32_t i = 0; i < program.tape_count; ++i) inputs.put(args.tape[i]);
    for (uint32_t i = 0; i < program.state_count; ++i) inputs.put(args.state_gradients[i]);
    inputs.put(args.spike_gradient);
    const auto plain = [](const uint32_t* words) { return read_f(words); };
    for (uint32_t block = begin; block < end; block += interpreter_block) {
        const uint32_t size = end - block < interpreter_block ? end - block : interpreter_block;
        const BlockFrame frame{inputs.data, inputs.masks, program.literals, scratch + program.table_words, block, size};
        run_block(program, frame, nullptr);
        for (uint32_t i = 0; i < program.receptor_count; ++i)
            write_result(frame, program.receptor_results[i], args.receptor_gradients[i], plain);
        for (uint32_t i = 0; i < program.state_count; ++i)
            if (!program.state_is_int[i]) write_result(frame, program.state_results[i], args.state_gradients[i], plain);
        for (uint32_t k = 0; k < program.constant_result_count; ++k) {
            BlockOperand from = operand_of(frame, program.constant_results[k]);
            float* const sums = args.constant_gradients[k] + block;
            for (uint32_t i = 0; i < size; i += 16) {
                store(sums + i, add(load(sums + i), read_f(from.words)));
                from.words += from.step;
            }
        }
    }
}
