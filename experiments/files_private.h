/*
 * Shared by files.c (opening, the thread), files_look.c (the picture of it
 * all) and files_answer.c (studies).
 */
#ifndef EXPERIMENTS_FILES_PRIVATE_H
#define EXPERIMENTS_FILES_PRIVATE_H

#include "experiments/chance_book.h"
#include "experiments/files.h"
#include "experiments/mailbox.h"
#include "experiments/site_map.h"

/* What the thread has found out of one site of one file.  Written before the
 * snapshot that shows it, never afterwards. */
struct sight {
    bool is_known;
    int count;
    double *sigma; /* (count) */
    double base_norm, floor;
    struct err trouble;
};

struct on_show {
    struct updates *updates;
    char name[32];       /* without its ending */
    int *at;             /* (site_count) its site of that index, or -1 */
    struct sight *sight; /* (site_count) */
    struct file_site *site;
    struct file_view view;
    struct moment *moment; /* windows, of one site at a time */
};

struct files {
    /* constant after open */
    int count, site_count;
    struct on_show on_show[FILES_MOST];
    struct model model; /* sites by name and shape */
    struct site_map *map;
    char title[96];
    struct mailbox mailbox; /* any thread, through its own functions */

    /* the thread that starts and closes */
    bool is_started;
    pthread_t thread;

    /* the thread's; before start, its maker's */
    struct chance_book *book;
    struct ground ground;
    const struct study *study[STUDY_KINDS];
    double published; /* seconds, monotonic */
};

/* The picture as it is now; published. */
void files_publish(struct files *files);

/* The site of that file in memory: its spectrum. */
void files_measure(struct files *files, int file, int site);
/* The answer to a question, kept for the next picture.  false: it is there
 * already, or nobody asked. */
bool files_answer(struct files *files, const struct question *question);

#endif
