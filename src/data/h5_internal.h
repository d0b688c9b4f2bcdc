/* h5_internal.h: what the files behind h5.h share. Nobody else includes it.
 *
 * Division of labour: h5_library.c starts libhdf5 and words its errors; h5_writer.c,
 * h5_put.c and h5_frame.c write; h5_open.c finds and checks an array, h5_chunk.c and
 * h5_heap.c fetch its bytes, h5_read.c and h5_convert.c turn them into our types. */
#ifndef SEGMILL_DATA_H5_INTERNAL_H
#define SEGMILL_DATA_H5_INTERNAL_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/file.h"
#include "data/h5.h"

/* ---- library ---------------------------------------------------------------- */

/* Before every first call of a door: plugins off, error printing off. */
void h5_begin(void);

/* seg_fail with the innermost message of libhdf5 behind it, which is then forgotten. */
__attribute__((format(printf, 5, 6)))
seg_status h5_fail_at(seg_error *err, const char *file, int line, seg_status status,
                      const char *format, ...);
#define h5_fail(err, status, ...) h5_fail_at((err), __FILE__, __LINE__, (status), __VA_ARGS__)

/* Was that the innermost message of the call that failed? Then it is forgotten. */
bool h5_failed_with(const char *words);

/* Null-padded UTF-8 of that width (0: variable length); the boolean of h5py; ours. Close
 * with H5Tclose. Negative on failure. */
hid_t h5_text_type(size_t width);
hid_t h5_bool_type(void);
hid_t h5_file_type(seg_h5_type type, size_t width);
size_t h5_cell_bytes(seg_h5_type type, size_t width);
/* How the cells of a column stand in a file, and in a block. */
seg_h5_type h5_column_type(seg_type type);

/* A link name for a column or key: '/' and names that HDF5 or readers reserve are
 * altered. `out` holds strlen(name) + 3 bytes. True when it differs from the name: the
 * original then goes to the attribute H5_NAME_ATTRIBUTE. */
bool h5_link_name(const char *name, char *out);
#define H5_NAME_ATTRIBUTE "original-name"

/* ---- writing ----------------------------------------------------------------- */

typedef struct h5_packed h5_packed;     /* an array in compressed chunks */
typedef struct h5_archive h5_archive;   /* all of them in a file */

typedef struct h5_slot {
    const char *path;
    uint64_t offset, n_rows, n_filled;
    h5_packed *packed;        /* null: contiguous at `offset` */
    size_t row_bytes;         /* in the file */
    size_t narrow;            /* int32 codes become integers of 1 or 2 bytes; 0: as they are */
    const char *object;       /* where a reader finds it; null: at `path` */
    bool whole;               /* given in one piece: it has a hash */
    uint64_t hash;
} h5_slot;

struct seg_h5_writer {
    seg_file *file;
    hid_t id, group_plist, array_plist;
    bool anndata;
    h5_archive *archive;      /* null: nothing is compressed */
    seg_arena arena;
    h5_slot *slots;
    size_t n_slots, slots_cap;
    /* the open frame */
    hid_t frame;
    const char *frame_path;
    uint64_t frame_rows;
    const char **names;       /* link names of its columns */
    size_t n_names, names_cap;
};

/* What an array is called and holds; its place in the file is the answer. */
typedef struct h5_shape {
    seg_h5_type type;
    size_t width;
    size_t narrow;            /* SEG_H5_I32 in 1 or 2 bytes; 0: as it is */
    int rank;                 /* 0: scalar */
    uint64_t n_rows, n_cols;
    const char *encoding;     /* null: none; "array", "string" ... */
} h5_shape;

/* seg_h5_create; n_threads > 0: arrays are compressed by so many threads. */
seg_status h5_create(const char *path, bool anndata, int n_threads, seg_h5_writer **out,
                     seg_error *err);
/* Make the array under `at`; the slot says where its bytes go. The handle is closed unless
 * `keep` is given. */
seg_status h5_make_array(seg_h5_writer *w, hid_t at, const char *name, const h5_shape *shape,
                         h5_slot *slot, hid_t *keep, seg_error *err);
/* Open the group that holds the last part of `path`, making dicts on the way. */
seg_status h5_parent(seg_h5_writer *w, const char *path, hid_t *group, const char **name,
                     seg_error *err);
seg_status h5_make_group(seg_h5_writer *w, hid_t at, const char *name, const char *encoding,
                         const char *version, hid_t *group, seg_error *err);
seg_status h5_put_attribute(hid_t object, const char *name, const char *value, seg_error *err);
seg_status h5_put_int_attribute(hid_t object, const char *name, int64_t value, seg_error *err);
seg_status h5_put_bool_attribute(hid_t object, const char *name, bool value, seg_error *err);
/* Rank 1; n 0 is written as an empty array of numbers, as h5py does. */
seg_status h5_put_list_attribute(hid_t object, const char *name, const char *const *texts,
                                 size_t n, seg_error *err);
seg_status h5_remember(seg_h5_writer *w, const char *path, const h5_slot *slot, seg_error *err);
h5_slot *h5_find_slot(seg_h5_writer *w, const char *path);   /* until the next array */
/* Arrays in compressed chunks: rows in order, row_bytes from one to the next, by one thread;
 * given as the column's type (codes as int32). They are complete after `finish`. */
seg_status h5_archive_new(int n_threads, h5_archive **out, seg_error *err);
void h5_archive_free(h5_archive *archive);   /* takes null */
bool h5_archive_wants(const h5_archive *archive, const h5_shape *shape);
seg_status h5_packed_new(h5_archive *archive, const h5_shape *shape, h5_packed **out,
                         seg_error *err);
hid_t h5_packed_plist(const h5_packed *packed, int rank);
void h5_packed_set(h5_packed *packed, hid_t id);   /* which is closed in the end */
seg_status h5_packed_add(h5_archive *archive, h5_packed *packed, const void *rows,
                         size_t row_bytes, uint64_t n_rows, seg_error *err);
seg_status h5_archive_finish(h5_archive *archive, seg_error *err);
/* Rows of a contiguous slot, by any thread; the slot does not count them. */
seg_status h5_slot_write(seg_h5_writer *w, const h5_slot *slot, uint64_t first_row,
                         const void *data, uint64_t n_rows, seg_error *err);
/* The hashes of all arrays that were given in one piece, under uns/segmill. */
seg_status h5_put_hashes(seg_h5_writer *w, seg_error *err);
#define H5_HASHED_PATH "uns/segmill/hashed"
#define H5_HASHES_PATH "uns/segmill/hashes"
/* Scalar of any of our types. */
seg_status h5_put_scalar(seg_h5_writer *w, const char *path, seg_h5_type type,
                         const void *value, size_t width, seg_error *err);
/* Fixed-width cells of texts; null texts are all null. Width is a multiple of 8. */
seg_status h5_pack_texts(const char *const *texts, size_t n, char **cells, size_t *width,
                         seg_error *err);

/* ---- reading ------------------------------------------------------------------ */

typedef enum h5_class {
    H5_CLASS_INT = 1, H5_CLASS_UINT, H5_CLASS_FLOAT, H5_CLASS_BOOL,
    H5_CLASS_TEXT,            /* fixed width */
    H5_CLASS_VLEN             /* variable-length text */
} h5_class;

/* How one value lies in the bytes of its array element. */
typedef struct h5_cell {
    h5_class class;
    size_t size;              /* bytes in the file */
    size_t offset;            /* within the element (tables) */
    bool big_endian;
    bool space_padded;
} h5_cell;

/* A column of a table of compound type. */
typedef struct h5_member {
    const char *name;
    h5_cell cell;
} h5_member;

enum { H5_MAX_FILTERS = 4, H5_MAX_COLUMNS = 1 << 16 };

/* What one thread needs to undo filters. */
typedef struct h5_decoder {
    struct libdeflate_decompressor *deflate;
    struct ZSTD_DCtx_s *zstd;
    unsigned char *work[2];
} h5_decoder;

/* A chunk to be unpacked. */
typedef struct h5_task {
    uint64_t chunk;
    unsigned char *in, *to;   /* the same: there was nothing to undo */
    size_t n;                 /* stored bytes; 0: never written */
    uint32_t mask;            /* of the filters that were left out */
    const char *wrong;        /* why it cannot be unpacked, or null */
} h5_task;

/* An unpacked chunk that is kept. */
typedef struct h5_kept {
    unsigned char *bytes;
    uint64_t tag;             /* which chunk it is, plus 1; 0: none */
    uint64_t round;           /* that used it last */
} h5_kept;

typedef struct h5_chunks {
    uint64_t rows, cols;      /* of one chunk */
    uint64_t across;          /* chunks side by side */
    size_t bytes, work_bytes; /* of one chunk, unpacked and at most on the way */
    int filters[H5_MAX_FILTERS];
    int n_filters, n_moves;   /* n_moves: those that give other bytes */
    unsigned largest_ratio;
    bool has_fill;            /* what was never written is all `fill` */
    unsigned char fill[64];
    h5_decoder *decoders;
    int n_decoders;
    unsigned char *stored;    /* bytes as they are in the file, of some chunks */
    size_t stored_bytes;
    h5_task *tasks;
    size_t n_tasks;
    h5_kept *slots;
    size_t n_slots;
    uint64_t round;
} h5_chunks;

typedef struct h5_array {
    const char *path;
    hid_t id;
    int rank;
    uint64_t n_rows, n_cols;  /* n_cols 1 for rank 0 and 1 */
    size_t element;           /* bytes of one element in the file */
    h5_cell cell;
    h5_member *members;       /* tables; else null */
    size_t n_members;
    H5D_layout_t layout;
    uint64_t address;
    unsigned char *compact;   /* bytes of a compact array */
    h5_chunks chunks;
    size_t longest;           /* variable-length texts: bytes; SIZE_MAX not yet known */
    unsigned char *portion;   /* of a table: the rows that were read last */
    uint64_t portion_first, portion_rows;
} h5_array;

typedef struct h5_heap {      /* the last collection of variable-length texts */
    uint64_t address;
    unsigned char *bytes;
    size_t n_bytes, cap;
    uint32_t *where;          /* position of object i, 0 none */
} h5_heap;

struct seg_h5 {
    char *path;
    int fd;
    uint64_t size;
    hid_t id, link_plist;
    seg_arena arena;
    h5_array **arrays;
    size_t n_arrays, arrays_cap;
    h5_heap heap;
    int n_threads;            /* that decode and convert; 1 unless set */
    uint64_t n_unwritten;     /* chunks met so far that were never written */
};

typedef enum h5_object {
    H5_OBJECT_NONE, H5_OBJECT_GROUP, H5_OBJECT_ARRAY,
    H5_OBJECT_BAD             /* a link elsewhere, or damaged */
} h5_object;

/* What is at the path; only hard links are followed. */
h5_object h5_find(const seg_h5 *file, const char *path);
/* The array at the path, checked and remembered. */
seg_status h5_open_array(seg_h5 *file, const char *path, h5_array **out, seg_error *err);
void h5_array_free(h5_array *array);
/* Type, layout and place of an open array: h5_type.c, h5_chunk.c. */
seg_status h5_read_type(seg_h5 *file, h5_array *array, seg_error *err);
/* n names out of a pickled list; false if it is anything else. */
bool h5_unpickle_names(seg_arena *arena, const char *pickle, const char **names, size_t n);
seg_status h5_read_layout(seg_h5 *file, h5_array *array, seg_error *err);
seg_status h5_check_chunks(seg_h5 *file, h5_array *array, hid_t plist, seg_error *err);
void h5_chunks_free(h5_chunks *chunks);

/* A range of a file as memory: h5_window.c. */
typedef struct h5_window {
    int fd;
    uint64_t first, n_bytes;  /* of the range, in the file */
    uint64_t window;          /* bytes that may be resident or mapped */
    bool whole;               /* mapped in one piece */
    bool keep;                /* its pages stay for later passes */
    bool refused;             /* the system did not map it: not asked again */
    char *map;
    uint64_t map_from, map_bytes, used_to;
} h5_window;

void h5_window_open(h5_window *w, int fd, uint64_t first, uint64_t n_bytes);
/* n bytes from `offset` of the range on, until the next call. Null when they cannot be
 * mapped: then they must be read. What follows is read ahead. */
seg_status h5_window_get(h5_window *w, uint64_t offset, uint64_t n, const char *name,
                         const void **bytes, seg_error *err);
void h5_window_pause(h5_window *w);   /* at the end of a pass */
void h5_window_close(h5_window *w);
/* Ask for bytes that will be wanted soon, unless they are in memory. */
void h5_read_ahead(int fd, uint64_t from, uint64_t n);

/* The bytes of rows as they are in the file: n_rows x n_cols x element. */
seg_status h5_fetch(seg_h5 *file, h5_array *array, uint64_t first_row, uint64_t n_rows,
                    unsigned char *out, seg_error *err);
seg_status h5_fetch_chunked(seg_h5 *file, h5_array *array, uint64_t first_row,
                            uint64_t n_rows, unsigned char *out, seg_error *err);
/* Filters: h5_filter.c, h5_blosc.c. h5_decode unpacks n bytes into a whole chunk, or says
 * what is wrong with them. */
seg_status h5_read_filters(h5_array *array, hid_t plist, seg_error *err);
seg_status h5_decoder_open(const h5_chunks *chunks, h5_decoder *decoder, seg_error *err);
void h5_decoder_free(h5_decoder *decoder);
const char *h5_decode(const h5_chunks *chunks, const h5_decoder *decoder, size_t element,
                      unsigned mask, const unsigned char *in, size_t n, unsigned char *out);
bool h5_blosc_found(void);
bool h5_unblosc(const unsigned char *in, size_t n, unsigned char *out, size_t room,
                size_t *n_out);

/* Values of one cell out of `n` elements of `element` bytes, to our type, `stride` bytes
 * from one to the next. *bad: the first that does not fit (then false). */
bool h5_convert(const h5_cell *cell, const unsigned char *in, size_t element, size_t n,
                seg_h5_type type, void *out, size_t stride, size_t *bad);
/* The same, value by value, `in` at the first cell: what the fast loops must agree with. */
bool h5_convert_plainly(const h5_cell *cell, const unsigned char *in, size_t element, size_t n,
                        seg_h5_type type, void *out, size_t stride, size_t *bad);
/* Texts, fixed or variable; width bytes each. */
seg_status h5_convert_texts(seg_h5 *file, const h5_array *array, const h5_cell *cell,
                            const unsigned char *in, size_t n, uint64_t first, char *out,
                            size_t width, seg_error *err);
/* Where the bytes of a variable-length text are (in the heap, until the next call). */
seg_status h5_heap_text(seg_h5 *file, const h5_array *array, const unsigned char *reference,
                        const char **text, size_t *n, seg_error *err);
/* Bytes of the longest text of a cell (one pass over the array if variable). */
seg_status h5_longest(seg_h5 *file, h5_array *array, const h5_cell *cell, size_t *longest,
                      seg_error *err);

/* Rows of one cell (of a table, or array->cell) as seg_h5_read gives them. */
seg_status h5_read_cells(seg_h5 *file, h5_array *array, const h5_cell *cell, seg_h5_type type,
                         size_t width, uint64_t first_row, uint64_t n_rows, void *out,
                         seg_error *err);
seg_h5_type h5_nearest_type(const h5_cell *cell);
/* How many rows are read at a time. */
uint64_t h5_portion_rows(const h5_array *array);

/* Attributes: a list of texts (rank 1) or null, living as long as the file; up to `most`
 * whole numbers, and how many there were (0: no such attribute). */
const char *const *h5_get_list_attribute(seg_h5 *file, const char *path, const char *name,
                                         size_t *n);
size_t h5_get_int_attribute(seg_h5 *file, const char *path, const char *name, int64_t *out,
                            size_t most);

#endif
