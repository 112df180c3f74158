/* What a call costs beside what it does: nanoseconds of a step of the brain in the argument, the best of 20 rounds of 20,000 steps,
 * and of a frame that sets its input, steps and reads its voltages. The same program in each language. */
#include <snn/snn.h>

#include <stdio.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    enum { ROUNDS = 20, STEPS = 20000 };
    const float seen[3] = {0.5f, 0.5f, 0.0f};
    float voltages[3];
    double best[2] = {1e300, 1e300};
    SNNConfig config;
    SNNHandle brain;
    int round, step;
    snn_config_default(&config);
    config.file = argc > 1 ? argv[1] : "creature.snn";
    if (snn_create_network(&config, &brain) != SNN_OK) {
        puts(snn_last_error());
        return 1;
    }
    for (round = 0; round < ROUNDS; ++round) {
        double start = now(), time;
        for (step = 0; step < STEPS; ++step) snn_session_step(brain, 1);
        time = (now() - start) / STEPS;
        if (time < best[0]) best[0] = time;
        start = now();
        for (step = 0; step < STEPS; ++step) {
            snn_session_set_input(brain, 0, seen, 3);
            snn_session_step(brain, 1);
            snn_get_membrane_potentials(brain, "output", voltages, 3);
        }
        time = (now() - start) / STEPS;
        if (time < best[1]) best[1] = time;
    }
    printf("step %.1f ns, frame %.1f ns\n", best[0], best[1]);
    snn_destroy_network(brain);
    return 0;
}
