// Losses by hand and by finite differences of the loss function alone.
#include <doctest/doctest.h>

#include <cmath>

#include "small_networks.h"
#include "train/loss.h"

using namespace snn;
using namespace snn::test;

namespace {

struct Evaluated {
    LossResult result;
    std::vector<double> gradient;
};

Evaluated evaluate(uint32_t loss, uint32_t batch, uint32_t outputs, const std::vector<double>& scores,
                   const int32_t* labels, const float* targets = nullptr) {
    Evaluated evaluated;
    evaluated.gradient.assign(scores.size(), 7.0);
    evaluated.result = evaluate_loss({loss, 5, batch, outputs}, scores, labels, targets, 0.8, 0.1, evaluated.gradient);
    return evaluated;
}

}  // namespace

TEST_CASE("scores: counts, rates, largest and mean membrane") {
    const std::vector<double> counts{3, 0, 5, 2}, membrane{1, 4, -2, 0,  // step 0: two samples of two outputs
                                                           3, 4, -1, 0,  // step 1
                                                           3, 1, -3, 0};
    std::vector<double> scores(4);
    std::vector<uint32_t> steps(4);
    const auto run = [&](uint32_t loss) { loss_scores({loss, 3, 2, 2}, counts, membrane, scores, steps); };
    run(SNN_LOSS_CROSS_ENTROPY_COUNT);
    CHECK(scores == counts);
    run(SNN_LOSS_MEAN_SQUARE_RATE);
    CHECK(scores[2] == doctest::Approx(5.0 / 3.0));
    run(SNN_LOSS_CROSS_ENTROPY_MAX_MEMBRANE);
    CHECK(scores == std::vector<double>{3, 4, -1, 0});
    CHECK(steps == std::vector<uint32_t>{1, 0, 1, 0});  // the first step that attains the maximum
    run(SNN_LOSS_CROSS_ENTROPY_MEAN_MEMBRANE);
    CHECK(scores[0] == doctest::Approx(7.0 / 3.0));
    CHECK(scores[2] == doctest::Approx(-2.0));
}

TEST_CASE("cross-entropy by hand") {
    // softmax of (0, ln 3) is (1/4, 3/4)
    const int32_t labels[] = {0};
    const Evaluated found = evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 1, 2, {0.0, std::log(3.0)}, labels);
    CHECK(found.result.loss == doctest::Approx(std::log(4.0)));
    CHECK(found.result.sample_count == 1);
    CHECK(found.result.correct_count == 0);
    CHECK(found.gradient[0] == doctest::Approx(-0.75));
    CHECK(found.gradient[1] == doctest::Approx(0.75));
}

TEST_CASE("cross-entropy does not overflow") {
    const int32_t labels[] = {1};
    const Evaluated found = evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 1, 3, {1e6, -1e6, 0}, labels);
    CHECK(found.result.loss == doctest::Approx(2e6));
    CHECK(found.gradient == std::vector<double>{1, -1, 0});
}

TEST_CASE("ties go to the lowest class") {
    const int32_t labels[] = {0, 1};
    CHECK(evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 2, 2, {5, 5, 5, 5}, labels).result.correct_count == 1);
}

TEST_CASE("the mean is over samples that are not padding, and padding takes no gradient") {
    const int32_t one[] = {1}, padded[] = {-1, 1, -1};
    const Evaluated single = evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 1, 2, {0.3, 0.9}, one);
    const Evaluated found = evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 3, 2, {9, 9, 0.3, 0.9, -4, 2}, padded);
    CHECK(found.result.loss == doctest::Approx(single.result.loss).epsilon(1e-15));
    CHECK(found.result.sample_count == 1);
    CHECK(found.result.correct_count == 1);
    CHECK(found.gradient == std::vector<double>{0, 0, single.gradient[0], single.gradient[1], 0, 0});
    const int32_t none[] = {-1, -1};
    const Evaluated empty = evaluate(SNN_LOSS_CROSS_ENTROPY_COUNT, 2, 2, {1, 2, 3, 4}, none);
    CHECK(empty.result.loss == 0);
    CHECK(empty.result.sample_count == 0);
    CHECK(empty.gradient == std::vector<double>(4, 0.0));
}

TEST_CASE("mean square of rates: labels become rate_on and rate_off, or targets are given") {
    const int32_t labels[] = {1};
    // (0.5 - 0.1)^2 and (0.6 - 0.8)^2, over two outputs
    const Evaluated found = evaluate(SNN_LOSS_MEAN_SQUARE_RATE, 1, 2, {0.5, 0.6}, labels);
    CHECK(found.result.loss == doctest::Approx((0.16 + 0.04) / 2));
    CHECK(found.result.correct_count == 1);
    CHECK(found.gradient[0] == doctest::Approx(0.4));
    CHECK(found.gradient[1] == doctest::Approx(-0.2));
    const float targets[] = {0.25f, 0.5f, 9.0f, 9.0f};
    const int32_t padding[] = {0, -1};
    const Evaluated aimed = evaluate(SNN_LOSS_MEAN_SQUARE_RATE, 2, 2, {0.5, 0.5, 0, 0}, padding, targets);
    CHECK(aimed.result.loss == doctest::Approx(0.0625 / 2));
    CHECK(aimed.gradient[0] == doctest::Approx(0.25));
    CHECK(aimed.gradient[1] == 0);
    CHECK(aimed.gradient[2] == 0);
    const Evaluated alone = evaluate(SNN_LOSS_MEAN_SQUARE_RATE, 2, 2, {0.25, 0.5, 9, 9}, nullptr, targets);
    CHECK(alone.result.loss == 0);
    CHECK(alone.result.sample_count == 2);
    CHECK(alone.result.correct_count == 0);
}

TEST_CASE("gradients of the losses agree with finite differences") {
    Numbers numbers(3);
    const int32_t labels[] = {2, -1, 0, 1};
    for (const uint32_t loss : {SNN_LOSS_CROSS_ENTROPY_COUNT, SNN_LOSS_MEAN_SQUARE_RATE}) {
        std::vector<double> scores(12);
        for (double& score : scores) score = numbers.uniform(-2, 2);
        const Evaluated at = evaluate(loss, 4, 3, scores, labels);
        for (size_t i = 0; i < scores.size(); ++i) {
            const double h = 1e-4, here = scores[i];
            const auto loss_at = [&](double value) {
                scores[i] = value;
                return evaluate(loss, 4, 3, scores, labels).result.loss;
            };
            const double slope =
                (8 * (loss_at(here + h) - loss_at(here - h)) - (loss_at(here + 2 * h) - loss_at(here - 2 * h))) /
                (12 * h);
            scores[i] = here;
            CHECK(std::abs(slope - at.gradient[i]) < 1e-10);
        }
    }
}
