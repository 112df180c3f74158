#include <snn/snn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    float pixels[64], voltages[10];
    SNNConfig config;
    SNNHandle brain;
    for (int i = 0; i < 64; ++i) pixels[i] = i % 8 == 3 || i % 8 == 4; /* an upright stroke */
    snn_config_default(&config);
    config.file = argc > 1 ? argv[1] : "digits.snn";
    if (snn_create_network(&config, &brain) != SNN_OK ||
        snn_session_set_input(brain, 0, pixels, 64) != SNN_OK || /* stays until it is changed */
        snn_run_step(brain, 0.025f) != SNN_OK || /* 25 ms, as one frame of a game would: 25 steps of 1 ms */
        snn_get_membrane_potentials(brain, "output", voltages, 10) != SNN_OK) {
        puts(snn_last_error());
        return 1;
    }
    for (int i = 0; i < 10; ++i) printf("output %d: %.3f\n", i, (double)voltages[i]);
    snn_destroy_network(brain);
    return 0;
}
