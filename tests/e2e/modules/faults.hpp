// The ways in which a module can fail, by name. For a module that is compiled while a test runs.
#pragma once

#include "hotrun/module.h"

// Does not come back, unless the fault is one that ends: `flag` is a file that ends a loop.
void fail_by(const char *name, hotrun_context *context, const char *flag);

// A mutex of the module's own, which one of the faults locks.
bool kept_lock_is_free();

// Exported, and cheap.
extern "C" int hotrun_test_leaf(int value);
