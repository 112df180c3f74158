/* Shows digits to a network and prints how many it knows and a hash of every spike and of the last voltages, so that systems can be
 * compared: digits FILE.snn DIGITS. DIGITS is, for each digit, 64 float32 and its label as a 65th. */
#include <snn/snn.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PIXELS = 64, CLASSES = 10, STEPS = 25, HIDDEN = 1, OUTPUT = 2 };

static uint64_t hash = UINT64_C(0xcbf29ce484222325);

static void add(uint32_t word) { hash = (hash ^ word) * UINT64_C(0x100000001b3); } /* FNV-1a over words */

static int show(SNNHandle brain, const float *digit, int *io_known) {
    float voltages[CLASSES];
    uint32_t counts[CLASSES] = {0}, best = 0, population, i;
    int step;
    if (snn_session_reset(brain) != SNN_OK || snn_session_set_input(brain, 0, digit, PIXELS) != SNN_OK) return 0;
    for (step = 0; step < STEPS; ++step) {
        if (snn_session_step(brain, 1) != SNN_OK) return 0;
        for (population = HIDDEN; population <= OUTPUT; ++population) {
            const uint32_t *neurons;
            uint32_t count;
            if (snn_session_get_spikes(brain, population, 0, &neurons, &count) != SNN_OK) return 0;
            add(count);
            for (i = 0; i < count; ++i) {
                add(neurons[i]);
                if (population == OUTPUT) ++counts[neurons[i]];
            }
        }
    }
    if (snn_get_membrane_potentials(brain, "output", voltages, CLASSES) != SNN_OK) return 0;
    for (i = 0; i < CLASSES; ++i) {
        uint32_t bits;
        memcpy(&bits, voltages + i, sizeof bits);
        add(bits);
        if (counts[i] > counts[best]) best = i;
    }
    *io_known += (float)best == digit[PIXELS];
    return 1;
}

int main(int argc, char **argv) {
    float digit[PIXELS + 1];
    int known = 0, shown = 0;
    SNNConfig config;
    SNNHandle brain = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: digits FILE.snn DIGITS\n");
        return 2;
    }
    snn_config_default(&config);
    config.file = argv[1];
    if (snn_create_network(&config, &brain) == SNN_OK)
        while (fread(digit, sizeof digit, 1, file) == 1 && show(brain, digit, &known)) ++shown;
    if (!feof(file)) {
        fprintf(stderr, "%s\n", snn_last_error());
        return 1;
    }
    fclose(file);
    snn_destroy_network(brain);
    printf("%d of %d digits known, hash %016" PRIx64 "\n", known, shown, hash);
    return 0;
}
