// Rules that make the rows of a sparse projection on demand. They keep no synapses: a row is a function of the rule's numbers,
// its seed and the source neuron, and is made again whenever it is needed.
//
// Every number is drawn from its own counter-based stream, identified by its purpose (Purpose) and the row, so results depend
// neither on threads nor on the order in which rows are made. `generator_version` identifies this procedure. It increases when
// a change makes other synapses from the same numbers, and files record the version that made theirs.
//
//   fixed_probability   row sizes are binomial; the targets of a row are distinct, every set of them is equally likely
//   fixed_total         row sizes are multinomial (distinct pairs: multivariate hypergeometric), then as above
//   fixed_outdegree     every row has the same size; its targets are drawn as above
//   fixed_indegree      rule_indegree.cpp
//   all_to_all, one_to_one
//   spatial             rule_spatial.cpp
//
// A rule that connects parts of populations sees each part as a population of its own.
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
constexpr uint32_t generator_of_parts = 2;  // the same procedure for parts of populations, which older libraries do not know
constexpr uint64_t max_rule_synapses = uint64_t{1} << 34;

// The definition of a rule. Two rules with equal definitions make the same synapses.
struct ConnectionRule {
    // Its pointers are null, because the positions are below. The seed is the one in use. A count of 0: the whole population.
    SNNRandomConnectionDef def{};
    std::vector<float> source_positions, target_positions;  // spatial: [neuron][def.dimensions]
    uint32_t source_size = 0, target_size = 0;  // of the parts that are connected: def.first_source, def.source_count, ...
    uint32_t row_count = 0;                     // size of the whole source population, even if only a part is connected
    bool within_population = false;             // source and target are the same neurons
    double dt_ms = 1.0;

    bool skips_self() const { return within_population && !def.allow_autapses; }
    bool operator==(const ConnectionRule& other) const;
};

// Checks the definition. Throws SNN_ERROR_INVALID_ARGUMENT with a sentence that begins with `what` ("projection 'x'").
std::shared_ptr<const SynapseRule> make_rule(ConnectionRule definition, const std::string& what);

// A bound that X exceeds on any of `targets` neurons only with probability below 2^-64. X is a sum of independent events (or of
// draws without replacement), of which `expected` happen on average. Bernstein's inequality:
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
    // Returns false for the few words that must be rejected.
    bool draw(uint32_t word, uint32_t& out_number) const {
        const uint64_t product = uint64_t{word} * n_;
        out_number = static_cast<uint32_t>(product >> 32);
        return static_cast<uint32_t>(product) >= threshold_;
    }

private:
    uint32_t n_, threshold_;
};

// The common part of rules: weights and delays.
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
    // The number of neurons that a source may connect to.
    uint32_t choices() const { return rule_.target_size - (rule_.skips_self() ? 1 : 0); }
    // A row of `size` drawn targets.
    SynapseRow drawn(uint32_t source, size_t size, bool distinct, RowMemory& memory) const;
    // Adds weights and delays to the row of `targets`, which may lie in `memory` or elsewhere.
    SynapseRow complete(uint32_t source, std::span<const uint32_t> targets, RowMemory& memory) const;

    // Draws `count` numbers below n, distinct or not, into out_numbers. If `self` is below n, it is never drawn.
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
