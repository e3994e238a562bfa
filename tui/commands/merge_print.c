/* See merge_print.h. */
#include "tui/commands/merge_print.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"

static const char *norm(void)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return utf8 ? "\u2016\u0394W\u2016_F" : "||dW||_F";
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static void print_tensor(const struct merge_site *site, int width)
{
    const struct tensor *tensor = site->tensor;
    printf("%-*s %9.4g %9.2g", width, tensor->name, site->norm,
           share(site->norm, site->base_norm));
    if (site->replacement)
        printf("  replaced as a whole\n");
    else
        printf(" %9.2e %9.3f %% %9.2e %9.3f %%\n",
               share(site->rounding, site->norm),
               100 * share((double)site->swallowed, (double)site->changed),
               share(site->back, site->norm),
               100 * share((double)site->not_back, (double)tensor->count));
}

struct total {
    double norm, rounding, back, worst;
    double changed, swallowed;
};

static struct total total_of(const struct merge *merge)
{
    struct total total = {0};
    for (int i = 0; i < merge->count; i++) {
        const struct merge_site *site = &merge->site[i];
        if (site->replacement)
            continue;
        total.norm += site->norm * site->norm;
        total.rounding += site->rounding * site->rounding;
        total.back += site->back * site->back;
        total.changed += (double)site->changed;
        total.swallowed += (double)site->swallowed;
        total.worst = fmax(total.worst, site->read_back);
    }
    total.norm = sqrt(total.norm);
    total.rounding = sqrt(total.rounding);
    total.back = sqrt(total.back);
    return total;
}

static bool is_dora(const struct merge *merge)
{
    return merge->peft[0]->has_magnitudes;
}

void merge_print_table(const struct merge *merge, const struct merge_ask *ask)
{
    int width = 6;
    for (int i = 0; i < merge->count; i++) {
        int length = (int)strlen(merge->site[i].tensor->name);
        width = length > width ? length : width;
    }
    printf("%-*s %9s %9s %9s %11s %9s %11s\n", width, "tensor", norm(), "of W",
           "rounding", "swallowed", "back off", "not back");
    for (int i = 0; i < merge->count; i++)
        print_tensor(&merge->site[i], width);
    struct total total = total_of(merge);
    printf("rounding to the storage type changes the update by %.2e of %s and "
           "swallows %.3f %% of its entries\n",
           share(total.rounding, total.norm), norm(),
           100 * share(total.swallowed, total.changed));
    if (is_dora(merge))
        printf("DoRA: every row was divided by its norm; the base is needed "
               "to undo that\n");
    else
        printf("taking the update off again, as by --scale -1, would miss "
               "what was there by %.2e of %s\n",
               share(total.back, total.norm), norm());
    printf("wrote %s; read back, W x is within %.1e of dW x at every tensor\n",
           ask->out, total.worst);
}

static void put_merge(struct json *to, const struct merge_site *site)
{
    json_put_text(to, "tensor", site->tensor->name);
    json_put_number(to, "frobenius", site->norm);
    json_put_number(to, "base_frobenius", site->base_norm);
    json_put_number(to, "rounding_error", site->rounding);
    json_put_bool(to, "replaced", site->replacement != NULL);
    if (site->replacement)
        return;
    json_put_integer(to, "changed_entries", site->changed);
    json_put_integer(to, "swallowed_entries", site->swallowed);
    json_put_number(to, "unmerge_error", site->back);
    json_put_integer(to, "unmerge_entries", site->not_back);
    json_put_number(to, "read_back_error", site->read_back);
}

static void print_root(struct json *root)
{
    char *text = json_write_compact(root);
    printf("%s\n", text);
    mem_free(text);
    json_free(root);
}

void merge_print_json(const struct merge *merge, const struct merge_ask *ask)
{
    struct json *root = json_new_object(), *tensors = json_new_array();
    json_put_text(root, "base", ask->base);
    json_put_text(root, "out", ask->out);
    for (int i = 0; i < merge->count; i++) {
        struct json *to = json_new_object();
        put_merge(to, &merge->site[i]);
        json_push(tensors, to);
    }
    json_put(root, "tensors", tensors);
    print_root(root);
}

void merge_print_sum(const struct combine *combine)
{
    double whole = 0, parts = 0, cross = 0, of = 0;
    int unlike = 0;
    for (int i = 0; i < combine->count; i++) {
        const struct combine_site *site = &combine->site[i];
        whole += site->norm * site->norm;
        parts += site->parts;
        if (isnan(site->cross)) {
            unlike++;
            continue;
        }
        cross += site->cross * site->cross;
        of += site->norm * site->norm;
    }
    printf("the sum has %.2f times the square of %s of its parts: 1 where "
           "they do not meet\n",
           share(whole, parts), norm());
    if (unlike < combine->count)
        printf("adding the factors instead would be wrong by the cross terms, "
               "%.1f %% of %s\n",
               100 * share(sqrt(cross), sqrt(of)), norm());
    if (unlike)
        printf("at %d of %d %s the factors could not be added: ranks differ, "
               "or one adapter alone is there\n",
               unlike, combine->count,
               combine->count == 1 ? "module" : "modules");
}

void merge_print_combine(const struct combine *combine,
                         const struct merge_ask *ask)
{
    int width = 6;
    double worst = 0, whole = 0, lost = 0;
    for (int i = 0; i < combine->count; i++) {
        int length = (int)strlen(combine->site[i].module);
        width = length > width ? length : width;
    }
    printf("%-*s %5s %5s %9s %10s %11s\n", width, "module", "sum r", "keeps",
           norm(), "lost", "cross terms");
    for (int i = 0; i < combine->count; i++) {
        const struct combine_site *site = &combine->site[i];
        printf("%-*s %5d %5d %9.4g %8.2f %%", width, site->module, site->whole,
               site->rank, site->norm, 100 * share(site->lost, site->norm));
        if (isnan(site->cross))
            printf(" %11s\n", "-");
        else
            printf(" %9.1f %%\n", 100 * share(site->cross, site->norm));
        whole += site->norm * site->norm;
        lost += site->lost * site->lost;
        worst = fmax(worst, site->read_back);
    }
    printf("%.2f %% of %s of all modules is lost\n",
           100 * share(sqrt(lost), sqrt(whole)), norm());
    if (ask->adapters > 1)
        merge_print_sum(combine);
    printf("wrote %s; read back, s B A x is within %.1e of what was meant at "
           "every module\n",
           ask->out, worst);
}

void merge_print_combine_json(const struct combine *combine,
                              const struct merge_ask *ask)
{
    struct json *root = json_new_object(), *modules = json_new_array();
    json_put_text(root, "out", ask->out);
    for (int i = 0; i < combine->count; i++) {
        const struct combine_site *site = &combine->site[i];
        struct json *to = json_new_object();
        json_put_text(to, "name", site->module);
        json_put_integer(to, "out", site->out);
        json_put_integer(to, "in", site->in);
        json_put_integer(to, "sum_of_ranks", site->whole);
        json_put_integer(to, "rank", site->rank);
        json_put_number(to, "frobenius", site->norm);
        json_put_number(to, "lost", site->lost);
        json_put_number(to, "cross_terms", site->cross);
        json_put_number(to, "read_back_error", site->read_back);
        json_push(modules, to);
    }
    json_put(root, "modules", modules);
    print_root(root);
}
