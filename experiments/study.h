/*
 * Questions that cost more than a glance, and their answers: overlap of two
 * updates, an update against W0, twins, section 7 of the LoRA paper, what the
 * runs write.
 *
 * A study is computed from moments by whoever has time (the analyst's thread,
 * or a subcommand), is immutable afterwards, and reference-counted: snapshots
 * hold the latest of each kind.  An answer that cannot be given is a study
 * too: refusal says why, in a sentence, and nothing else is set.
 */
#ifndef EXPERIMENTS_STUDY_H
#define EXPERIMENTS_STUDY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "analysis/against_base.h"
#include "analysis/intruder.h"
#include "analysis/subspace.h"
#include "core/model/transformer.h"
#include "core/task/task.h"
#include "experiments/moment.h"
#include "experiments/talk.h"

enum study_kind {
    STUDY_OVERLAP,
    STUDY_BASE,
    STUDY_TWINS,
    STUDY_SECTION7,
    STUDY_TALK,
    STUDY_KINDS
};

enum operand_kind {
    OPERAND_RUN,   /* the update of a run, now or at a moment kept */
    OPERAND_BASE,  /* W0 */
    OPERAND_RANDOM /* as many random directions as the other one has */
};

/* Singular vectors of dW, whatever its factors; or Hu et al.'s choice: right
 * singular vectors of A (input side), left ones of B (output side), which
 * another pair of factors of the same dW would change. */
enum overlap_of { OVERLAP_OF_DELTA, OVERLAP_OF_FACTOR };

struct operand {
    enum operand_kind kind;
    int run;   /* id */
    long step; /* the moment at or before; -1: now */
};

/* What the screen wants to know; a plain value, compared field by field. */
struct question {
    enum study_kind kind;
    bool is_asked;          /* false: no page that asks is open */
    int run, site;          /* chosen */
    struct operand a, b, c; /* c: section 7's second seed */
    enum side side;
    enum overlap_of of;
    double epsilon; /* intruders */
    int top;        /* intruders: among the first so many */
    struct talk_question talk;
};
bool question_same(const struct question *one, const struct question *other);

enum { STUDY_NAME = 48, STUDY_SENTENCE = 480 };

struct overlap_study {
    char name_a[STUDY_NAME], name_b[STUDY_NAME]; /* "r8", "r8 at step 200",
                                                    "W0", "random" */
    int n;                                       /* length of a vector */
    int rows, cols;                              /* directions of a and of b */
    const double *phi;   /* (rows, cols): phi(i, j) at [(i-1) cols + j-1] */
    int angle_count;     /* min(rows, cols) */
    const double *angle; /* principal angles, ascending, radians */
    struct distances distances; /* of the two whole subspaces */
    double cosine;       /* <dW1, dW2> / (||dW1|| ||dW2||), NaN unless both
                            are updates */
    double energy_ratio; /* ||dW1 + dW2||^2 / (||dW1||^2 + ||dW2||^2): above 1
                            they add up, below 1 they cancel */
    /* What a's run shares with b through time: phi(1, 1) and phi(k, k) with
     * k = min(rows, cols), of each moment kept; NaN where it has no update. */
    int trail_count;
    const long *trail_step;
    const double *trail_top, *trail_all;
};

enum { BASE_LAMBDAS = 7, BASE_AMPLIFICATIONS = 16 };

struct base_study {
    char name[STUDY_NAME];
    int out, in;
    int amplification_count; /* r = 1 2 4 8 ... and the largest */
    struct amplification amplification[BASE_AMPLIFICATIONS];
    int curve_count;               /* min(out, in) */
    const double *alignment[2];    /* by enum side, (curve_count) */
    int align90[2];                /* k_0.9^base; curve_count + 1: never */
    struct intruders intruders[2]; /* by enum side; owned by the study */
    /* Both losses with the intruders of question's epsilon and top (of its
     * side) at this site scaled by lambda; lambda 1: as they are. */
    int intruder_count;
    int lambda_count; /* 0: no intruder, or no held-out examples */
    double lambda[BASE_LAMBDAS], task_loss[BASE_LAMBDAS],
        forget_loss[BASE_LAMBDAS]; /* NaN: no corpus */
};

struct twins_study {
    char lora[STUDY_NAME], full[STUDY_NAME];
    long step; /* of both */
    int rank;  /* of the LoRA run: the largest of its sites */
    long examples;
    double base_loss, lora_loss, full_loss; /* held-out nats per target */
    /* Losses at ranks r = grid[i], grid[0] = 0, the last the largest: every
     * one to 32, or 64 if that is all, then about a fifth more each time.
     * oracle: W0 + SVD_r(dW_full) at every site, others as full has them.
     * reach: the same at the LoRA run's sites alone, all else as in the base:
     * what a LoRA of rank r could have had. */
    int count;
    const int *grid;
    const double *oracle, *reach;
    /* The same as shares of the examples whose every answer is right. */
    double base_exact, lora_exact, full_exact;
    const double *oracle_exact, *reach_exact;
    /* Gap closure (s - s_base) / (s_full - s_base).  s is that share where
     * full gains clearly by it, or else -loss: a base that does not know a
     * task's format loses so much that any run closes most of that gap.  NaN:
     * full is no better than the base. */
    bool by_exact;
    const char *metric; /* static: what that share is called */
    double lora_closure, oracle_closure, reach_closure; /* at the LoRA's rank */
    int oracle_star, reach_star; /* least r on the grid that closes 95 %; -1 */
    /* At the chosen site; counts 0 where one of them has no update. */
    int site;
    int lora_count, full_count;
    const double *lora_sigma, *full_sigma;
    int n, rows, cols; /* phi of LoRA's dW (rows) and full's (cols) */
    const double *phi; /* input side */
    /* Over all sites both adapt: intruders among the first 10 at epsilon .5,
     * output side, and how many sites that were. */
    int intruder_sites, lora_intruders, full_intruders;
    char verdict[STUDY_SENTENCE]; /* capacity or optimisation, in words */
};

enum { SECTION7_TARGETS = 2, SECTION7_CLAIMS = 6 };
enum verdict { VERDICT_SHOWN, VERDICT_NOT_SHOWN, VERDICT_WITHIN_CHANCE };
const char *verdict_name(enum verdict verdict); /* "shown" ... */

/* One pair of runs at one target (W_q or W_v). */
struct section7_grid {
    int n, rows, cols;
    const double *factor; /* phi of A's right singular vectors: the paper's */
    const double *delta;  /* phi of dW's */
};

struct section7_study {
    int low, high; /* ranks: 8 and 64, or the largest possible */
    char name_low[STUDY_NAME], name_high[STUDY_NAME], name_seed[STUDY_NAME];
    long step, steps;  /* trained so far, of; steps 0: nobody knows */
    int layer, layers; /* shown, of; averages are over those all adapt */
    struct {
        char site[32];
        struct section7_grid ranks;   /* Figure 3: low against high */
        struct section7_grid seeds;   /* Figure 4: high, two seeds */
        struct section7_grid control; /* Figure 4: two random matrices */
        struct amplification amplification[2]; /* Table 7: low, high */
        double base_norm;
        /* Over all layers: mean phi(1, 1) of ranks, and of seeds; rho */
        double mean_top_ranks, mean_top_seeds, mean_rho[2];
    } target[SECTION7_TARGETS];
    struct {
        enum verdict verdict;
        const char *brief;          /* the claim in at most 50 columns */
        char claim[STUDY_SENTENCE]; /* the paper's */
        char found[STUDY_SENTENCE]; /* ours, numbers beside chance */
    } claim[SECTION7_CLAIMS];
    int claim_count;
};

struct study {
    enum study_kind kind;
    struct question asked;
    char refusal[STUDY_SENTENCE]; /* "": answered */
    long step; /* of the first operand: how old the answer is */
    union {
        struct overlap_study overlap;
        struct base_study base;
        struct twins_study twins;
        struct section7_study section7;
        struct talk_study talk;
    };
    struct study_owned *owned;
};

const struct study *study_hold(const struct study *study);
void study_release(const struct study *study);

/* What studies stand on beside moments. */
struct ground {
    const struct model *model;
    const struct batch *held_out; /* a few of the task's, or NULL */
    const struct batch *corpus;   /* a few of the base's own text, or NULL */
    const struct task *task;      /* what examples come from, or NULL */
    struct pass *pass;            /* the caller's thread's, or NULL */
    const atomic_bool *stop; /* set: nobody waits for the answer any more, and
                                losses are NaN at once; or NULL */
    /* Spectra of W0 with vectors, computed when first asked for and kept:
     * (site_count), count 0 until then.  The caller's thread's. */
    struct spectrum *base;
};
struct ground ground_new(const struct model *model);
void ground_free(struct ground *ground);
const struct spectrum *ground_base(struct ground *ground, int site,
                                   struct err *err);
bool ground_stops(const struct ground *ground);
/* Loss in nats per target over a batch, a slice at a time; NaN: no targets.
 * exact may be NULL: share of sequences right. */
double ground_loss(const struct ground *ground, const struct weights *weights,
                   const struct batch *batch, double *exact);
/* The first at most so many sequences of a batch, which it borrows; NULL
 * gives none.  starts: room for most + 1. */
struct batch ground_few(const struct batch *all, int most, int *starts);

/* Never NULL; a moment that is missing (NULL) makes a refusal.  Operands that
 * are no run have no moment. */
const struct study *
study_overlap(struct ground *ground, const struct question *question,
              const struct moment *a, const struct moment *b,
              const struct moment *const *trail, int trail_count);
const struct study *study_base(struct ground *ground,
                               const struct question *question,
                               const struct moment *moment);
const struct study *study_twins(struct ground *ground,
                                const struct question *question,
                                const struct moment *lora,
                                const struct moment *full);
const struct study *study_section7(struct ground *ground,
                                   const struct question *question,
                                   const struct moment *low,
                                   const struct moment *high,
                                   const struct moment *seed);
/* moments (count): every run that may speak; the chosen one is of
 * question->a.run. */
const struct study *study_talk(struct ground *ground,
                               const struct question *question,
                               const struct moment *const *moments, int count);

/* The report of a study as text, lines of at most 100 columns: Figure 3,
 * Figure 4 and Table 7 in miniature, each beside its null and GPT-3's values,
 * and one sentence a claim. */
void section7_report(FILE *to, const struct study *study);
/* Losses, gap closure and the verdict of twins. */
void twins_report(FILE *to, const struct study *study);

#endif
