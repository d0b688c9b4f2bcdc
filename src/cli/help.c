#include "cli/help.h"

#include <string.h>
#include "cli/words.h"
#include "segmill/version.h"

enum { NAME_COLUMN = 30, WIDTH = 96 };

/* Words of `text` in lines of WIDTH, the first one starting at `column`. */
static void put_wrapped(FILE *out, const char *text, int column, int indent)
{
    bool first = true;
    while (*text != '\0') {
        int n = (int)strcspn(text, " ");
        if (!first && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        column += fprintf(out, "%s%.*s", first ? "" : " ", n, text);
        first = false;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void put_default(char *text, size_t size, const seg_node *row)
{
    const seg_node *value = seg_node_get(row, "default");
    size_t n = strlen(text);
    switch (seg_node_type(value)) {
    case SEG_DOC_INT:
        snprintf(text + n, size - n, " (default %lld)", (long long)seg_node_int(value, 0));
        break;
    case SEG_DOC_REAL:
        snprintf(text + n, size - n, " (default %g)", seg_node_real(value, 0));
        break;
    case SEG_DOC_TEXT:
        snprintf(text + n, size - n, " (default %s)", seg_node_text(value, ""));
        break;
    default:
        break;
    }
}

static void put_options(FILE *out, const char *title, const seg_option *table,
                        const void *defaults)
{
    seg_doc *doc = seg_doc_new();
    seg_node *rows = seg_put_array(seg_doc_root(doc), "options");
    seg_option_describe(table, defaults, rows);
    if (seg_node_count(rows) > 0)
        fprintf(out, "\n%s:\n", title);
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *row = seg_node_at(rows, i);
        const char *value = seg_node_text(seg_node_get(row, "value"), "");
        const char *name = seg_node_text(seg_node_get(row, "name"), "");
        char help[1024];
        snprintf(help, sizeof help, "%s", seg_node_text(seg_node_get(row, "help"), ""));
        put_default(help, sizeof help, row);
        int column = fprintf(out, "  %s--%s%s%s", strcmp(name, "output") == 0 ? "-o, " : "", name,
                             *value == '\0' ? "" : " ", value);
        if (column + 2 > NAME_COLUMN) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%*s", NAME_COLUMN - column, "");
        put_wrapped(out, help, NAME_COLUMN, NAME_COLUMN);
    }
    seg_doc_free(doc);
}

void help_overview(FILE *out)
{
    fputs("segmill mines customers: segments, churn, what is bought together, value.\n\n"
          "usage: segmill COMMAND [options] FILE...\n", out);
    for (size_t i = 0; seg_command_at(i) != NULL; i++) {
        const seg_command *c = seg_command_at(i);
        if (i == 0 || strcmp(c->group, seg_command_at(i - 1)->group) != 0)
            fprintf(out, "\n%s\n", c->group);
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    }
    fputs("  version    version and build\n"
          "  help       help COMMAND, help METHOD, help TOPIC\n"
          "\nTopics: formats (how to bring any file), job, targets, methods, exit-codes\n", out);
}

static void put_method_options(FILE *out, const seg_method *method)
{
    char title[64];
    _Alignas(16) char defaults[WORDS_OPTIONS_BYTES] = { 0 };
    seg_method_defaults(method, defaults);
    snprintf(title, sizeof title, "Options of %s", seg_method_name(method));
    put_options(out, title, seg_method_options(method), defaults);
}

static void put_terms(FILE *out, const seg_method *method)
{
    enum { TERM_COLUMN = 23 };
    char line[512];
    const char *word;
    if (seg_method_terms_title(method) != NULL)
        fprintf(out, "\n%s:\n", seg_method_terms_title(method));
    for (size_t i = 0; seg_method_term(method, i, &word, line, sizeof line); i++) {
        int column = fprintf(out, "  %-*s", TERM_COLUMN - 2, word);
        put_wrapped(out, line, column, TERM_COLUMN);
    }
}

void help_command(FILE *out, const seg_command *command, const seg_method *method)
{
    seg_common_options common;
    fprintf(out, "usage: segmill %s [options] %s\n\n%s\n", command->name, command->operands,
            command->summary);
    if (method != NULL)
        fprintf(out, "\n%s: %s\n%s", seg_method_name(method), seg_method_summary(method),
                seg_method_about(method) == NULL ? "" : "\n");
    if (method != NULL && seg_method_about(method) != NULL)
        fputs(seg_method_about(method), out);
    if (strcmp(command->name, "import") == 0)
        fputs("\nWhich option for which file: segmill help formats\n", out);
    _Alignas(16) char defaults[WORDS_OPTIONS_BYTES] = { 0 };
    command->defaults(defaults);
    put_options(out, "Options", command->options, defaults);
    if ((command->flags & SEG_COMMAND_METHOD) != 0)
        for (size_t i = 0; seg_method_at(i) != NULL; i++)
            if (method == NULL || method == seg_method_at(i))
                put_method_options(out, seg_method_at(i));
    if (method != NULL)
        put_terms(out, method);
    seg_common_defaults(&common);
    put_options(out, "Options of every command", seg_common_option_table(), &common);
}

/* ---- topics ------------------------------------------------------------------------------ */

static const struct {
    const char *name, *text;
} topics[] = {
    { "exit-codes",
      "  0    done\n"
      "  1    internal or I/O error: no such file, no permission, a library that died\n"
      "  2    usage or configuration: unknown option, wrong value, unknown column\n"
      "  3    the data break the contract: schema, ids, values; k larger than the rows\n"
      "  4    a gate or a cap is not met: nothing published\n"
      "  5    verification failed: hash, damaged file\n"
      "  75   try again later: locked, no space, memory budget\n"
      "  130  interrupted (SIGINT), cleaned up\n"
      "  143  told to stop (SIGTERM), cleaned up\n"
      "\nA failure prints one line: segmill COMMAND: WHERE: WHY\n" },
    { "job",
      "A job file is INI. [job] has name, output (dated runs and `current` appear there) and\n"
      "keep (published runs to keep). Every other section is [COMMAND NAME]: its keys are\n"
      "the command's files (input, method, data, model, scores, of) and options. @NAME is\n"
      "the output of the stage NAME above. Paths start at the job file.\n\n"
      "  [job]\n"
      "  name     = weekly-segments\n"
      "  output   = runs/weekly\n"
      "  keep     = 30\n"
      "  [import shop]\n"
      "  input    = orders.csv.gz\n"
      "  kind     = transactions\n"
      "  [features f]\n"
      "  data     = @shop\n"
      "  [train segments]\n"
      "  method   = kmeans\n"
      "  data     = @f\n"
      "  k        = 3..12\n"
      "  [score who]\n"
      "  model    = @segments\n"
      "  data     = @f\n"
      "  [lists crm]\n"
      "  scores   = @who\n"
      "  target   = hubspot,generic\n"
      "  [report page]\n\n"
      "segmill run JOB.job STAGE.KEY=VALUE ... replaces keys: shop.input=today.csv\n" },
    { "formats",
      "Bring any file:  segmill import FILE... -o FILE.h5     look first:  segmill inspect FILE\n"
      "\n"
      "Found without a word: , ; tab | between cells, quotes, UTF-8 and UTF-16, .gz and .zst,\n"
      "CRLF; numbers, categories, dates and text, decided over all rows; the id, by its name;\n"
      "order lines, by the names of their columns; no value: blank, NA, N/A, NULL, NaN, \\N.\n"
      "What was decided is printed. What cannot be known stops: one line says what to give.\n"
      "\n"
      "  what you see                            what to give\n"
      "  1.234,56                                --decimal ,\n"
      "  1,234.56 or 1'234.56 or 1 234.56        --thousands , or \"'\" or ' '\n"
      "  $5.00, 5 EUR, 12 %, 5.00-               --signs        (5.00) is not read\n"
      "  09.12.2011, 9/12/2011 (day first)       --dates d/m/y  asked for only if both would fit\n"
      "  12/9/2011 (month first)                 --dates m/d/y\n"
      "  2011-12-09T08:26:00+01:00               nothing: iso; zones are turned into UTC\n"
      "  20111209, 1323419160, 1323419160000     --dates compact, epoch, epoch-ms;\n"
      "                                          --types COL:date if its name does not say so\n"
      "  05.01.24, 5-Jan-2024                    write four digits and numbers first\n"
      "  M?ller, \"not valid UTF-8\"               --encoding WINDOWS-1252 (Excel), UTF-16 ...\n"
      "  ?, -, unknown for no value              --missing '?,-,unknown'\n"
      "  a postcode or code taken for a number   --types zip:category\n"
      "  ids 17850.0 that must stay so           --id-text\n"
      "  the wrong id, or none                   --id COL, --id \"\"\n"
      "  the column to predict                   --label COL\n"
      "  no names in line 1                      --no-header --columns id,age,spend\n"
      "  a title, # or sep=; above the names     tail -n +2 FILE | segmill import - -o FILE.h5\n"
      "  broken rows, a short last one           --max-errors 10 --rejects left_out.csv\n"
      "  two rows of one customer: order lines   --kind transactions --customer COL --time COL\n"
      "                                          --order COL --item COL --price COL ...\n"
      "  several currencies                      --currency COL --rates FILE\n"
      "  one basket a line                       --lines\n"
      "  Excel workbooks, Parquet                save as CSV first\n"
      "A numeric --types entry makes every cell a number or an error; drop leaves a column out.\n"
      "\n"
      "Many files are one table if they have the same columns in the same order:\n"
      "  segmill import 'orders-2024-*.csv' -o orders.h5     in a job: input = orders-2024-*.csv\n"
      "A pipe:  zcat FILE | segmill import - -o FILE.h5\n"
      "A pipe is spooled in TMPDIR, as are cells that --memory does not hold: TMPDIR needs about\n"
      "as much room as the text has bytes.\n"
      "\n"
      "Every night the same: pin columns, types and levels once; what breaks them stops with its\n"
      "line and exit code 3 (or is left out: --max-errors, --rejects).\n"
      "  segmill inspect FILE.h5 --schema > customers.json\n"
      "  segmill import tonight.csv --schema customers.json -o FILE.h5\n"
      "\n"
      "HDF5 of others needs no import: FILE.h5:/path is a dataset of h5py (a row, a customer) or\n"
      "a frame of pandas (to_hdf); AnnData files are read as they are. Every DATA argument takes\n"
      "these, and a .csv that needs no options.\n"
      "\n"
      "Written are (Python: anndata.read_h5ad(FILE)), and CSV if the name ends in .csv:\n"
      "  features      AnnData (.h5): X = numbers and category codes, obs = customers\n"
      "  transactions  HDF5 with the data frame /transactions\n"
      "  baskets       AnnData: X = sparse baskets x items\n"
      "  model         AnnData: X or obs = centroids, nodes, rules, cells\n"
      "  scores        AnnData: obs = customers, one column per result\n" },
    { "targets",
      "  generic     UTF-8 CSV, comma, header: id, segment, scores\n"
      "  hubspot     CSV for HubSpot's contact import\n"
      "  salesforce  CSV for Salesforce's data import, external id\n" },
};

static void put_methods(FILE *out)
{
    for (size_t i = 0; seg_method_at(i) != NULL; i++)
        fprintf(out, "  %-8s %s\n", seg_method_name(seg_method_at(i)),
                seg_method_summary(seg_method_at(i)));
    fputs("\nsegmill help METHOD shows the options of one.\n", out);
}

bool help_topic(FILE *out, const char *name)
{
    const seg_command *command = seg_command_find(name);
    const seg_method *method = seg_method_find(name);
    if (command != NULL || method != NULL) {
        help_command(out, command != NULL ? command : seg_command_find("train"), method);
        return true;
    }
    if (strcmp(name, "methods") == 0) {
        put_methods(out);
        return true;
    }
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        if (strcmp(topics[i].name, name) == 0) {
            fputs(topics[i].text, out);
            return true;
        }
    return false;
}

/* ---- man page --------------------------------------------------------------------------------- */

/* Literal text: a leading dot or quote and every backslash would speak to troff. */
static void put_literal(FILE *out, const char *text)
{
    bool start = true;
    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        start = *text == '\n';
    }
}

static void man_section(FILE *out, const char *title, void (*write)(FILE *, const char *),
                        const char *argument)
{
    static char text[1 << 16];
    memset(text, 0, sizeof text);
    FILE *memory = fmemopen(text, sizeof text - 1, "w");
    if (memory == NULL)
        return;
    write(memory, argument);
    fclose(memory);
    fprintf(out, ".SH %s\n.nf\n", title);
    put_literal(out, text);
    fputs(".fi\n", out);
}

static void write_overview(FILE *out, const char *unused)
{
    (void)unused;
    help_overview(out);
}

static void write_topic(FILE *out, const char *name)
{
    help_topic(out, name);
}

void help_man(FILE *out)
{
    fputs(".TH SEGMILL 1 \"\" \"segmill " SEGMILL_VERSION "\"\n"
          ".SH NAME\nsegmill \\- mine customers: segments, churn, rules, value\n", out);
    man_section(out, "SYNOPSIS", write_overview, NULL);
    for (size_t i = 0; seg_command_at(i) != NULL; i++)
        man_section(out, seg_command_at(i)->name, write_topic, seg_command_at(i)->name);
    man_section(out, "EXIT STATUS", write_topic, "exit-codes");
    man_section(out, "JOB FILES", write_topic, "job");
    man_section(out, "FORMATS", write_topic, "formats");
}
