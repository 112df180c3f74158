#include <snn/snn.hpp>

#include <cstdio>

int main() {
    const snn::Network network(0.1);
    std::printf("libsnn %s with %zu models\n", snn::version().c_str(), snn::builtin_models().size());
    return network.info().dt_ms == 0.1 ? 0 : 1;
}
