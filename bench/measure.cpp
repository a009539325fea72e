#include "measure.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace onetake::bench {

namespace {

double quantile(std::vector<double> values, double q) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const double at = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

}  // namespace

double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> out;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) out.push_back(a[i] / b[i]);
    return out;
}

Report::Report(int argc, char** argv) : json_(argc == 2 && std::strcmp(argv[1], "--json") == 0) {}

void Report::add(const std::string& name, const std::vector<double>& values, const std::string& unit, Target target,
                 double bound) {
    const double value = median(values), low = quantile(values, 0.25), high = quantile(values, 0.75);
    const bool below = target == Target::at_most;
    const bool met = target == Target::none || (below ? value <= bound : value >= bound);
    if (json_) {
        nlohmann::ordered_json line{{"figure", name}, {"value", value}, {"unit", unit}, {"q25", low}, {"q75", high}};
        if (target != Target::none) {
            line[below ? "at_most" : "at_least"] = bound;
            line["met"] = met;
        }
        lines_ += line.dump() + "\n";
        return;
    }
    const std::string wanted =
        target == Target::none ? "" : fmt::format("{} {:g} {}", below ? "≤" : "≥", bound, met ? "" : "  MISSED");
    fmt::print("{:<58} {:>9.4g} {:<9} {:>9.4g} … {:<9.4g} {}\n", name, value, unit, low, high, wanted);
    std::fflush(stdout);
}

Report::~Report() {
    fmt::print("{}", lines_);
}

}  // namespace onetake::bench
