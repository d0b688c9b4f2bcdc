/* command.c: the table of commands, and how a call of one is run. */
#include "segmill/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/supervise.h"
#include "base/threads.h"
#include "base/try.h"
#include "jobs/doctor.h"
#include "jobs/evaluate.h"
#include "jobs/export.h"
#include "jobs/features.h"
#include "jobs/figures_show.h"
#include "jobs/import.h"
#include "jobs/import_model.h"
#include "jobs/inspect.h"
#include "jobs/lists.h"
#include "jobs/outputs.h"
#include "jobs/report.h"
#include "jobs/run.h"
#include "jobs/score.h"
#include "jobs/train.h"
#include "jobs/verify.h"

static const seg_option no_options[] = { { .name = NULL } };

static void all_zero(void *options)
{
    (void)options;   /* the caller zeroes them before */
}

static const char *const input_keys[] = { "input", NULL };
static const char *const data_keys[] = { "data", NULL };
static const char *const train_keys[] = { "method", "data", NULL };
static const char *const model_keys[] = { "model", "data", NULL };
static const char *const only_model_keys[] = { "model", NULL };

static const char *const report_keys[] = { "of", NULL };
static const char *const scores_keys[] = { "scores", NULL };

static const seg_command commands[] = {
    { .name = "import", .group = "Data", .operands = "FILE...", .min_operands = 1,
      .max_operands = 4096, .operand_keys = input_keys,
      .summary = "CSV into a feature matrix, a transaction log, or baskets",
      .options = seg_import_command_table, .options_size = sizeof(seg_import_command),
      .defaults = seg_import_command_defaults, .run = seg_import_run },
    { .name = "inspect", .group = "Data", .operands = "FILE", .min_operands = 1,
      .max_operands = 1, .summary = "what is in any file: columns, rows, missing, model",
      .options = seg_inspect_option_table, .options_size = sizeof(seg_inspect_options),
      .defaults = seg_inspect_defaults, .run = seg_inspect_run, .show = seg_inspect_show },
    { .name = "features", .group = "Data", .operands = "TRANSACTIONS", .min_operands = 1,
      .max_operands = 1, .operand_keys = data_keys,
      .summary = "transactions to customer features as of a date",
      .options = seg_features_option_table, .options_size = sizeof(seg_features_options),
      .defaults = seg_features_defaults, .run = seg_features_run },
    { .name = "train", .group = "Models", .operands = "METHOD DATA", .min_operands = 2,
      .max_operands = 2, .operand_keys = train_keys, .flags = SEG_COMMAND_METHOD,
      .summary = "learn a model: kmeans, tree, rules, rfm",
      .options = seg_train_option_table, .options_size = sizeof(seg_train_options),
      .defaults = all_zero, .run = seg_train_run, .show = seg_figures_show_short },
    { .name = "score", .group = "Models", .operands = "MODEL... DATA", .min_operands = 2,
      .max_operands = 64, .operand_keys = model_keys,
      .summary = "segment, churn probability, next best offer, RFM cell",
      .options = seg_score_option_table, .options_size = sizeof(seg_score_options),
      .defaults = seg_score_defaults, .run = seg_score_run },
    { .name = "evaluate", .group = "Models", .operands = "MODEL DATA", .min_operands = 2,
      .max_operands = 2, .operand_keys = model_keys,
      .summary = "quality of a model on any data",
      .options = seg_evaluate_option_table, .options_size = sizeof(seg_evaluate_options),
      .defaults = seg_evaluate_defaults, .run = seg_evaluate_run, .show = seg_figures_show },
    { .name = "export", .group = "Models", .operands = "MODEL", .min_operands = 1,
      .max_operands = 1, .operand_keys = only_model_keys,
      .summary = "a model as JSON, text or CSV",
      .options = seg_export_option_table, .options_size = sizeof(seg_export_options),
      .defaults = all_zero, .run = seg_export_run },
    { .name = "import-model", .group = "Models", .operands = "FILE", .min_operands = 1,
      .max_operands = 1, .operand_keys = input_keys,
      .summary = "boosted trees of LightGBM (text) or XGBoost (JSON)",
      .options = seg_import_model_option_table,
      .options_size = sizeof(seg_import_model_options),
      .defaults = seg_import_model_defaults, .run = seg_import_model_run },
    { .name = "lists", .group = "Results", .operands = "SCORES", .min_operands = 1,
      .max_operands = 1, .operand_keys = scores_keys,
      .summary = "lists for people and CRM systems",
      .options = seg_lists_option_table, .options_size = sizeof(seg_lists_options),
      .defaults = seg_lists_defaults, .run = seg_lists_run },
    { .name = "report", .group = "Results", .operands = "RUN|MODEL|SCORES...",
      .min_operands = 1, .max_operands = 64, .operand_keys = report_keys,
      .summary = "one self-contained HTML page",
      .options = seg_report_option_table, .options_size = sizeof(seg_report_options),
      .defaults = seg_report_defaults, .run = seg_report_run },
    { .name = "run", .group = "Jobs", .operands = "JOB.job [STAGE.KEY=VALUE ...]",
      .min_operands = 1, .max_operands = 64, .flags = SEG_COMMAND_PARENT,
      .summary = "a whole job file: lock, stages, one publication",
      .options = seg_run_option_table, .options_size = sizeof(seg_run_options),
      .defaults = seg_run_defaults, .run = seg_run_run },
    { .name = "verify", .group = "Jobs", .operands = "DIR|FILE", .min_operands = 1,
      .max_operands = 1, .summary = "check hashes of a published run or a file",
      .options = no_options, .defaults = all_zero, .run = seg_verify_run },
    { .name = "doctor", .group = "Other", .operands = "", .flags = SEG_COMMAND_PLAIN,
      .summary = "processor level, threads, memory, limits, libraries",
      .options = no_options, .defaults = all_zero, .run = seg_doctor_run },
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

const seg_command *seg_command_at(size_t i)
{
    return i < N_COMMANDS ? &commands[i] : NULL;
}

const seg_command *seg_command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* ---- options of every command ----------------------------------------------------------- */

#define FIELD(member) offsetof(seg_common_options, member)
static const seg_option common_table[] = {
    { "threads", SEG_OPTION_U32, FIELD(threads), 0, 4096, NULL, NULL,
      "threads to use (0: what the process may use)", SEG_OPTION_ENVIRONMENT },
    { "memory", SEG_OPTION_SIZE, FIELD(memory_bytes), 0, 1e18, NULL, NULL,
      "memory budget, like 512M or 4G (0: half of what is left)", SEG_OPTION_ENVIRONMENT },
    { "seed", SEG_OPTION_U64, FIELD(seed), 0, 1e18, NULL, NULL,
      "start of the random numbers; same seed, same result", 0 },
    { "json", SEG_OPTION_FLAG, FIELD(json), 0, 0, NULL, NULL,
      "print the result as one JSON object", SEG_OPTION_ENVIRONMENT },
    { "quiet", SEG_OPTION_FLAG, FIELD(quiet), 0, 0, NULL, NULL,
      "no progress and no notes", SEG_OPTION_ENVIRONMENT },
    { "log", SEG_OPTION_CHOICE, FIELD(log), 0, 0, "auto|text|json", NULL,
      "notes and progress on stderr as lines", SEG_OPTION_ENVIRONMENT },
    { "no-fork", SEG_OPTION_FLAG, FIELD(no_fork), 0, 0, NULL, NULL,
      "work in this process, for debuggers", SEG_OPTION_ENVIRONMENT },
    { "help", SEG_OPTION_FLAG, FIELD(help), 0, 0, NULL, NULL, "this text",
      SEG_OPTION_ENVIRONMENT },
    { .name = NULL },
};

const seg_option *seg_common_option_table(void)
{
    return common_table;
}

void seg_common_defaults(seg_common_options *options)
{
    *options = (seg_common_options){ .seed = 1 };
}

/* ---- a call -------------------------------------------------------------------------------- */

typedef struct work {
    const seg_command *command;
    seg_call call;
    const seg_common_options *common;
    seg_status (*print)(seg_doc *result, void *user, seg_error *err);
    void *user;
} work;

static seg_status run_here(work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_log log;
    seg_context *ctx = &w->call.context;
    seg_doc *result = seg_doc_new();

    TRY(seg_doc_status(result, err));   /* before anything is written */
    TRY(seg_outputs_check(w->command, &w->call, err));
    ctx->n_threads = (uint32_t)seg_thread_count(w->common->threads);
    ctx->seed = w->common->seed;
    ctx->memory_bytes = w->common->memory_bytes != 0 ? w->common->memory_bytes
                                                     : seg_memory_available() / 2;
    seg_alloc_set_limit(ctx->memory_bytes);
    seg_log_begin(&log, (seg_log_form)w->common->log, w->common->quiet, w->command->name);
    if (ctx->note == NULL && ctx->progress == NULL) {
        ctx->note = seg_log_note;
        ctx->progress = seg_log_progress;
        ctx->user = &log;
    }
    st = w->command->run(&w->call, seg_doc_root(result), err);
    seg_log_end(&log);
    TRY(st);
    TRY(seg_doc_status(result, err));
    if (w->print != NULL)
        TRY(w->print(result, w->user, err));

done:
    seg_doc_free(result);
    return st;
}

static seg_status run_in_worker(void *arg, seg_error *err)
{
    seg_stop_on_signals();
    return run_here(arg, err);
}

seg_status seg_command_run(const seg_command *command, const seg_call *call,
                           const seg_common_options *common,
                           seg_status (*print)(seg_doc *result, void *user, seg_error *err),
                           void *user, seg_error *err)
{
    work w = { command, *call, common, print, user };
    if (common->no_fork || (command->flags & SEG_COMMAND_PLAIN) != 0)
        return run_here(&w, err);
    seg_status st = seg_temp_share(err);
    if (st != SEG_OK)
        return st;
    if ((command->flags & SEG_COMMAND_PARENT) != 0)
        return run_in_worker(&w, err);
    /* What the caller's own callbacks write stays where they write it. */
    seg_supervise_options options = { .hush = call->context.note == NULL
                                              && call->context.progress == NULL };
    return seg_supervise(run_in_worker, &w, &options, err);
}
