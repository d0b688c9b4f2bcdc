/* h5_library.c: libhdf5 started quietly and without doors to elsewhere; its errors as
 * one line; the types in which we write. */
#include "data/h5_internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Each of these lets the environment load code, move files or change a format. */
static const char *const unwanted[] = {
    "HDF5_PLUGIN_PATH", "HDF5_PLUGIN_PRELOAD", "HDF5_VOL_CONNECTOR", "HDF5_DRIVER",
    "HDF5_DRIVER_CONFIG", "HDF5_EXTFILE_PREFIX", "HDF5_VDS_PREFIX", "HDF5_EXT_PREFIX",
    "HDF5_DISABLE_VERSION_CHECK", "HDF5_DEBUG", "HDF5_NOCLEANUP", "HDF5_USE_FILE_LOCKING",
    "HDF5_PREFER_PARALLEL_DRIVER",
};

static void start(void)
{
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        unsetenv(unwanted[i]);
    H5dont_atexit();
    H5open();
    H5PLset_loading_state(0);
}

void h5_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);   /* each thread has its own stack of errors */
}

typedef struct innermost {
    char text[200];
    bool no_memory;
    int error_number;   /* of a system call, 0 if it was none: HDF5 tells it in words */
} innermost;

static int error_number_in(const char *words)
{
    static const char mark[] = "errno = ";
    const char *at = words == NULL ? NULL : strstr(words, mark);
    int number = 0;
    if (at != NULL)
        for (at += sizeof mark - 1; *at >= '0' && *at <= '9' && number < 10000; at++)
            number = number * 10 + (*at - '0');
    return number;
}

static herr_t keep_innermost(unsigned n, const H5E_error2_t *what, void *user)
{
    (void)n;
    innermost *inner = user;
    snprintf(inner->text, sizeof inner->text, "%s", what->desc != NULL ? what->desc : "");
    inner->no_memory = what->min_num == H5E_NOSPACE;
    inner->error_number = error_number_in(what->desc);
    return 1;   /* the walk begins at the innermost */
}

bool h5_failed_with(const char *words)
{
    innermost inner = {0};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &inner);
    bool same = strstr(inner.text, words) != NULL;
    if (same)
        H5Eclear2(H5E_DEFAULT);
    return same;
}

seg_status h5_fail_at(seg_error *err, const char *file, int line, seg_status status,
                      const char *format, ...)
{
    char text[800];
    innermost inner = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &inner);
    H5Eclear2(H5E_DEFAULT);
    if (inner.text[0] == 0)
        return seg_fail_at(err, file, line, status, "%s", text);
    if (inner.error_number != 0) {   /* a full disk says so, as everywhere else */
        char why[SEG_REASON_BYTES];
        seg_status cause = seg_errno_reason(inner.error_number, why);
        return seg_fail_at(err, file, line, cause == SEG_E_AGAIN ? cause : status, "%s: %s", text,
                           why);
    }
    if (inner.no_memory)   /* whatever the file is like */
        status = SEG_E_AGAIN;
    return seg_fail_at(err, file, line, status, "%s (HDF5: %s)", text, inner.text);
}

hid_t h5_text_type(size_t width)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0)
        return type;
    if (H5Tset_size(type, width == 0 ? H5T_VARIABLE : width) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
        H5Tset_strpad(type, width == 0 ? H5T_STR_NULLTERM : H5T_STR_NULLPAD) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

hid_t h5_bool_type(void)
{
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    if (type < 0)
        return type;
    int8_t no = 0, yes = 1;
    if (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

hid_t h5_file_type(seg_h5_type type, size_t width)
{
    switch (type) {
    case SEG_H5_F32:  return H5Tcopy(H5T_IEEE_F32LE);
    case SEG_H5_F64:  return H5Tcopy(H5T_IEEE_F64LE);
    case SEG_H5_I8:   return H5Tcopy(H5T_STD_I8LE);
    case SEG_H5_I32:  return H5Tcopy(H5T_STD_I32LE);
    case SEG_H5_I64:  return H5Tcopy(H5T_STD_I64LE);
    case SEG_H5_U8:   return H5Tcopy(H5T_STD_U8LE);
    case SEG_H5_U64:  return H5Tcopy(H5T_STD_U64LE);
    case SEG_H5_BOOL: return h5_bool_type();
    case SEG_H5_TEXT: return h5_text_type(width == 0 ? 1 : width);
    }
    return H5I_INVALID_HID;
}

size_t h5_cell_bytes(seg_h5_type type, size_t width)
{
    switch (type) {
    case SEG_H5_I8: case SEG_H5_U8: case SEG_H5_BOOL:  return 1;
    case SEG_H5_F32: case SEG_H5_I32:                  return 4;
    case SEG_H5_F64: case SEG_H5_I64: case SEG_H5_U64: return 8;
    case SEG_H5_TEXT:                                  return width;
    }
    return 0;
}

seg_h5_type h5_column_type(seg_type type)
{
    switch (type) {
    case SEG_TYPE_F32:  return SEG_H5_F32;
    case SEG_TYPE_F64:  return SEG_H5_F64;
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME: return SEG_H5_I64;
    case SEG_TYPE_DAY:
    case SEG_TYPE_CODE: return SEG_H5_I32;
    case SEG_TYPE_TEXT: return SEG_H5_TEXT;
    }
    return SEG_H5_F64;
}

/* "dtype" makes pandas objects that anndata cannot write again; "_index" is its own. */
bool h5_link_name(const char *name, char *out)
{
    size_t n = strlen(name);
    memcpy(out, name, n + 1);
    for (size_t i = 0; i < n; i++)
        if (out[i] == '/')
            out[i] = '_';
    bool reserved = n == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                    strcmp(name, "dtype") == 0 || strcmp(name, "_index") == 0;
    if (reserved)
        memcpy(out + n, "_", 2);
    return strcmp(name, out) != 0;
}
