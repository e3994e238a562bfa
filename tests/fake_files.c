/* Formulas; see fake_files.h. */
#include "tests/fake_files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/file_view.h"
#include "experiments/site_map.h"
#include "experiments/snapshot_owned.h"
#include "tests/fake_spectra.h"

enum { LAYERS = 12, SITES = 2 * LAYERS, RANK = 8, ZERO = 4, REFUSED = 7 };
enum { DOUBTFUL = 9, WIDTH = 768, KNOWN_HALF = 10, FULL = 64 };

static struct site_map *map; /* outlives its snapshots */
static struct site site[SITES];
static struct chance_book *book;

static void make_sites(int width)
{
    const char *name[SITES];
    for (int s = 0; s < SITES; s++) {
        site[s] = (struct site){.layer = s / 2, .out = width, .in = width};
        snprintf(site[s].name, sizeof site[s].name, "h.%d.attn.%s_proj", s / 2,
                 s % 2 ? "v" : "q");
        name[s] = site[s].name;
    }
    fake_files_free();
    map = site_map_new(name, SITES);
    book = chance_book_new();
}

void fake_files_free(void)
{
    site_map_free(map);
    chance_book_release(book);
    map = NULL;
    book = NULL;
}

static void fill_facts(struct update_facts *to, bool is_adapter)
{
    to->count = 0;
    if (!is_adapter) {
        update_fact_add(to, "what", "checkpoint, matrix by matrix");
        update_fact_add(to, "tensors", "148 in 5.9 MB; 24 matrices, in f32");
        update_fact_add(to, "update",
                        "none: this is W itself, for no base is known; --base "
                        "BASE shows what was learned");
        return;
    }
    update_fact_add(to, "what", "LoRA adapter, written as PEFT, for CAUSAL_LM");
    update_fact_add(to, "base",
                    "a-model-of-1B, by name; --base says where it "
                    "is");
    update_fact_add(to, "tensors", "52 in 1.2 MB; 24 pairs of factors in F16");
    update_fact_add(to, "rank r", "8 at every one of 24 sites");
    update_fact_add(to, "scale s",
                    "2, from adapter_config.json: lora_alpha 16 "
                    "/ r 8");
    update_fact_warn(to, "audit",
                     "h.4.attn.v_proj: the tensor says alpha 8, the config 16: "
                     "s = 1 or 2; the tensor's was taken");
    update_fact_add(to, "trained", "whole, beside the factors: classifier");
    update_fact_add(to, "rounding",
                    "A and B in f16: each number is right to 0.0005 of itself");
}

static void fill_site(struct site_view *to, int s, int run, bool is_adapter,
                      struct snapshot *snapshot)
{
    int count = is_adapter ? RANK : FULL;
    double *sigma = snapshot_take(snapshot, (size_t)count, sizeof *sigma);
    fake_sigma(sigma, count, run, s, is_adapter ? RANK : 0, 300);
    if (is_adapter && s == ZERO)
        memset(sigma, 0, (size_t)count * sizeof *sigma);
    to->sigma = sigma;
    to->sigma_count = count;
    to->chance = chance_book_draw(book, site[s].out, site[s].in, to->rank);
}

static void fill_run(struct snapshot *snapshot, int run, bool is_adapter,
                     int known)
{
    struct run_view *to = &snapshot->run[run];
    struct site_view *view = snapshot_take(snapshot, SITES, sizeof *view);
    to->id = run;
    to->step = -1;
    to->state = RUN_DONE;
    to->rank_low = to->rank_high = is_adapter ? RANK : 0;
    to->site = view;
    snprintf(to->name, sizeof to->name, "%s",
             !is_adapter ? "tuned"
             : run       ? "second-adapter"
                         : "an-adapter");
    for (int s = 0; s < SITES; s++) {
        view[s] = site_view_unknown();
        view[s].adapted = true;
        view[s].rank = is_adapter ? RANK : 0;
        view[s].max_rank = site[s].in;
        view[s].scale = is_adapter ? 2 : NAN;
        if (s < known && !(is_adapter && s == REFUSED))
            fill_site(&view[s], s, run, is_adapter, snapshot);
    }
}

static void fill_file(struct snapshot *snapshot, struct file_view *to,
                      bool is_adapter, int known)
{
    struct file_site *of = snapshot_take(snapshot, SITES, sizeof *of);
    *to = (struct file_view){.path = "an-adapter",
                             .kind = is_adapter ? STORED_LORA : STORED_WEIGHTS,
                             .count = SITES,
                             .known = known,
                             .site = of};
    fill_facts(&to->facts, is_adapter);
    for (int s = 0; s < SITES; s++)
        of[s] = (struct file_site){
            .is_there = true,
            .name = site[s].name,
            .tensor = is_adapter ? "base_model.model.h.0.attn.lora_A.weight"
                                 : "h.0.attn.weight",
            .scale_from =
                is_adapter ? "adapter_config.json: lora_alpha 16 / r 8" : "",
            .warning = is_adapter && s == DOUBTFUL
                           ? "the tensor says alpha 8, the config 16"
                           : "",
            .trouble = is_adapter && s == REFUSED && s < known
                           ? "tensor \"h.3.attn.lora_B\": number 17 is NaN"
                           : ""};
}

const struct snapshot *fake_files(enum fake_files kind)
{
    bool is_adapter = kind != FAKE_CHECKPOINT;
    int known = kind == FAKE_HALF_KNOWN ? KNOWN_HALF : SITES;
    struct snapshot *snapshot = snapshot_new();
    make_sites(is_adapter ? WIDTH : FULL);
    int count = kind == FAKE_TWO ? 2 : 1;
    struct file_view *file =
        snapshot_take(snapshot, (size_t)count, sizeof *file);
    snapshot->site = site;
    snapshot->site_count = SITES;
    snapshot->layers = LAYERS;
    snapshot->map = map;
    snapshot->file = file;
    snapshot->file_count = snapshot->run_count = count;
    snapshot->finished = true;
    snapshot->ticks_per_second = NAN;
    for (int f = 0; f < count; f++) {
        fill_file(snapshot, &file[f], is_adapter, known);
        fill_run(snapshot, f, is_adapter, known);
    }
    snprintf(snapshot->title, sizeof snapshot->title, "%s%s",
             snapshot->run[0].name, count > 1 ? " and second-adapter" : "");
    return snapshot;
}
