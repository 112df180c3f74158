/* golden.h - what every device, instruction set and thread count must give. Written by test_c_golden --print; a
 * change of this file is a change of BITS and belongs into CHANGELOG.md. */
static const GoldenRun golden_runs[] = {
    {"feed_forward", UINT64_C(0x3464634a64feebcc), 2884},
    {"recurrent", UINT64_C(0x753400b171081f1b), 16193},
    {"models", UINT64_C(0x1c93ebea914b3d64), 13714},
    {"convolution", UINT64_C(0x1aa0d6aa1cad0989), 9413},
    {"wide", UINT64_C(0xc208ea6c98817289), 18611},
};

/* snn_random_fill(42, 7, ..., 0, 1, values, 8) */
static const float golden_uniform[8] = {
    0x1.9fb9bcp-2f, 0x1.b1fb28p-2f, 0x1.cbbbd2p-1f, 0x1.1f9bf2p-1f,
    0x1.2767e4p-3f, 0x1.5c6934p-2f, 0x1.28b796p-1f, 0x1.0e8facp-1f};
static const float golden_normal[8] = {
    -0x1.e7348cp-3f, -0x1.89898cp-3f, 0x1.450fep+0f, 0x1.3e349p-3f,
    -0x1.0fbba6p+0f, -0x1.a5ad6ep-2f, 0x1.9afe2cp-3f, 0x1.243e74p-4f};
