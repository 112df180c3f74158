// Convolution of spikes when neither few nor all sources are active: a target's window becomes the bits of a word, for several
// channels at once. Included by kernels_isa.cpp inside the namespace of one instruction set, after kernels_conv.h, whose
// scratch image of sums it uses.
//
//     spikes of channel c     window of a target       word
//        . X . .                  X .                   bit ((c * kernel_y) + ky) * kernel_x + kx: ... 0 1 1 0
//        . . X .       ---->      . X         ---->     sums of the target in registers, += the weights of each bit, ascending
//        X . . .
//
// The sums of a target are read and written once for each word, not for each source. The order of additions is the same.

// Adds all words to `Blocks` blocks of one group at once.
template <uint32_t Blocks>
static void add_words(const ConvArgs& args, uint32_t block) {
    const ConvShape& shape = *args.shape;
    const uint32_t kernel = shape.kernel_y * shape.kernel_x, height = shape.in_height + 2 * shape.y_padding;
    const uint64_t taps = (uint64_t{1} << shape.kernel_x) - 1, row_end = (uint64_t{1} << shape.in_width) - 1;
    const size_t block_weights = shape.block_weights();
    const uint32_t first_channel = shape.blocks[block].group * shape.group_inputs, width = (shape.out_width + 7) / 8 * 8;
    uint64_t rows[most_word_rows], shifts[64], words[64];
    for (uint32_t x = 0; x < width; ++x) shifts[x] = x * shape.x_stride % 64;
    const float* weights = args.weights + block * block_weights;
    for (uint32_t input = 0; input < shape.group_inputs; input += shape.word_inputs) {
        const uint32_t rest = shape.group_inputs - input, inputs = rest < shape.word_inputs ? rest : shape.word_inputs;
        for (uint32_t c = 0; c < inputs; ++c)
            for (uint32_t y = 0; y < height; ++y) {
                uint64_t row = 0;
                if (y >= shape.y_padding && y < shape.y_padding + shape.in_height) {
                    const uint32_t image_row = (first_channel + input + c) * shape.in_height + y - shape.y_padding;
                    const uint32_t first = image_row * shape.in_width;
                    const uint32_t left = args.bit_words - first / 16;
                    if (left >= 4) std::memcpy(&row, args.bits + first / 16, sizeof row);
                    else std::memcpy(&row, args.bits + first / 16, left * sizeof *args.bits);
                    row = (row >> first % 16 & row_end) << shape.x_padding;
                }
                rows[c * height + y] = row;
            }
        for (uint32_t y = 0; y < shape.out_height; ++y) {
            for (uint32_t x = 0; x < width; ++x) words[x] = 0;
            uint32_t place = 0;
            for (uint32_t c = 0; c < inputs; ++c)
                for (uint32_t ky = 0; ky < shape.kernel_y; ++ky, place += shape.kernel_x) {
                    const uint64_t row = rows[c * height + y * shape.y_stride + ky];
                    for (uint32_t x = 0; x < width; ++x) words[x] |= (row >> shifts[x] & taps) << place;
                }
            float* sums = args.scratch + size_t{y} * shape.out_width * 16 * Blocks;
            for (uint32_t x = 0; x < shape.out_width; ++x, sums += 16 * Blocks) {
                uint64_t left = words[x];
                if (left == 0) continue;
                F sum[Blocks];
                SNN_UNROLL for (uint32_t b = 0; b < Blocks; ++b) sum[b] = load(sums + b * 16);
                for (; left != 0; left &= left - 1) {
                    const float* const weight = weights + size_t{lowest_bit(left)} * 16;
                    SNN_UNROLL for (uint32_t b = 0; b < Blocks; ++b) sum[b] = add(sum[b], load(weight + b * block_weights));
                }
                SNN_UNROLL for (uint32_t b = 0; b < Blocks; ++b) store(sums + b * 16, sum[b]);
            }
        }
        weights += size_t{inputs} * kernel * 16;
    }
}
