// SPDX-License-Identifier: Apache-2.0
// The words of standard input and how often each is there, the most frequent first.
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>

using Count = std::pair<std::string, int>;

static std::map<std::string, int> count_words(std::istream &in) {
        static const std::regex word("[[:alnum:]]+");
        std::map<std::string, int> counts;
        for (std::string line; std::getline(in, line);)
                for (std::sregex_iterator i(line.begin(), line.end(), word), end; i != end; ++i) counts[i->str()]++;
        return counts;
}

int main() {
        const std::map<std::string, int> counts = count_words(std::cin);
        std::vector<Count> list(counts.begin(), counts.end());
        std::stable_sort(list.begin(), list.end(), [](const Count &a, const Count &b) { return a.second > b.second; });
        for (const auto &[word, n] : list) std::cout << n << " " << word << "\n";
}
