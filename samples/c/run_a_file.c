#include <snn/snn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    float pixels[64], spikes[10];
    int digit = 0;
    SNNConfig config;
    SNNHandle brain;
    SNNRunDef run;
    SNNRecordArray counts = {2, SNN_FLOAT32, "spike_count", spikes, 10}; /* of population 2, "output" */
    for (int i = 0; i < 64; ++i) pixels[i] = i % 8 == 3 || i % 8 == 4; /* an upright stroke */
    snn_config_default(&config);
    config.file = argc > 1 ? argv[1] : "digits.snn";
    snn_run_def_default(&run);
    run.step_count = 25; /* as in training */
    run.records = &counts;
    run.record_count = 1;
    if (snn_create_network(&config, &brain) != SNN_OK ||
        snn_session_set_input(brain, 0, pixels, 64) != SNN_OK || /* stays until it is changed */
        snn_session_run(brain, &run) != SNN_OK) {
        puts(snn_last_error());
        return 1;
    }
    for (int i = 1; i < 10; ++i)
        if (spikes[i] > spikes[digit]) digit = i;
    printf("the digit is a %d: %.0f spikes\n", digit, (double)spikes[digit]);
    snn_destroy_network(brain);
    return 0;
}
