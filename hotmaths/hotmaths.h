/* hotmaths: one operation on two integers, and how a host gets at it.
 *
 * The library defines its own loader: the host brings a handle to the opened library and a function
 * that finds a symbol in it, and gets its stubs filled. How the host came by the two does not
 * matter here. */
#ifndef HOTMATHS_H
#define HOTMATHS_H

#ifdef __cplusplus
extern "C" {
#endif

__attribute__((visibility("default"))) int hotmaths_operate(int a, int b);

/* The function stubs: what a host calls. */
struct hotmaths_api {
    int (*operate)(int a, int b);
};

/* Fills the stubs from `library`. 0: all are filled; else they are as they were. */
static inline int hotmaths_load(struct hotmaths_api *stubs, void *library,
                                void *(*get_proc)(void *library, const char *name)) {
    struct hotmaths_api found;
    void *operate = get_proc(library, "hotmaths_operate");
    if (operate == 0)
        return -1;
    /* C has no cast from an object's address to a function's: the bytes are the same (POSIX). */
    __builtin_memcpy(&found.operate, &operate, sizeof operate);
    *stubs = found;
    return 0;
}

#ifdef __cplusplus
}
#endif

#endif
