// Connection rules: exact counts, pairs that are allowed, the distributions that they promise, and rows that are the same whoever
// asks for them. Seeds are fixed, so a test passes always or never; bounds are quantiles at 1e-6 or further out.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <thread>
#include <utility>

#include "common/binomial.h"
#include "heap.h"
#include "network/rules.h"

using namespace snn;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

ConnectionRule rule_of(uint32_t kind, uint32_t sources, uint32_t targets, uint64_t count = 0, double probability = 0) {
    ConnectionRule rule;
    rule.def.rule = kind;
    rule.def.count = count;
    rule.def.probability = probability;
    rule.def.seed = 11;
    rule.def.allow_autapses = rule.def.allow_multapses = 1;
    rule.def.weight = {SNN_DISTRIBUTION_CONSTANT, 0.5, 0, -infinity, infinity};
    rule.def.delay = {SNN_DISTRIBUTION_CONSTANT, 0, 0, -infinity, infinity};
    rule.source_size = sources;
    rule.target_size = targets;
    return rule;
}

using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

Pairs pairs_of(const SynapseRule& rule) {
    Pairs pairs;
    RowMemory memory;
    for (uint32_t source = 0; source < rule.source_size(); ++source)
        for (const uint32_t target : rule.row(source, memory).targets) pairs.push_back({source, target});
    return pairs;
}

Pairs pairs_of(const ConnectionRule& rule) { return pairs_of(*make_rule(rule, "p")); }

bool all_distinct(Pairs pairs) {
    std::sort(pairs.begin(), pairs.end());
    return std::adjacent_find(pairs.begin(), pairs.end()) == pairs.end();
}

std::vector<uint32_t> degrees(const Pairs& pairs, bool of_targets, uint32_t size) {
    std::vector<uint32_t> found(size, 0);
    for (const auto& [source, target] : pairs) ++found.at(of_targets ? target : source);
    return found;
}

// Chi-square of counts that are expected to be equal, as a standard normal number (Wilson and Hilferty 1931).
double chi_square_z(const std::vector<double>& found, const std::vector<double>& expected) {
    double sum = 0;
    for (size_t i = 0; i < found.size(); ++i) sum += (found[i] - expected[i]) * (found[i] - expected[i]) / expected[i];
    const double k = static_cast<double>(found.size()) - 1.0;
    return (std::cbrt(sum / k) - (1.0 - 2.0 / (9.0 * k))) / std::sqrt(2.0 / (9.0 * k));
}

double uniform_z(const std::vector<uint32_t>& found) {
    const double mean = std::accumulate(found.begin(), found.end(), 0.0) / static_cast<double>(found.size());
    return chi_square_z({found.begin(), found.end()}, std::vector<double>(found.size(), mean));
}

double binomial_pmf(double n, double p, double k) {
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                    (n - k) * std::log1p(-p));
}

}  // namespace

TEST_CASE("the number of synapses of many rows is found without keeping the rows") {
    const uint32_t sources = (1u << 20) + 1;
    const auto rule = make_rule(rule_of(SNN_RULE_FIXED_PROBABILITY, sources, 100, 0, 0.02), "p");
    snn::test::limit_heap_blocks(1 << 20);
    uint64_t count = 0;
    CHECK_NOTHROW(count = rule->count());
    snn::test::limit_heap_blocks(SIZE_MAX);
    RowMemory memory;
    uint64_t in_rows = 0;
    for (uint32_t source = 0; source < sources; ++source) in_rows += rule->row(source, memory).targets.size();
    CHECK(count == in_rows);
}

TEST_CASE("binomial numbers have the binomial distribution") {
    struct Case {
        uint64_t n;
        double p;
    };
    for (const auto& [n, p] : {Case{20, 0.3}, Case{50, 0.2}, Case{1000, 0.1}, Case{1000, 0.93}, Case{1000000, 0.3},
                               Case{uint64_t{1} << 33, 1e-6}, Case{uint64_t{1} << 33, 1e-10}}) {
        RandomStream stream(3, 1, 1);
        constexpr int draws = 200000;
        std::map<double, double> found;
        for (int i = 0; i < draws; ++i) found[static_cast<double>(draw_binomial(stream, n, p))] += 1;
        // Cells of at least 50 expected; both ends take what lies beyond.
        const double total = static_cast<double>(n), mean = total * p, deviation = std::sqrt(mean * (1 - p));
        const double width = std::max(1.0, std::floor(deviation / 10));
        std::vector<double> cells, expected;
        double cell = 0, weight = 0;
        for (double k = std::max(0.0, std::floor(mean - 7 * deviation)); k <= std::min(total, mean + 7 * deviation + 1); ++k) {
            weight += draws * binomial_pmf(total, p, k);
            cell += found.contains(k) ? found[k] : 0.0;
            if (std::fmod(k, width) == 0 && weight > 50) {
                cells.push_back(std::exchange(cell, 0));
                expected.push_back(std::exchange(weight, 0));
            }
        }
        cells.back() += cell;
        expected.back() += weight;
        CAPTURE(n);
        CAPTURE(p);
        CHECK(std::accumulate(cells.begin(), cells.end(), 0.0) == draws);
        if (cells.size() > 1) CHECK(std::abs(chi_square_z(cells, expected)) < 5);
    }
    RandomStream stream(1, 1, 1);
    CHECK(draw_binomial(stream, 0, 0.5) == 0);
    CHECK(draw_binomial(stream, 7, 0.0) == 0);
    CHECK(draw_binomial(stream, 7, 1.0) == 7);
}

TEST_CASE("rules have as many synapses as they say, and none that is not allowed") {
    for (const uint32_t kind : {SNN_RULE_FIXED_PROBABILITY, SNN_RULE_FIXED_INDEGREE, SNN_RULE_FIXED_OUTDEGREE,
                                SNN_RULE_FIXED_TOTAL, SNN_RULE_ONE_TO_ONE, SNN_RULE_ALL_TO_ALL})
        for (const bool within : {false, true})
            for (const uint32_t autapses : {0u, 1u})
                for (const uint32_t multapses : {0u, 1u})
                    for (const uint64_t count : {0, 1, 7, 38, 39}) {
                        ConnectionRule rule = rule_of(kind, 40, 40, count, static_cast<double>(count) / 39);
                        if (kind == SNN_RULE_FIXED_TOTAL) rule.def.count = count * 40;
                        rule.def.allow_autapses = autapses;
                        rule.def.allow_multapses = multapses;
                        rule.within_population = within;
                        const auto made = make_rule(rule, "p");
                        const Pairs pairs = pairs_of(*made);
                        CAPTURE(kind);
                        CAPTURE(count);
                        CAPTURE(rule.skips_self());
                        CHECK(made->count() == pairs.size());
                        const uint64_t choices = 40 - (rule.skips_self() ? 1 : 0);
                        if (kind == SNN_RULE_FIXED_TOTAL) CHECK(pairs.size() == count * 40);
                        if (kind == SNN_RULE_ONE_TO_ONE) CHECK(pairs.size() == (rule.skips_self() ? 0 : 40));
                        if (kind == SNN_RULE_ALL_TO_ALL) CHECK(pairs.size() == 40 * choices);
                        if (kind == SNN_RULE_FIXED_PROBABILITY && count == 39) CHECK(pairs.size() == 40 * choices);
                        const auto in_degrees = degrees(pairs, true, 40);
                        if (kind == SNN_RULE_FIXED_INDEGREE)
                            for (const uint32_t degree : in_degrees) CHECK(degree == count);
                        if (kind == SNN_RULE_FIXED_OUTDEGREE)
                            for (const uint32_t degree : degrees(pairs, false, 40)) CHECK(degree == count);
                        CHECK(*std::max_element(in_degrees.begin(), in_degrees.end()) <= made->in_degree_bound());
                        const bool drawn = kind == SNN_RULE_FIXED_INDEGREE || kind == SNN_RULE_FIXED_OUTDEGREE ||
                                           kind == SNN_RULE_FIXED_TOTAL;
                        if (!drawn || !multapses) CHECK(all_distinct(pairs));
                        else if (count == 39) CHECK(!all_distinct(pairs));
                        const bool self = std::any_of(pairs.begin(), pairs.end(), [](const auto& p) { return p.first == p.second; });
                        if (rule.skips_self()) CHECK(!self);
                        else if (count == 39) CHECK(self);
                    }
}

TEST_CASE("every set of pairs is equally likely without multapses") {
    // All sets of 4 of 9 pairs (and 5 of 9, which are drawn by leaving out): 126 of them.
    for (const uint64_t count : {4, 5}) {
        std::map<Pairs, uint32_t> found;
        for (uint64_t seed = 0; seed < 40000; ++seed) {
            ConnectionRule rule = rule_of(SNN_RULE_FIXED_TOTAL, 3, 3, count);
            rule.def.allow_multapses = 0;
            rule.def.seed = seed;
            Pairs pairs = pairs_of(rule);
            std::sort(pairs.begin(), pairs.end());
            ++found[pairs];
        }
        REQUIRE(found.size() == 126);
        std::vector<uint32_t> counts;
        for (const auto& [pairs, n] : found) counts.push_back(n);
        CHECK(std::abs(uniform_z(counts)) < 5);
    }
    // Two distinct sources for each of two targets, of four, or two targets for each source: 6 x 6 sets.
    for (const uint32_t kind : {SNN_RULE_FIXED_INDEGREE, SNN_RULE_FIXED_OUTDEGREE}) {
        const bool by_target = kind == SNN_RULE_FIXED_INDEGREE;
        std::map<Pairs, uint32_t> found;
        for (uint64_t seed = 0; seed < 40000; ++seed) {
            ConnectionRule rule = rule_of(kind, by_target ? 4 : 2, by_target ? 2 : 4, 2);
            rule.def.allow_multapses = 0;
            rule.def.seed = seed;
            Pairs pairs = pairs_of(rule);
            std::sort(pairs.begin(), pairs.end());
            ++found[pairs];
        }
        REQUIRE(found.size() == 36);
        std::vector<uint32_t> counts;
        for (const auto& [pairs, n] : found) counts.push_back(n);
        CHECK(std::abs(uniform_z(counts)) < 5);
    }
}

TEST_CASE("a fixed total with multapses is a multinomial draw of pairs") {
    // 3 draws from 4 pairs in order do not matter: the multiset has probability 3! / (product of multiplicities!) / 4^3.
    std::map<Pairs, double> found;
    for (uint64_t seed = 0; seed < 40000; ++seed) {
        ConnectionRule rule = rule_of(SNN_RULE_FIXED_TOTAL, 2, 2, 3);
        rule.def.seed = seed;
        Pairs pairs = pairs_of(rule);
        std::sort(pairs.begin(), pairs.end());
        ++found[pairs];
    }
    REQUIRE(found.size() == 20);
    std::vector<double> cells, expected;
    for (const auto& [pairs, n] : found) {
        double ways = 6;
        std::map<std::pair<uint32_t, uint32_t>, int> multiplicity;
        for (const auto& pair : pairs) ++multiplicity[pair];
        for (const auto& [pair, m] : multiplicity) ways /= m == 3 ? 6 : m == 2 ? 2 : 1;
        cells.push_back(n);
        expected.push_back(40000 * ways / 64);
    }
    CHECK(std::abs(chi_square_z(cells, expected)) < 5);
}

TEST_CASE("degrees have the moments of their distributions") {
    constexpr uint32_t sources = 600, targets = 500;
    const auto variance = [](const std::vector<uint32_t>& values) {
        const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
        double sum = 0;
        for (const uint32_t value : values) sum += (value - mean) * (value - mean);
        return sum / static_cast<double>(values.size() - 1);
    };
    // The variance of n numbers with variance v has a standard deviation of about v sqrt(2 / n).
    const auto check_variance = [&](const std::vector<uint32_t>& found, double expected) {
        CHECK(std::abs(variance(found) / expected - 1.0) < 5.0 * std::sqrt(2.0 / static_cast<double>(found.size())));
    };
    for (const uint32_t multapses : {0u, 1u}) {
        CAPTURE(multapses);
        ConnectionRule rule = rule_of(SNN_RULE_FIXED_TOTAL, sources, targets, 90000);
        rule.def.allow_multapses = multapses;
        const Pairs total = pairs_of(rule);
        // Without multapses hypergeometric: 90,000 of 300,000 pairs.
        const double factor = multapses ? 1.0 : 210000.0 / 299999.0;
        check_variance(degrees(total, false, sources), 90000.0 / sources * (1 - 1.0 / sources) * factor);
        check_variance(degrees(total, true, targets), 90000.0 / targets * (1 - 1.0 / targets) * factor);
        rule = rule_of(SNN_RULE_FIXED_INDEGREE, sources, targets, 60);
        rule.def.allow_multapses = multapses;
        check_variance(degrees(pairs_of(rule), false, sources),
                       targets * 60.0 / sources * (multapses ? 1 - 1.0 / sources : 1 - 60.0 / sources));
        rule.def.rule = SNN_RULE_FIXED_OUTDEGREE;
        check_variance(degrees(pairs_of(rule), true, targets),
                       sources * 60.0 / targets * (multapses ? 1 - 1.0 / targets : 1 - 60.0 / targets));
    }
    const Pairs pairs = pairs_of(rule_of(SNN_RULE_FIXED_PROBABILITY, sources, targets, 0, 0.2));
    CHECK(std::abs(static_cast<double>(pairs.size()) - 60000) < 5 * std::sqrt(300000 * 0.2 * 0.8));
    check_variance(degrees(pairs, false, sources), targets * 0.2 * 0.8);
    check_variance(degrees(pairs, true, targets), sources * 0.2 * 0.8);
}

TEST_CASE("a fixed in-degree keeps its promises over several blocks of sources") {
    constexpr uint32_t size = 4096;
    for (const uint32_t multapses : {0u, 1u}) {
        ConnectionRule rule = rule_of(SNN_RULE_FIXED_INDEGREE, size, size, 300);
        rule.def.allow_multapses = multapses;
        rule.def.allow_autapses = 0;
        rule.within_population = true;
        const auto made = make_rule(rule, "p");
        REQUIRE(made->memory_bytes() >= 4 * size * sizeof(uint16_t));  // several blocks
        CHECK(made->memory_bytes() < made->count() / 15);
        const Pairs pairs = pairs_of(*made);
        CHECK(pairs.size() == made->count());
        for (const uint32_t degree : degrees(pairs, true, size)) CHECK(degree == 300);
        CHECK(all_distinct(pairs) == !multapses);
        CHECK(std::none_of(pairs.begin(), pairs.end(), [](const auto& p) { return p.first == p.second; }));
        const std::vector<uint32_t> out = degrees(pairs, false, size);
        // Binomial out-degrees have the chi-square of equal counts; without multapses it is smaller by (1 - 300 / 4095).
        double sum = 0;
        for (const uint32_t degree : out) sum += (degree - 300.0) * (degree - 300.0) / 300.0;
        const double expected = (size - 1) * (multapses ? 1.0 : 1.0 - 300.0 / 4095.0);
        CHECK(std::abs(sum / expected - 1) < 5 * std::sqrt(2.0 / size));
        // How many of a target's sources are in the lower half: binomial or hypergeometric.
        std::vector<double> lower(size, 0.0);
        for (const auto& [source, target] : pairs) lower[target] += source < size / 2;
        double square = 0;
        for (const double n : lower) square += (n - 150) * (n - 150);
        const double variance = 75.0 * (multapses ? 1.0 : 1.0 - 299.0 / 4094.0);
        CHECK(std::abs(square / size / variance - 1) < 5 * std::sqrt(2.0 / size));
    }
}

TEST_CASE("a fixed out-degree keeps nothing, and its in-degrees are binomial without autapses too") {
    constexpr uint32_t size = 3000;
    for (const uint32_t multapses : {0u, 1u}) {
        ConnectionRule rule = rule_of(SNN_RULE_FIXED_OUTDEGREE, size, size, 200);
        rule.def.allow_multapses = multapses;
        rule.def.allow_autapses = 0;
        rule.within_population = true;
        const auto made = make_rule(rule, "p");
        CHECK(made->memory_bytes() == 0);
        const Pairs pairs = pairs_of(*made);
        CHECK(pairs.size() == 200 * size);
        CHECK(all_distinct(pairs) == !multapses);
        // Each of the 2999 other sources has a synapse onto a neuron with probability 200 / 2999, or 200 times one with
        // probability 1 / 2999.
        std::vector<double> found(120, 0.0), expected(120, 0.0);
        for (const uint32_t degree : degrees(pairs, true, size)) ++found[std::clamp(degree, 150u, 269u) - 150];
        for (uint32_t k = 0; k < 120; ++k)
            expected[k] = size * (multapses ? binomial_pmf(200.0 * 2999, 1.0 / 2999, 150.0 + k)
                                            : binomial_pmf(2999, 200.0 / 2999, 150.0 + k));
        std::vector<double> cells(9, 0.0), wanted(9, 0.0);  // tens; the first and the last one take what lies beyond
        for (size_t k = 0; k < 120; ++k) {
            const size_t cell = std::clamp<size_t>(k / 10, 1, 9) - 1;
            cells[cell] += found[k];
            wanted[cell] += expected[k];
        }
        CHECK(std::abs(chi_square_z(cells, wanted)) < 5);
    }
}

TEST_CASE("rows are the same in any order, on any thread, and as arrays") {
    std::vector<std::shared_ptr<const SynapseRule>> rules;
    for (const uint32_t kind : {SNN_RULE_FIXED_PROBABILITY, SNN_RULE_FIXED_INDEGREE, SNN_RULE_FIXED_OUTDEGREE,
                                SNN_RULE_FIXED_TOTAL, SNN_RULE_ONE_TO_ONE, SNN_RULE_ALL_TO_ALL, SNN_RULE_SPATIAL})
        for (const uint32_t multapses : {0u, 1u}) {
            ConnectionRule rule = rule_of(kind, 2000, 2000, kind == SNN_RULE_FIXED_TOTAL ? 150000 : 300, 0.05);
            rule.def.allow_multapses = multapses;
            rule.def.weight = {SNN_DISTRIBUTION_NORMAL, 0.5, 0.1, 0, 0.7};
            rule.def.delay = {SNN_DISTRIBUTION_NORMAL, 10, 4, 1, infinity};
            rule.def.kernel_width = 0.1;
            rule.def.cutoff = 0.3;
            rule.def.dimensions = 2;
            for (uint32_t i = 0; i < 4000; ++i)
                rule.source_positions.push_back(static_cast<float>(i * 37 % 101) / 101.0f);
            rule.target_positions = rule.source_positions;
            rules.push_back(make_rule(rule, "p"));
        }
    for (const auto& rule : rules) {
        // Every other row first on several threads at once, then all of them; compared with the arrays.
        const auto arrays = std::make_shared<const Synapses>(rule);
        const SparseIndex& index = arrays->index();
        const std::vector<float>& weights = *arrays->weights();
        CHECK(index.targets.size() == rule->count());
        std::vector<std::string> wrong(3);
        const auto compare = [&](uint32_t thread) {
            RowMemory memory;
            CanonicalRow row;
            for (uint32_t k = 0; k < 2000; ++k) {
                const uint32_t source = thread == 0 ? k : thread == 1 ? 1999 - k : k * 611 % 2000;
                if (thread == 2 && k > 100) break;  // a block of an in-degree for each
                row.assign(rule->row(source, memory));
                const uint64_t begin = index.row_offsets[source];
                bool same = row.targets.size() == index.row_offsets[source + 1] - begin;
                for (size_t i = 0; same && i < row.targets.size(); ++i)
                    same = row.targets[i] == index.targets[begin + i] && row.weights[i] == weights[begin + i] &&
                           row.delays[i] == index.delays[begin + i];
                if (!same) wrong[thread] = "row " + std::to_string(source);
            }
        };
        std::vector<std::thread> threads;
        for (uint32_t thread = 0; thread < 3; ++thread) threads.emplace_back(compare, thread);
        for (std::thread& thread : threads) thread.join();
        for (const std::string& row : wrong) CHECK(row.empty());
        CHECK(*std::max_element(weights.begin(), weights.end()) <= rule->weight_bound());
        CHECK(index.min_delay >= rule->min_delay());
        CHECK(index.max_delay <= rule->max_delay());
        std::vector<uint32_t> in_degrees(2000, 0);
        for (const uint32_t target : index.targets) ++in_degrees[target];
        CHECK(*std::max_element(in_degrees.begin(), in_degrees.end()) <= rule->in_degree_bound());
    }
}

TEST_CASE("rules take turns without making their blocks again and again") {
    // Two in-degree rules that share one RowMemory, as they do when an executor merges projections.
    ConnectionRule first = rule_of(SNN_RULE_FIXED_INDEGREE, 4096, 4096, 300), second = first;
    second.def.seed = 12;
    const auto a = make_rule(first, "a"), b = make_rule(second, "b");
    RowMemory memory;
    for (uint32_t source = 0; source < 200; ++source) {
        const auto copy = [](std::span<const uint32_t> s) { return std::vector<uint32_t>(s.begin(), s.end()); };
        const auto from_a = copy(a->row(source, memory).targets), from_b = copy(b->row(source, memory).targets);
        RowMemory other;
        if (source % 50 == 0) {
            CHECK(from_a == copy(a->row(source, other).targets));
            CHECK(from_b == copy(b->row(source, other).targets));
        }
    }
    CHECK(memory.blocks.size() == 2);
}

TEST_CASE("the bound of an in-degree is exceeded with a probability below 2^-64") {
    for (const uint32_t targets : {1u, 100u, 50000u, 1u << 30})
        for (const double expected : {0.001, 1.0, 50.0, 5000.0, 1e6}) {
            const double bound = static_cast<double>(bound_of_count(expected, targets)) + 1;
            // Chernoff's bound of the binomial with many trials: its logarithm is expected h(bound / expected),
            // h(x) = x log x - x + 1.
            const double x = bound / expected;
            const double logarithm = -expected * (x * std::log(x) - x + 1);
            CAPTURE(targets);
            CAPTURE(expected);
            CHECK(logarithm + std::log(targets) < -64 * std::log(2.0));
            CHECK(bound < expected + 12 * std::sqrt(expected) * std::sqrt(1 + std::log2(targets) / 64) + 60);
        }
}

TEST_CASE("spatial rules connect with the probability of the distance") {
    constexpr uint32_t size = 3000;
    const auto places = [](uint32_t dimensions, uint64_t seed) {
        std::vector<float> made;
        RandomStream stream(seed, 1, 1);
        for (uint32_t i = 0; i < size * dimensions; ++i) made.push_back(static_cast<float>(stream.uniform()));
        return made;
    };
    for (const uint32_t dimensions : {1u, 2u, 3u})
        for (const uint32_t kernel : {SNN_KERNEL_GAUSSIAN, SNN_KERNEL_EXPONENTIAL})
            for (const double period : {0.0, 1.0}) {
                ConnectionRule rule = rule_of(SNN_RULE_SPATIAL, size, size, 0, 0.8);
                rule.def.kernel = kernel;
                rule.def.dimensions = dimensions;
                rule.def.kernel_width = 0.1;
                rule.def.cutoff = 0.25;
                for (uint32_t axis = 0; axis < dimensions; ++axis) rule.def.period[axis] = period;
                rule.source_positions = places(dimensions, 5);
                rule.target_positions = places(dimensions, 6);
                const auto made = make_rule(rule, "p");
                const Pairs pairs = pairs_of(*made);
                CHECK(made->count() == pairs.size());
                CHECK(all_distinct(pairs));
                const auto distance = [&](uint32_t source, uint32_t target) {
                    double sum = 0;
                    for (uint32_t axis = 0; axis < dimensions; ++axis) {
                        double d = std::abs(double{rule.source_positions[source * dimensions + axis]} -
                                            double{rule.target_positions[target * dimensions + axis]});
                        if (period > 0) d = std::min(d, period - d);
                        sum += d * d;
                    }
                    return std::sqrt(sum);
                };
                // By brute force over all pairs: expected numbers in rings of distance.
                std::vector<double> found(10, 0.0), expected(10, 0.0), variance(10, 0.0);
                for (uint32_t i = 0; i < size; ++i)
                    for (uint32_t j = 0; j < size; ++j) {
                        const double d = distance(i, j);
                        if (d > 0.25) continue;
                        const double p = 0.8 * (kernel == SNN_KERNEL_GAUSSIAN ? std::exp(-d * d / 0.02) : std::exp(-d / 0.1));
                        const auto ring = std::min<size_t>(9, static_cast<size_t>(d * 40));
                        expected[ring] += p;
                        variance[ring] += p * (1 - p);
                    }
                for (const auto& [source, target] : pairs) {
                    const double d = distance(source, target);
                    CHECK(d <= 0.2500001);
                    found[std::min<size_t>(9, static_cast<size_t>(d * 40))] += 1;
                }
                for (size_t ring = 0; ring < 10; ++ring) {
                    CAPTURE(ring);
                    CHECK(std::abs(found[ring] - expected[ring]) < 5.5 * std::sqrt(variance[ring]) + 1);
                }
            }
}

TEST_CASE("weights of a rule are read as its arrays have them, and no arrays are made") {
    for (const uint32_t kind :
         {SNN_RULE_FIXED_PROBABILITY, SNN_RULE_FIXED_INDEGREE, SNN_RULE_FIXED_OUTDEGREE, SNN_RULE_FIXED_TOTAL}) {
        ConnectionRule rule = rule_of(kind, 150, 200, kind == SNN_RULE_FIXED_TOTAL ? 5000 : 30, 0.3);
        rule.def.weight = {SNN_DISTRIBUTION_UNIFORM, 0, 1, -infinity, infinity};
        rule.def.delay = {SNN_DISTRIBUTION_UNIFORM, 2, 5, -infinity, infinity};
        const auto made = std::make_shared<const Synapses>(make_rule(rule, "p"));
        for (const std::shared_ptr<const Synapses>& synapses : {made, made->rounded(8), made->onto(64, 128)}) {
            std::vector<float> weights(synapses->count());
            synapses->read_weights(weights.data());
            CHECK(!synapses->has_arrays());
            CHECK(weights == *synapses->weights());
        }
    }
}

TEST_CASE("synapses onto a slice of the targets are the same from arrays and from a rule") {
    for (const uint32_t kind : {SNN_RULE_FIXED_PROBABILITY, SNN_RULE_FIXED_INDEGREE, SNN_RULE_FIXED_OUTDEGREE,
                                SNN_RULE_FIXED_TOTAL, SNN_RULE_ALL_TO_ALL}) {
        ConnectionRule rule = rule_of(kind, 150, 200, kind == SNN_RULE_FIXED_TOTAL ? 5000 : 30, 0.3);
        rule.def.weight = {SNN_DISTRIBUTION_UNIFORM, 0, 1, -infinity, infinity};
        rule.def.delay = {SNN_DISTRIBUTION_UNIFORM, 2, 5, -infinity, infinity};
        const Synapses made(make_rule(rule, "p"));
        const Synapses kept(std::make_shared<const SparseIndex>(made.index()), made.weights());
        const std::shared_ptr<const Synapses> some = made.onto(64, 128), same = kept.onto(64, 128);
        CHECK(some->is_rule());
        CHECK(some->count() == same->count());
        CHECK(some->count() > 0);
        CHECK(some->count() < made.count());
        CHECK(some->index().targets == same->index().targets);
        CHECK(some->index().delays == same->index().delays);
        CHECK(*some->weights() == *same->weights());
        CHECK(made.onto(0, 64)->count() + some->count() + made.onto(192, 8)->count() == made.count());
    }
}
