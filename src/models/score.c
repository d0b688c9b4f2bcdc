/* score.c: the scores of a source as a source of result columns. */
#include <stdio.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/bind.h"
#include "models/method.h"
#include "models/psi.h"
#include "models/score.h"

typedef struct score_source {
    seg_source source;
    const seg_context *ctx;
    const seg_model *model;
    seg_source *data;
    seg_schema_owner *schema;
    seg_binding *binding;
    seg_batch *batch;
    seg_block bound;
    seg_psi_count *count;       /* null: not watched */
    double fail_psi;
    bool judged;
} score_source;

static seg_status score_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    score_source *s = (score_source *)self;
    seg_block in;
    *block = (seg_block){ 0 };
    TRY(s->data->next(s->data, &in, err));
    if (in.n_rows == 0) {
        if (s->count != NULL && !s->judged)
            st = seg_psi_count_judge(s->count, s->ctx, s->fail_psi, err);
        if (!s->judged && s->model->method->score_end != NULL && st == SEG_OK)
            s->model->method->score_end(s->model, s->ctx);
        s->judged = true;
        goto done;
    }
    if (s->batch == NULL || in.n_rows > s->batch->capacity) {
        seg_batch_free(s->batch);
        s->batch = NULL;
        TRY(seg_batch_new(&s->schema->view, in.n_rows, &s->batch, err));
    }
    TRY(seg_binding_apply(s->binding, &in, &s->bound, err));
    TRY(s->model->method->score(s->model, s->ctx, s->data->schema, &s->bound, s->batch, err));
    if (s->count != NULL)
        seg_psi_count_add(s->count, s->bound.x, s->batch->columns[0],
                          seg_thread_count(s->ctx == NULL ? 0 : s->ctx->n_threads));
    *block = *seg_batch_view(s->batch, in.first_row, in.n_rows);
    block->ids = in.ids;
done:
    return st;
}

static seg_status score_rewind(seg_source *self, seg_error *err)
{
    score_source *s = (score_source *)self;
    if (s->count != NULL)
        seg_psi_count_reset(s->count);
    s->judged = false;
    return s->data->rewind(s->data, err);
}

static void score_close(seg_source *self)
{
    score_source *s = (score_source *)self;
    if (s->binding != NULL)
        seg_binding_note(s->binding, s->ctx);
    seg_binding_free(s->binding);
    seg_psi_count_free(s->count);
    seg_batch_free(s->batch);
    seg_schema_free(s->schema);
    seg_free(s);
}

const seg_block *seg_score_bound(const seg_source *self)
{
    return &((const score_source *)self)->bound;
}

seg_status seg_score_watch(seg_source *self, double fail_psi, seg_error *err)
{
    score_source *s = (score_source *)self;
    s->fail_psi = fail_psi;
    if (s->model->psi == NULL || s->count != NULL)
        return SEG_OK;
    return seg_psi_count_new(s->model->psi, &s->model->schema->view, &s->count, err);
}

seg_status seg_score_put_psi(const seg_source *self, seg_node *into, seg_error *err)
{
    const score_source *s = (const score_source *)self;
    char name[32] = "psi";
    if (s->count == NULL)
        return SEG_OK;
    for (int n = 2; seg_node_member(into, name) != NULL; n++)
        snprintf(name, sizeof name, "psi%d", n);
    return seg_psi_count_put(s->count, seg_put_object(into, name), err);
}

seg_status seg_score_open(const seg_context *ctx, const seg_model *model, seg_source *data,
                          seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    score_source *s = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "the scores", err));
    s->ctx = ctx;
    s->model = model;
    s->data = data;
    TRY(seg_schema_new(SEG_KIND_SCORES, &s->schema, err));
    if (data->schema->id_name != NULL)
        TRY(seg_schema_set_id(s->schema, data->schema->id_name, data->schema->id_width, err));
    s->schema->view.as_of_day = data->schema->as_of_day;
    TRY(model->method->score_schema(model, s->schema, err));
    TRY(seg_binding_new(&model->schema->view, data->schema, &s->binding, err));
    s->source = (seg_source){ .schema = &s->schema->view, .n_rows = data->n_rows,
                              .name = data->name, .next = score_next,
                              .rewind = score_rewind, .close = score_close };
    *out = &s->source;
    s = NULL;

done:
    if (s != NULL)
        score_close(&s->source);
    return st;
}
