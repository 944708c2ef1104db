/* What only the first version of a module has, and what only the second has. A third is as the
 * first. */
#pragma once

#if VERSION == 2
#define IF_OLD(...)
#define IF_NEW(...) __VA_ARGS__
#else
#define IF_OLD(...) __VA_ARGS__
#define IF_NEW(...)
#endif
