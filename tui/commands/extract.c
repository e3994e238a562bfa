/*
 * rankscope extract: a LoRA from a base and what was tuned from it, with the
 * residual that was measured at every matrix.
 */
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/rounding.h"
#include "experiments/extract.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"

struct ask {
    struct extract_ask of;
    const char *dialect;
    const char *type;
    bool dry_run, json;
};

static const char *norm(void)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return utf8 ? "\u2016\u0394W\u2016_F" : "||dW||_F";
}

static void print_site(const struct extract_site *site, int width)
{
    char shape[32], next[32] = "-"; /* of the leading ones none is next */
    (void)snprintf(shape, sizeof shape, "%dx%d", site->out, site->in);
    if (site->rank < site->most)
        (void)snprintf(next, sizeof next, "%.3g", site->sigma[site->rank]);
    printf("%-*s %11s %5d %9.4g %9.2g %8.2f %% %10s %9.2g%s\n", width,
           site->module, shape, site->rank, site->norm,
           site->norm / site->base_norm, 100 * site->residual / site->norm,
           next, site->floor, site->is_exact ? "" : "  top");
}

static void print_others(const struct extract *extract)
{
    double largest = -1;
    const struct extract_other *worst = NULL;
    int missing = 0;
    for (int i = 0; i < extract->others; i++) {
        const struct extract_other *other = &extract->other[i];
        missing += isnan(other->norm);
        if (other->norm > largest) {
            largest = other->norm;
            worst = other;
        }
    }
    int changed = extract->others - missing;
    if (worst)
        printf("%d other %s changed and %s not in a LoRA; most %s, by %.3g of "
               "its %.3g\n",
               changed, changed == 1 ? "tensor" : "tensors",
               changed == 1 ? "is" : "are", worst->tensor, worst->norm,
               worst->base_norm);
    if (missing)
        printf("%d %s not numbers or not in both, and left out\n", missing,
               missing == 1 ? "tensor is" : "tensors are");
}

static void print_total(const struct extract *extract)
{
    double whole = 0, left = 0;
    long long parameters = 0;
    bool any_top = false;
    for (int i = 0; i < extract->count; i++) {
        const struct extract_site *site = &extract->site[i];
        whole += site->norm * site->norm;
        left += site->residual * site->residual;
        parameters += (long long)site->rank * ((long long)site->out + site->in);
        any_top |= !site->is_exact;
    }
    printf("%lld parameters; %.2f %% of %s of these matrices is left out; %d "
           "matrices are the same in both\n",
           parameters, 100 * sqrt(left / whole), norm(), extract->unchanged);
    if (any_top)
        printf("top: large, leading directions by random projection; the "
               "residual is measured all the same\n");
    print_others(extract);
}

static void print_table(const struct ask *ask, const struct extract *extract)
{
    int width = 6;
    double worst = 0;
    for (int i = 0; i < extract->count; i++) {
        int length = (int)strlen(extract->site[i].module);
        width = length > width ? length : width;
        worst = fmax(worst, extract->site[i].read_back);
    }
    printf("%-*s %11s %5s %9s %9s %10s %10s %9s\n", width, "module", "shape",
           "rank", norm(), "of W0", "left out", "next sigma", "floor");
    for (int i = 0; i < extract->count; i++)
        print_site(&extract->site[i], width);
    print_total(extract);
    if (ask->of.out)
        printf("wrote %s; read back, B A x is within %.1e of what was meant "
               "at every module\n",
               ask->of.out, worst);
}

static struct json *json_of(const struct extract_site *site, bool written)
{
    struct json *to = json_new_object(), *sigma = json_new_array();
    json_put_text(to, "name", site->module);
    json_put_text(to, "tensor", site->tensor);
    json_put_integer(to, "out", site->out);
    json_put_integer(to, "in", site->in);
    json_put_integer(to, "rank", site->rank);
    json_put_bool(to, "exact", site->is_exact);
    json_put_number(to, "frobenius", site->norm);
    json_put_number(to, "base_frobenius", site->base_norm);
    json_put_number(to, "residual", site->residual);
    json_put_number(to, "rounding_floor", site->floor);
    if (written && site->rank)
        json_put_number(to, "read_back_error", site->read_back);
    for (int k = 0; k < site->most; k++)
        json_push_number(sigma, site->sigma[k]);
    json_put(to, "sigma", sigma);
    return to;
}

static void print_json(const struct ask *ask, const struct extract *extract)
{
    struct json *root = json_new_object(), *modules = json_new_array();
    struct json *others = json_new_array();
    json_put_text(root, "base", ask->of.base);
    json_put_text(root, "tuned", ask->of.tuned);
    for (int i = 0; i < extract->count; i++)
        json_push(modules, json_of(&extract->site[i], ask->of.out));
    for (int i = 0; i < extract->others; i++) {
        struct json *other = json_new_object();
        json_put_text(other, "tensor", extract->other[i].tensor);
        json_put_number(other, "frobenius", extract->other[i].norm);
        json_push(others, other);
    }
    json_put(root, "modules", modules);
    json_put(root, "not_in_the_adapter", others);
    json_put_integer(root, "unchanged", extract->unchanged);
    char *text = json_write_compact(root);
    printf("%s\n", text);
    mem_free(text);
    json_free(root);
}

static int extract_adapter(struct ask *ask, struct err *err)
{
    char base[ROOT_PATH], tuned[ROOT_PATH];
    ask->of.base_name = ask->of.base;
    if (root_base(base, ask->of.base, err) != 0 ||
        root_base(tuned, ask->of.tuned, err) != 0)
        return -1;
    ask->of.base = base;
    ask->of.tuned = tuned;
    struct extract *extract = extract_run(&ask->of, err);
    if (!extract)
        return -1;
    if (ask->json)
        print_json(ask, extract);
    else
        print_table(ask, extract);
    extract_close(extract);
    return 0;
}

/* What the words alone say is wrong. */
static bool check_words(struct ask *ask)
{
    if ((ask->of.rank > 0) == (ask->of.energy > 0))
        fprintf(stderr, "rankscope: extract needs --rank R or --energy E\n");
    else if (!ask->of.out && !ask->dry_run)
        fprintf(stderr, "rankscope: extract needs -o DIR, or --dry-run to "
                        "print alone\n");
    else if (ask->type && !tensor_type_find(&ask->of.type, ask->type))
        fprintf(stderr,
                "rankscope: --dtype %.60s is not known; use f32, f16 or "
                "bf16\n",
                ask->type);
    else if (ask->dialect && !adapter_names_find(&ask->of.names, ask->dialect))
        fprintf(stderr,
                "rankscope: --dialect %.60s is not written; use peft or "
                "kohya\n",
                ask->dialect);
    else
        return true;
    return false;
}

int command_extract(int argc, char **argv)
{
    struct ask ask = {.of = {.type = TENSOR_F32}};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &ask.of.out, "DIR", "folder to write, or -o DIR",
         0, 0},
        {"rank", OPTION_INT, &ask.of.rank, "R", "of every matrix, at most", 1,
         1000000},
        {"energy", OPTION_REAL, &ask.of.energy, "E",
         "the least rank with share E of the squared singular values", 1e-9, 1},
        {"site", OPTION_TEXT, &ask.of.site, "RE",
         "only tensors that match, as attn", 0, 0},
        {"dtype", OPTION_TEXT, &ask.type, "TYPE", "f32, f16 or bf16 (f32)", 0,
         0},
        {"dialect", OPTION_TEXT, &ask.dialect, "NAME",
         "of the file: peft, or kohya (peft)", 0, 0},
        {"dry-run", OPTION_FLAG, &ask.dry_run, NULL, "write nothing", 0, 0},
        {"force", OPTION_FLAG, &ask.of.force, NULL,
         "replace an adapter that is there", 0, 0},
        {"json", OPTION_FLAG, &ask.json, NULL, "one JSON object", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "extract BASE TUNED -o DIR [options]",
                       "A LoRA from full fine-tuning: the nearest update of a "
                       "rank to every matrix's change.\nBASE and TUNED are "
                       "Hugging Face folders, or \"bundled\".",
                       table, 2, 2))
        return status;
    ask.of.base = arguments.at[0];
    ask.of.tuned = arguments.at[1];
    if (!check_words(&ask))
        return EXIT_USAGE;
    if (ask.dry_run)
        ask.of.out = NULL;
    struct err err = {""};
    return extract_adapter(&ask, &err) == 0 ? EXIT_DONE : fail(&err);
}
