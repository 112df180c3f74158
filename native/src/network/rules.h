// Rules that make the rows of a sparse projection on demand. They keep no synapse: a row is a function of the rule's numbers,
// its seed and the source neuron, made again whenever it is asked for.
//
// Every number is drawn from its own counter-based stream, named by what it is for (Purpose) and by the row, so neither threads
// nor the order in which rows are asked for matter. `generator_version` stands for all of this; it goes up when a change makes
// other synapses from the same numbers, and files say which one theirs are of.
//
//   fixed_probability   row sizes are binomial; the targets of a row distinct, every set of them equally likely
//   fixed_total         row sizes are multinomial (distinct pairs: multivariate hypergeometric), then as above
//   fixed_indegree      rule_indegree.cpp
//   all_to_all, one_to_one
//   spatial             rule_spatial.cpp
//
// Each sees the parts of the populations that it connects as populations of their own.
#pragma once

#include <snn/snn.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "network/distribution.h"
#include "network/synapses.h"

namespace snn {

constexpr uint32_t generator_version = 1;
constexpr uint32_t generator_of_parts = 2;  // the same for parts of populations, of which a library may not know
constexpr uint64_t max_rule_synapses = uint64_t{1} << 34;

// What makes a rule what it is. Two rules of equal definitions make the same synapses.
struct ConnectionRule {
    // Its pointers are null: the positions are below. The seed is the one in use; counts of a whole population are 0.
    SNNRandomConnectionDef def{};
    std::vector<float> source_positions, target_positions;  // spatial: [neuron][def.dimensions]
    uint32_t source_size = 0, target_size = 0;  // of the parts that are connected: def.first_source, def.source_count, ...
    uint32_t row_count = 0;                     // of the whole source population, where a part is connected
    bool within_population = false;             // source and target are the same neurons
    double dt_ms = 1.0;

    bool skips_self() const { return within_population && !def.allow_autapses; }
    bool operator==(const ConnectionRule& other) const;
};

// Checks the definition; throws SNN_ERROR_INVALID_ARGUMENT that begins with `what` ("projection 'x'").
std::shared_ptr<const SynapseRule> make_rule(ConnectionRule definition, const std::string& what);

// A number that X exceeds on none of `targets` neurons but with probability below 2^-64, where X is the sum of independent
// events (or of draws without replacement) of which `expected` happen on average. Bernstein's inequality:
// expected + L/3 + sqrt(L^2/9 + 2 expected L), L = ln(2) (64 + log2(targets)).
uint64_t bound_of_count(double expected, uint32_t targets);

enum class Purpose : uint32_t { targets = 1, weights = 2, delays = 3, row_sizes = 4, block_sizes = 5, corrections = 6 };

// The words of one stream in order, a few hundred at a time.
class Words {
public:
    Words(uint64_t seed, Purpose purpose, uint32_t row) : seed_(seed), purpose_(purpose), row_(row) {}
    // The next words: at least one, and not many more than `wanted`.
    std::span<const uint32_t> next(size_t wanted);

private:
    uint64_t seed_;
    Purpose purpose_;
    uint32_t row_, block_ = 0;
    alignas(64) uint32_t words_[256];
};

// Numbers below n, without bias (D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019).
class Below {
public:
    explicit Below(uint32_t n) : n_(n), threshold_(n == 0 ? 0 : (0u - n) % n) {}
    // False: the word is one of the few to be thrown away.
    bool draw(uint32_t word, uint32_t& out_number) const {
        const uint64_t product = uint64_t{word} * n_;
        out_number = static_cast<uint32_t>(product >> 32);
        return static_cast<uint32_t>(product) >= threshold_;
    }

private:
    uint32_t n_, threshold_;
};

// What rules have in common: weights and delays.
class RuleBase : public SynapseRule {
public:
    RuleBase(ConnectionRule definition, const std::string& what);

    uint32_t source_size() const override { return rule_.source_size; }
    uint16_t min_delay() const override { return delays_.least(); }
    uint16_t max_delay() const override { return delays_.most(); }
    float weight_bound() const override { return weights_.largest(); }
    std::vector<float> weight_quantiles() const override;
    const ConnectionRule* definition() const override { return &rule_; }

protected:
    // The row of `targets` (in `memory` or elsewhere) with its weights and delays.
    SynapseRow complete(uint32_t source, std::span<const uint32_t> targets, RowMemory& memory) const;

    // `count` numbers below n, all different or not, into out. `self`, when below n, is never drawn.
    static constexpr uint32_t no_self = UINT32_MAX;
    static void draw(Words& io_words, size_t count, uint32_t n, uint32_t self, bool distinct, std::vector<uint64_t>& io_marks,
                     uint32_t* out_numbers);

    const ConnectionRule rule_;

private:
    Distribution weights_;
    DelayDistribution delays_;
};

std::shared_ptr<const SynapseRule> make_indegree_rule(ConnectionRule definition, const std::string& what);
std::shared_ptr<const SynapseRule> make_spatial_rule(ConnectionRule definition, const std::string& what);

}  // namespace snn
