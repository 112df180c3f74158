#include <snn/snn.h>
#include <stdio.h>

int main(void) {
    SNNNetwork network = NULL;
    if (snn_abi_version() != SNN_ABI_VERSION || snn_network_create(0.1, &network) != SNN_OK) return 1;
    snn_network_release(network);
    printf("libsnn %s\n", snn_version_string());
    return 0;
}
