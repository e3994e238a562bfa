/*
 * See exam.h.  A part is a job for the team; each thread has a decoder or a
 * pass of its own.  A metric that is no mean of its parts (BLEU) adds up
 * floating point numbers, so texts are kept and judged in order at the end.
 */
#include "experiments/exam.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/model/answers.h"
#include "core/model/choose.h"
#include "core/train/team.h"

enum { PART = ANSWERS_TOGETHER, THREADS_MOST = 48 };

struct sheet {  /* one example's */
    char *text; /* owned; NULL where no metric wants it */
    int tokens;
    bool exact, ended;
    bool right; /* of a label */
};

struct room { /* where the exam is held */
    const struct exam *exam;
    struct decode_conf decode;
    int examples, threads;
    bool keeps_text;
    struct team *team;
    struct decoder *decoder[THREADS_MOST]; /* one a thread, or */
    struct pass *pass[THREADS_MOST];       /* one a thread */
    struct sheet *sheet;                   /* (examples) */
};

static int threads_of(const struct exam *exam, int parts)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = exam->threads > 0 ? exam->threads
                  : cores > 0       ? (int)cores
                                    : 1;
    threads = threads < parts ? threads : parts;
    return threads < 1 ? 1 : threads < THREADS_MOST ? threads : THREADS_MOST;
}

static int open_room(struct room *room, const struct exam *exam,
                     struct err *err)
{
    int count = task_held_out_size(exam->task, exam->from, exam->examples);
    *room =
        (struct room){.exam = exam,
                      .decode = exam->decode,
                      .examples = count,
                      .threads = threads_of(exam, (count + PART - 1) / PART)};
    room->team = team_new(room->threads, err);
    if (!room->team)
        return -1;
    room->sheet = xcalloc((size_t)count + 1, sizeof *room->sheet);
    return 0;
}

static void close_room(struct room *room)
{
    for (int i = 0; i < room->threads; i++) {
        decoder_free(room->decoder[i]);
        pass_free(room->pass[i]);
    }
    for (int i = 0; room->sheet && i < room->examples; i++)
        mem_free(room->sheet[i].text);
    mem_free(room->sheet);
    team_free(room->team);
}

/* Part after part; so many at once that nobody waits long for somebody else,
 * and stop() is asked often.  1: stopped. */
static int hold(struct room *room, team_job *job)
{
    const struct exam *exam = room->exam;
    int parts = (room->examples + PART - 1) / PART;
    for (int from = 0; from < parts; from += 2 * room->threads) {
        if (exam->stop && exam->stop(exam->ctx))
            return 1;
        for (int i = from; i < parts && i < from + 2 * room->threads; i++)
            team_post(room->team, job, room, i);
        team_wait(room->team);
    }
    return 0;
}

static int part_size(const struct room *room, int part)
{
    int left = room->examples - part * PART;
    return left < PART ? left : PART;
}

/* --- answers that are written ----------------------------------------------
 */

static void hear(void *ctx, const struct answer *answer)
{
    struct room *room = ctx;
    const struct exam *exam = room->exam;
    struct sheet *sheet = &room->sheet[(long)answer->index - exam->from];
    sheet->tokens = answer->count;
    sheet->exact = answer->exact;
    sheet->ended = answer->ended;
    if (room->keeps_text) /* without its end token */
        sheet->text = tokenizer_decode(exam->task->conf.tokenizer, answer->ids,
                                       answer->count - answer->ended);
}

static void write_part(void *ctx, int part, int thread)
{
    struct room *room = ctx;
    answers_write(room->decoder[thread], room->exam->task,
                  room->exam->from + (long)part * PART, part_size(room, part),
                  &room->decode, (struct judge){room, hear});
}

static int open_decoders(struct room *room, struct err *err)
{
    const struct exam *exam = room->exam;
    int context = exam->task->conf.context;
    int lanes = decode_lanes(&room->decode, PART), status = 0;
    for (int i = 0; i < room->threads && status == 0; i++) {
        room->decoder[i] =
            decoder_new(exam->model, exam->weights, lanes, context, err);
        status = room->decoder[i]
                     ? decoder_insert(room->decoder[i], exam->beside, err)
                     : -1;
    }
    return status;
}

static void judge_one(struct written_marks *to, const struct exam *exam,
                      const struct sheet *sheet, long index)
{
    to->examples++;
    to->exact += sheet->exact;
    to->tokens += sheet->tokens;
    to->cut += !sheet->ended;
    if (!to->tallies)
        return;
    struct references references =
        task_references(exam->task, SPLIT_VALIDATION, (uint64_t)index);
    tally_add(to->tally, to->tallies, sheet->text, &references);
    references_free(&references);
}

bool exam_can_write(const struct task *task)
{
    return task->ops->metric || (task->ops->metrics && task->ops->metrics[0]);
}

int exam_write(struct written_marks *to, const struct exam *exam,
               struct err *err)
{
    struct room room;
    *to = (struct written_marks){0};
    int status = open_room(&room, exam, err);
    to->tallies = tally_begin(to->tally, exam->task);
    room.keeps_text = to->tallies > 0;
    room.decode.end = tokenizer_end(exam->task->conf.tokenizer);
    if (room.decode.tokens == 0)
        room.decode.tokens = exam->task->conf.context;
    if (status == 0)
        status = open_decoders(&room, err);
    if (status == 0)
        status = hold(&room, write_part);
    for (int i = 0; i < room.examples && status == 0; i++)
        judge_one(to, exam, &room.sheet[i], exam->from + i);
    close_room(&room);
    return status;
}

/* --- answers that are labels -----------------------------------------------
 */

static void choose_part(void *ctx, int part, int thread)
{
    struct room *room = ctx;
    const struct exam *exam = room->exam;
    const struct task *task = exam->task;
    const char *const *labels = task_labels(task);
    struct example example = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *example.ids)};
    for (int i = 0; i < part_size(room, part); i++) {
        int at = part * PART + i;
        task->ops->example(task, &example, SPLIT_VALIDATION,
                           (uint64_t)(exam->from + at));
        int chosen = choose_label(NULL, room->pass[thread], exam->weights, task,
                                  &example, labels);
        room->sheet[at].right = chosen == choose_right(task, &example, labels);
    }
    mem_free(example.ids);
}

int exam_labels(struct label_marks *to, const struct exam *exam,
                struct err *err)
{
    struct room room;
    *to = (struct label_marks){0, 0};
    if (!task_labels(exam->task))
        return 0;
    int status = open_room(&room, exam, err);
    for (int i = 0; i < room.threads && status == 0; i++) {
        room.pass[i] = pass_new(exam->model);
        pass_insert(room.pass[i], exam->beside);
    }
    if (status == 0)
        status = hold(&room, choose_part);
    for (int i = 0; i < room.examples && status == 0; i++) {
        to->right += room.sheet[i].right;
        to->count++;
    }
    close_room(&room);
    return status;
}

/* --- as a table has them ---------------------------------------------------
 */

static void put_score(struct exam_score *to, const char *name, double value)
{
    snprintf(to->name, sizeof to->name, "%s", name);
    to->value = value;
}

int exam_scores(struct exam_score *to, int *count, const struct exam *exam,
                struct err *err)
{
    struct written_marks written;
    struct label_marks labels;
    *count = 0;
    int status = exam_labels(&labels, exam, err);
    if (status == 0 && labels.count > 0)
        put_score(&to[(*count)++], "accuracy",
                  (double)labels.right / (double)labels.count);
    if (status != 0 || labels.count > 0 || !exam_can_write(exam->task))
        return status;
    status = exam_write(&written, exam, err);
    for (int i = 0; i < written.tallies && status == 0; i++)
        put_score(&to[(*count)++], written.tally[i].kind->name,
                  tally_value(&written.tally[i]));
    if (status == 0 && written.tallies == 0 && written.examples > 0)
        put_score(&to[(*count)++], "exact match",
                  (double)written.exact / (double)written.examples);
    return status;
}
