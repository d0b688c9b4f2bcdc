/* h5_blosc.c: chunks packed by Blosc (PyTables, hdf5plugin). The library is not needed by
 * anything else: it is looked for when a file asks for it. Only its reentrant calls are
 * used, and only on buffers that it has validated against the bytes that are there. */
#include "data/h5_internal.h"

#include <dlfcn.h>
#include <pthread.h>

typedef int validate_fn(const void *buffer, size_t n_bytes, size_t *plain_bytes);
typedef int decompress_fn(const void *in, void *out, size_t room, int n_threads);

static struct {
    validate_fn *validate;
    decompress_fn *decompress;
} blosc;

static void load(void)
{
    void *library = dlopen("libblosc.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    validate_fn *validate;
    decompress_fn *decompress;
    *(void **)&validate = dlsym(library, "blosc_cbuffer_validate");
    *(void **)&decompress = dlsym(library, "blosc_decompress_ctx");
    if (validate == NULL || decompress == NULL)
        return;
    blosc.validate = validate;
    blosc.decompress = decompress;
}

bool h5_blosc_found(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return blosc.decompress != NULL;
}

bool h5_unblosc(const unsigned char *in, size_t n, unsigned char *out, size_t room,
                size_t *n_out)
{
    size_t plain;
    if (!h5_blosc_found() || blosc.validate(in, n, &plain) < 0 || plain > room)
        return false;
    int got = blosc.decompress(in, out, room, 1);
    *n_out = plain;
    return got >= 0 && (size_t)got == plain;
}
