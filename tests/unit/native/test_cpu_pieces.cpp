// How populations are cut into pieces, up to the largest that there may be.
#include <doctest/doctest.h>

#include "cpu/kernel_table.h"
#include "cpu/pieces.h"
#include "small_networks.h"

using namespace snn;
using namespace snn::test;
using cpu::NeuronRange;

namespace {

// Whether the ranges follow each other from 0 to the end of the row.
bool cover(const std::vector<NeuronRange>& ranges, uint32_t row) {
    uint32_t end = 0;
    for (const NeuronRange& range : ranges) {
        if (range.begin != end || range.end <= range.begin) return false;
        end = range.end;
    }
    return end == row;
}

}  // namespace

TEST_CASE("pieces follow each other from the first neuron to the last, at multiples of the granularity") {
    for (const uint32_t row : {16u, 48u, 64u, 1008u, 250'000'000u, 1u << 31})
        for (const uint64_t granularity : {uint64_t{16}, uint64_t{64}, uint64_t{784 * 16}, uint64_t{row}, uint64_t{row} * 16})
            for (const uint32_t pieces : {1u, 2u, 3u, 64u}) {
                const std::vector<NeuronRange> ranges = cpu::cut(row, granularity, pieces);
                INFO(row, " neurons by ", granularity, " in ", pieces);
                CHECK(cover(ranges, row));
                CHECK(ranges.size() <= pieces);
                for (const NeuronRange& range : ranges) CHECK(range.begin % granularity == 0);
            }
}

TEST_CASE("a large image keeps blocks of 16 channels together") {
    NetworkMaker maker;
    const uint32_t side = 16384;  // 16 channels of this have 2^32 places
    const uint32_t image = maker.spikes({1, side, side}), pooled = maker.neurons({1, side, side}, "lif");
    maker.connect({.kind = SNN_CONNECT_POOL2D, .source = image, .target = pooled});
    const std::vector<uint64_t> granularities = cpu::piece_granularities(maker.network());
    CHECK(granularities[image] == 64);
    CHECK(granularities[pooled] == uint64_t{1} << 32);
    CHECK(cover(cpu::cut(side * side, granularities[pooled], 2), side * side));
}

TEST_CASE("margins of a convolution are counted in 64 bits, and gradients do not slide over an image that is mostly margin") {
    cpu::ConvShape shape{};
    shape.out_height = 65536;
    shape.out_width = 16;
    shape.kernel_x = 3;
    shape.x_stride = shape.y_stride = 1;
    shape.x_dilation = 65536;
    CHECK(shape.padded_plane() == 65536 * (uint64_t{16} + 2 * 2 * 65536));
    CHECK_FALSE(shape.slides());
    shape.x_dilation = 1;
    CHECK(shape.slides());
    shape.y_stride = 2;
    CHECK_FALSE(shape.slides());
}
