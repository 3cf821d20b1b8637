// SPDX-License-Identifier: Apache-2.0
// The parts of a C++ program that need libstdc++, libgcc_s, libm and libgomp at run time.
#include <cmath>
#include <iostream>
#include <regex>
#include <stdexcept>
#include <string>

int main(int argc, char **)
{
        int sum = 0;
#pragma omp parallel for reduction(+ : sum)
        for (int i = 0; i <= 8; i++)
                sum += i;
        try {
                std::regex_replace(std::string("x"), std::regex("("), "");
        } catch (const std::regex_error &) {
                std::cout << "caught " << sum << " " << std::lround(std::pow(argc + 1.0, 10)) << std::endl;
        }
}
