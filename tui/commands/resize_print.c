/* See resize_print.h. */
#include "tui/commands/resize_print.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/rounding.h"

static const char *norm(void)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return utf8 ? "\u2016\u0394W\u2016_F" : "||dW||_F";
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static int name_width(const struct resize *resize)
{
    int width = 6;
    for (int i = 0; i < resize->count; i++) {
        int length = (int)strlen(resize->peft->pair[i].module);
        width = length > width ? length : width;
    }
    return width;
}

static long long parameters(const struct resize *resize, const int *rank)
{
    return plan_parameters(rank, resize->site, resize->count);
}

static void print_module(const struct resize *resize, int i, int width)
{
    char shape[32];
    const struct peft_pair *pair = &resize->peft->pair[i];
    const struct plan_site *site = &resize->site[i];
    int rank = resize->rank[i];
    (void)snprintf(shape, sizeof shape, "%dx%d", pair->out, pair->in);
    printf("%-*s %11s %5d %5d", width, pair->module, shape, pair->rank, rank);
    if (site->sigma[0] > 0)
        printf(" %9.4g %8.2f %% %10.3g %8.2f %%\n", plan_norm(site),
               100 * share(plan_frobenius_error(site, rank), plan_norm(site)),
               plan_spectral_error(site, rank),
               100 * share(plan_spectral_error(site, rank), site->sigma[0]));
    else
        printf("  no update\n");
}

static void print_total(const struct resize_report *report)
{
    const struct resize *resize = report->resize;
    const int *before = report->choice[0].rank;
    double whole = resize_norm(resize);
    int left_out = 0;
    for (int i = 0; i < resize->count; i++)
        left_out += !resize->rank[i];
    printf("%lld of %lld parameters, %zu of %zu bytes (%s); %.2f %% of %s of "
           "all modules is lost\n",
           parameters(resize, resize->rank), parameters(resize, before),
           resize_bytes(resize, resize->rank), resize_bytes(resize, before),
           tensor_type_name(resize->type),
           100 * share(resize_error(resize, resize->rank), whole), norm());
    if (left_out)
        printf("%d of %d %s left out\n", left_out, resize->count,
               resize->count == 1 ? "module is" : "modules are");
    const struct plan_outcome *outcome = &resize->outcome;
    if (report->has_budget && outcome->is_best)
        printf("no other ranks within this budget lose less\n");
    else if (report->has_budget)
        printf("other ranks within this budget may keep up to %.2g %% more "
               "of the squares\n",
               100 * (share(outcome->at_most, outcome->kept) - 1));
    int others = adapter_file_rest(resize->peft->file);
    if (others)
        printf(others == 1
                   ? "%d other tensor of the file (%.60s) stays as it is\n"
                   : "%d other tensors of the file (%.60s, ...) stay as they "
                     "are\n",
               others, adapter_file_rest_at(resize->peft->file, 0)->name);
}

void resize_print_plan(const struct resize_report *report)
{
    const struct resize *resize = report->resize;
    int width = name_width(resize);
    printf("%-*s %11s %5s %5s %9s %10s %10s %10s\n", width, "module", "shape",
           "rank", "keeps", norm(), "of it lost", "sigma lost", "of sigma_1");
    for (int i = 0; i < resize->count; i++)
        print_module(resize, i, width);
    print_total(report);
}

/* "1..8", or "8" */
static void ranks_text(char *to, size_t size, const int *rank, int count)
{
    int low = rank[0], high = rank[0];
    for (int i = 1; i < count; i++) {
        low = rank[i] < low ? rank[i] : low;
        high = rank[i] > high ? rank[i] : high;
    }
    if (low == high)
        (void)snprintf(to, size, "%d", low);
    else
        (void)snprintf(to, size, "%d..%d", low, high);
}

void resize_print_choices(const struct resize_report *report)
{
    const struct resize *resize = report->resize;
    double whole = resize_norm(resize);
    bool measured = isfinite(report->choice[0].nats);
    printf("%-26s %-31s %7s %11s %10s", "choice", "keeps", "ranks",
           "parameters", "loses");
    printf("%s\n", measured ? "  nats per token" : "");
    for (int i = 0; i < report->choices; i++) {
        const struct resize_choice *choice = &report->choice[i];
        char ranks[32];
        ranks_text(ranks, sizeof ranks, choice->rank, resize->count);
        printf("%-26s %-31s %7s %11lld %8.2f %%", choice->name, choice->keeps,
               ranks, parameters(resize, choice->rank),
               100 * share(resize_error(resize, choice->rank), whole));
        if (measured)
            printf(" %15.4f", choice->nats);
        printf("\n");
    }
    if (isfinite(report->base_nats))
        printf("%-26s %-31s %7s %11s %10s %15.4f\n", "the base alone", "", "",
               "", "", report->base_nats);
}

static double worst_read_back(const struct resize *resize)
{
    double worst = 0;
    for (int i = 0; i < resize->count; i++)
        worst = fmax(worst, resize->read_back[i]);
    return worst;
}

void resize_print_read_back(const struct resize_report *report)
{
    printf("wrote %s; read back, s B A x is within %.1e of what was meant at "
           "every module\n",
           report->out, worst_read_back(report->resize));
}

static struct json *json_of_module(const struct resize_report *report, int i)
{
    const struct resize *resize = report->resize;
    const struct peft_pair *pair = &resize->peft->pair[i];
    const struct plan_site *site = &resize->site[i];
    struct json *to = json_new_object(), *sigma = json_new_array();
    json_put_text(to, "name", pair->module);
    json_put_text(to, "tensor", pair->a->name);
    json_put_integer(to, "out", pair->out);
    json_put_integer(to, "in", pair->in);
    json_put_integer(to, "rank", pair->rank);
    json_put_number(to, "scale", pair->scale);
    json_put_text(to, "scale_from", pair->scale_from);
    for (int k = 0; k < site->count; k++)
        json_push_number(sigma, site->sigma[k]);
    json_put(to, "sigma", sigma);
    if (!report->has_plan)
        return to;
    json_put_integer(to, "keeps", resize->rank[i]);
    json_put_number(to, "frobenius_error",
                    plan_frobenius_error(site, resize->rank[i]));
    json_put_number(to, "spectral_error",
                    plan_spectral_error(site, resize->rank[i]));
    if (report->out && resize->rank[i])
        json_put_number(to, "read_back_error", resize->read_back[i]);
    return to;
}

static struct json *json_of_choice(const struct resize_report *report,
                                   const struct resize_choice *choice)
{
    const struct resize *resize = report->resize;
    struct json *to = json_new_object(), *ranks = json_new_array();
    json_put_text(to, "name", choice->name);
    json_put_text(to, "keeps", choice->keeps);
    for (int i = 0; i < resize->count; i++)
        json_push_integer(ranks, choice->rank[i]);
    json_put(to, "ranks", ranks);
    json_put_integer(to, "parameters", parameters(resize, choice->rank));
    json_put_integer(to, "bytes",
                     (long long)resize_bytes(resize, choice->rank));
    json_put_number(
        to, "relative_frobenius_error",
        share(resize_error(resize, choice->rank), resize_norm(resize)));
    json_put_number(to, "worst_relative_spectral_error",
                    resize_worst(resize, choice->rank));
    if (isfinite(choice->nats))
        json_put_number(to, "nats_per_token", choice->nats);
    return to;
}

void resize_print_json(const struct resize_report *report)
{
    struct json *root = json_new_object();
    struct json *modules = json_new_array(), *choices = json_new_array();
    json_put_text(root, "path", report->path);
    if (report->out)
        json_put_text(root, "out", report->out);
    else
        json_put_null(root, "out");
    for (int i = 0; i < report->resize->count; i++)
        json_push(modules, json_of_module(report, i));
    for (int i = 0; i < report->choices; i++)
        json_push(choices, json_of_choice(report, &report->choice[i]));
    json_put(root, "modules", modules);
    json_put(root, "choices", choices);
    if (report->has_plan)
        json_put(root, "train_again", resize_ranks(report->resize));
    if (isfinite(report->base_nats))
        json_put_number(root, "base_nats_per_token", report->base_nats);
    char *text = json_write_compact(root);
    printf("%s\n", text);
    mem_free(text);
    json_free(root);
}
