/* A creature steered by a spiking network looks for food, 600 frames at 60 a second. See samples/python/creature.py: the same game
 * prints the same hash in every language. The argument is the brain, a file that samples/python/train_creature.py makes. */
#include <snn/snn.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 600, HEADINGS = 32, WORLD = 4096 };

/* 64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths. */
static const int32_t cosines[HEADINGS] = {64,  63,  59,  53,  45,  36,  24,  12,  0, -12, -24, -36, -45, -53, -59, -63,
                                          -64, -63, -59, -53, -45, -36, -24, -12, 0, 12,  24,  36,  45,  53,  59,  63};

static int32_t cosine(int32_t heading) { return cosines[heading % HEADINGS]; }
static int32_t sine(int32_t heading) { return cosines[(heading + 24) % HEADINGS]; }

static void check(SNNStatus status) {
    if (status == SNN_OK) return;
    fprintf(stderr, "%s: %s\n", snn_status_name(status), snn_last_error());
    exit(1);
}

/* How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1. */
static void see(int32_t dx, int32_t dy, int32_t heading, float seen[3]) {
    const int32_t ahead = dx * cosine(heading) + dy * sine(heading), left = dy * cosine(heading) - dx * sine(heading);
    const int32_t total = abs(ahead) + abs(left) > 0 ? abs(ahead) + abs(left) : 1;
    const int32_t side = ahead < 0 ? 16 : abs(left) * 16 / total; /* what is behind is at the side */
    seen[0] = left > 0 ? (float)side / 16 : 0;
    seen[1] = (float)((ahead > 0 ? ahead : 0) * 16 / total) / 16;
    seen[2] = left <= 0 ? (float)side / 16 : 0;
}

typedef struct Counts {
    uint32_t output;    /* the population */
    uint32_t spikes[3]; /* of its neurons in this frame */
} Counts;

static void SNN_CALL count_spikes(SNNHandle brain, const SNNSpikes *spikes, void *user) {
    Counts *counts = user;
    uint32_t i;
    (void)brain;
    if (spikes->population != counts->output) return;
    for (i = 0; i < spikes->count; ++i) ++counts->spikes[spikes->neurons[i]];
}

static uint32_t draw(uint32_t *random) {
    *random = *random * 1664525u + 1013904223u;
    return *random >> 20;
}

static int32_t clamp(int32_t value) { return value < 0 ? 0 : value >= WORLD * 64 ? WORLD * 64 - 1 : value; }

int main(int argc, char **argv) {
    int32_t x = WORLD / 2 * 64, y = x, heading = 0, eaten = 0, food_x = -1, food_y = -1;
    uint32_t random = 1, input;
    uint64_t hash = 0xCBF29CE484222325u;
    Counts counts;
    SNNConfig config;
    SNNHandle brain;
    SNNNetwork network;
    int frame, i;

    snn_config_default(&config);
    config.file = argc > 1 ? argv[1] : "creature.snn";
    check(snn_create_network(&config, &brain));
    check(snn_session_network(brain, &network));
    check(snn_network_find_population(network, "input", &input));
    check(snn_network_find_population(network, "output", &counts.output));
    snn_network_release(network);
    check(snn_register_spike_callback(brain, count_spikes, &counts));
    for (frame = 0; frame < FRAMES; ++frame) {
        float seen[3], voltages[3];
        uint32_t words[10], bits[3];
        int32_t dx, dy, speed;
        if (food_x < 0) {
            food_x = (int32_t)draw(&random);
            food_y = (int32_t)draw(&random);
        }
        dx = food_x - (x >> 6);
        dy = food_y - (y >> 6);
        memset(counts.spikes, 0, sizeof counts.spikes);
        see(dx, dy, heading, seen);
        check(snn_session_set_input(brain, input, seen, 3));
        check(snn_run_step(brain, 1.0f / 60.0f));
        check(snn_get_membrane_potentials(brain, "output", voltages, 3));
        heading += HEADINGS + (counts.spikes[0] > counts.spikes[2]) - (counts.spikes[0] < counts.spikes[2]);
        heading %= HEADINGS;
        speed = 8 + 4 * (int32_t)counts.spikes[1];
        x = clamp(x + cosine(heading) * speed);
        y = clamp(y + sine(heading) * speed);
        if (abs(dx) + abs(dy) < 64) {
            ++eaten;
            food_x = -1;
        }
        /* FNV-1a of everything, the brain's voltages to the last bit included. */
        memcpy(bits, voltages, sizeof bits);
        words[0] = (uint32_t)x;
        words[1] = (uint32_t)y;
        words[2] = (uint32_t)heading;
        words[3] = (uint32_t)eaten;
        memcpy(words + 4, counts.spikes, sizeof counts.spikes);
        memcpy(words + 7, bits, sizeof bits);
        for (i = 0; i < 10; ++i) hash = (hash ^ words[i]) * 0x100000001B3u;
    }
    snn_destroy_network(brain);
    printf("%d frames, %d eaten, hash %016" PRIx64 "\n", FRAMES, (int)eaten, hash);
    return 0;
}
