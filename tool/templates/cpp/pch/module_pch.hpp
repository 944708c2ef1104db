// What src/module.cpp includes, compiled once and not at each save. Add what else it includes, but
// no header that you edit often.
#include <hotrun/module.hpp>

#include <cstdio>
