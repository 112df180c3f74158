/* A brain in a game loop: a creature with two eyes and two motors finds a light (a Braitenberg vehicle).
 *
 * The game runs at 60 frames a second, the network at steps of 1 ms. snn_run_step takes the time of the frame, advances as
 * many whole steps as fit and carries the rest; nothing is allocated and nothing waits. Each eye excites the motor on the
 * other side, so the creature turns towards the light. */
#include <snn/snn.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EYES = 2, NEURONS = 16, MOTORS = 2 };

static void check(SNNStatus status) {
    if (status == SNN_OK) return;
    fprintf(stderr, "%s: %s\n", snn_status_name(status), snn_last_error());
    exit(1);
}

static uint32_t add(SNNNetwork network, const char *name, uint32_t kind, const char *model, uint32_t size) {
    SNNPopulationDef def;
    uint32_t index;
    snn_population_def_default(&def);
    def.name = name;
    def.kind = kind;
    def.model_name = model;
    def.shape.dims[0] = size;
    check(snn_network_add_population(network, &def, &index));
    return index;
}

static void connect(SNNNetwork network, uint32_t source, uint32_t target, const float *weights, size_t count) {
    SNNProjectionDef def;
    snn_projection_def_default(&def);
    def.source = source;
    def.target = target;
    def.weights = weights;
    def.weight_count = count;
    check(snn_network_connect(network, &def, NULL));
}

/* A real game ships a trained .snn file and sets config.file; here the weights are written down. */
static SNNHandle make_brain(void) {
    float see[EYES * NEURONS] = {0}, move[NEURONS * MOTORS] = {0};
    SNNNetwork network;
    SNNConfig config;
    SNNHandle brain;
    uint32_t eyes, neurons, motors;
    int i;
    for (i = 0; i < NEURONS; ++i) { /* the first half listens to the left eye, with a little more weight each */
        const int side = i / (NEURONS / 2);
        see[side * NEURONS + i] = 0.3f + 0.05f * (float)(i % (NEURONS / 2));
        move[i * MOTORS + (1 - side)] = 0.05f;
    }
    check(snn_network_create(1.0, &network));
    eyes = add(network, "eyes", SNN_POPULATION_VALUE_INPUT, NULL, EYES);
    neurons = add(network, "neurons", SNN_POPULATION_NEURONS, "lif", NEURONS);
    motors = add(network, "motors", SNN_POPULATION_NEURONS, "leaky_integrator", MOTORS);
    connect(network, eyes, neurons, see, EYES * NEURONS);
    connect(network, neurons, motors, move, NEURONS * MOTORS);
    check(snn_network_finish(network));
    snn_config_default(&config);
    config.network = network;
    check(snn_create_network(&config, &brain));
    snn_network_release(network); /* the session keeps it */
    return brain;
}

/* How bright the light is in an eye that looks `angle` radians to the left of straight ahead. */
static float brightness(float dx, float dy, float heading, float angle) {
    const float along = cosf(heading + angle) * dx + sinf(heading + angle) * dy;
    const float distance = sqrtf(dx * dx + dy * dy);
    return distance > 0.0f && along > 0.0f ? along / distance : 0.0f;
}

int main(void) {
    const float frame_dt = 1.0f / 60.0f, light_x = -3.0f, light_y = 4.0f;
    float x = 0.0f, y = 0.0f, heading = 0.0f; /* the light is behind the creature, to the left */
    SNNHandle brain = make_brain();
    int frame;
    for (frame = 1; frame <= 3600; ++frame) {
        const float dx = light_x - x, dy = light_y - y;
        float eyes[EYES], motors[MOTORS];
        eyes[0] = 0.1f + brightness(dx, dy, heading, 0.8f);
        eyes[1] = 0.1f + brightness(dx, dy, heading, -0.8f);
        check(snn_session_set_input(brain, 0, eyes, EYES));
        check(snn_run_step(brain, frame_dt));
        check(snn_get_membrane_potentials(brain, "motors", motors, MOTORS));
        heading += 1.5f * (motors[1] - motors[0]) * frame_dt; /* the right motor turns it to the left */
        x += 0.5f * cosf(heading) * frame_dt;
        y += 0.5f * sinf(heading) * frame_dt;
        if (frame % 120 == 0) printf("%4.0f s: at %5.2f, %5.2f\n", (double)frame / 60.0, (double)x, (double)y);
        if (dx * dx + dy * dy < 0.04f) break;
    }
    snn_destroy_network(brain);
    if (frame > 3600) {
        puts("did not find the light");
        return 1;
    }
    printf("reached the light after %d frames\n", frame);
    return 0;
}
