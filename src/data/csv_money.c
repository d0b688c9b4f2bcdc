/* csv_money.c: money is whole numbers of 1/100, 1/1000 or 1/10000, whichever holds the
 * digits seen, so that sums are exact in any order. Products are taken in 128 bits. With
 * rates, money is in 1/10000 and rounded half to even once, after the multiplication. */
#include "data/csv_money.h"

#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

typedef __int128 wide;

static uint32_t scale_of_digits(int digits)
{
    return digits <= 2 ? 100 : digits == 3 ? 1000 : SEG_CSV_FIXED_SCALE;
}

/* value / divisor, half to even. */
static wide divide(wide value, wide divisor)
{
    wide half = divisor / 2, whole = value / divisor, rest = value % divisor;
    if (rest < 0)
        rest = -rest;
    bool up = rest > half || (rest * 2 == divisor && (whole & 1) != 0);
    return up ? whole + (value < 0 ? -1 : 1) : whole;
}

static bool fits(wide value, int64_t *out)
{
    *out = (int64_t)value;
    return value > INT64_MIN && value <= INT64_MAX;
}

/* ---- rates ------------------------------------------------------------------------ */

static seg_status add_rate(seg_csv_money *money, const seg_csv_row *row, const char *path,
                           seg_error *err)
{
    int64_t rate;
    bool exact;
    seg_csv_cell name = seg_csv_trim(row->cells[0].s, row->cells[0].n);
    seg_csv_cell value = seg_csv_trim(row->cells[1].s, row->cells[1].n);
    if (row->defect != SEG_CSV_SOUND
        || !seg_parse_fixed(value.s, value.n, '.', SEG_CSV_RATE_SCALE, &rate, &exact) || rate <= 0)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: a rate above 0 is wanted", path,
                        (unsigned long long)row->line);
    int32_t code = seg_dictionary_find(money->currency->levels, name.s, name.n);
    if (code >= 0)
        money->rates[code] = rate;
    return SEG_OK;
}

static seg_status read_rates(seg_csv_import *im, seg_csv_money *money, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_rows *rows = NULL;
    seg_csv_row row;
    const char *path = im->options->rates;
    seg_import_options plain;
    seg_import_defaults(&plain);

    TRY(seg_csv_rows_open(im->ctx, &path, 1, &plain, false, false, &rows, err));
    if (rows->n_columns != 2) {
        st = seg_fail(err, SEG_E_DATA, "%s: %zu columns; currency and rate are wanted", path,
                      rows->n_columns);
        goto done;
    }
    for (;;) {
        TRY(seg_csv_rows_next(rows, &row, err));
        if (row.n_cells == 0)
            break;
        if (row.n_cells != 2)
            row.defect = SEG_CSV_TOO_FEW;
        TRY(add_rate(money, &row, path, err));
    }

done:
    seg_csv_rows_close(rows);
    return st;
}

static seg_status plan_currency(seg_csv_import *im, seg_csv_money *money, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_dictionary *levels = money->currency->levels;
    size_t n = levels == NULL ? 0 : seg_dictionary_size(levels);
    const char *const *names = levels == NULL ? NULL : seg_dictionary_texts(levels);
    if (im->options->rates == NULL && n > 1)
        return seg_fail(err, SEG_E_DATA, "%s: column '%s' holds %zu currencies (%.8s, %.8s ...):"
                        " give --rates FILE", seg_csv_rows_file(im->rows), money->currency->name,
                        n, names[0], names[1]);
    if (n == 1)
        money->code = names[0];
    if (im->options->rates == NULL || n == 0)
        return SEG_OK;
    TRY(SEG_ALLOC(&money->rates, n, "the rates", err));
    TRY(read_rates(im, money, err));
    money->code = NULL;
    for (size_t i = 0; i < n; i++) {
        if (money->rates[i] == 0)
            return seg_fail(err, SEG_E_DATA, "%s: no rate for '%.8s'", im->options->rates,
                            names[i]);
        if (money->rates[i] == SEG_CSV_RATE_SCALE)
            money->code = names[i];
    }
    money->price_scale = money->scale = SEG_CSV_FIXED_SCALE;

done:
    return st;
}

/* ---- plan ---------------------------------------------------------------------------- */

seg_status seg_csv_money_plan(seg_csv_import *im, seg_csv_money *money, seg_error *err)
{
    *money = (seg_csv_money){
        .price = seg_csv_with_role(im, SEG_CSV_PRICE),
        .quantity = seg_csv_with_role(im, SEG_CSV_QUANTITY),
        .amount = seg_csv_with_role(im, SEG_CSV_AMOUNT),
        .currency = seg_csv_with_role(im, SEG_CSV_CURRENCY),
    };
    int digits = 0;
    if (money->price != NULL) {
        money->price_scale = money->price->scale;
        digits = money->price->found.digits + (money->quantity == NULL ? 0 : money->quantity->found.digits);
    }
    if (money->amount != NULL)
        digits = money->amount->found.digits;
    money->scale = scale_of_digits(digits);
    if (digits > 4 && money->amount == NULL)
        seg_csv_say(im, "price times quantity has up to %d digits after the point: rounded to"
                    " 1/10000", digits);
    if (im->options->rates != NULL && money->currency == NULL)
        return seg_fail(err, SEG_E_USAGE, "--rates needs --currency COL");
    return money->currency == NULL ? SEG_OK : plan_currency(im, money, err);
}

void seg_csv_money_free(seg_csv_money *money)
{
    seg_free(money->rates);
    *money = (seg_csv_money){ 0 };
}

/* ---- rows ----------------------------------------------------------------------------- */

/* units of 1/from, times the rate, in units of 1/to. */
static bool convert(wide units, wide from, wide to, int64_t rate, int64_t *out)
{
    if (rate != SEG_CSV_RATE_SCALE) {
        if (units > INT64_MAX || units < INT64_MIN)
            return false;
        units *= rate;
        from *= SEG_CSV_RATE_SCALE;
    }
    if (from >= to)
        return fits(divide(units, from / to), out);
    return units < (wide)1 << 100 && units > -((wide)1 << 100) && fits(units * (to / from), out);
}

static uint32_t scale_of(const seg_csv_column *column)
{
    return column == NULL ? 1 : column->scale;
}

bool seg_csv_money_of(const seg_csv_money *money, const seg_csv_order_line *line, int64_t *price,
                      int64_t *amount)
{
    bool no_price = line->price == SEG_MISSING_I64;
    int64_t rate = money->rates == NULL ? SEG_CSV_RATE_SCALE
                   : line->currency < 0 ? 0 : money->rates[line->currency];
    uint32_t p_scale = scale_of(money->price), q_scale = scale_of(money->quantity);
    *price = *amount = SEG_MISSING_I64;
    if (rate == 0)
        return true;
    if (!no_price && !convert(line->price, p_scale, money->price_scale, rate, price))
        return false;
    if (money->amount != NULL)
        return line->amount == SEG_MISSING_I64
               || convert(line->amount, scale_of(money->amount), money->scale, rate, amount);
    bool no_quantity = money->quantity != NULL && line->quantity == SEG_MISSING_I64;
    if (no_price || no_quantity)
        return true;
    int64_t quantity = money->quantity == NULL ? 1 : line->quantity;
    return convert((wide)line->price * quantity, (wide)p_scale * q_scale, money->scale, rate,
                   amount);
}
