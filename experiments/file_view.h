/*
 * A file on show: what is known of it beside its spectra, which stand in the
 * snapshot as those of a run of the same index.  It lives as long as the
 * files it is of (files.h), and all it points at too.
 */
#ifndef EXPERIMENTS_FILE_VIEW_H
#define EXPERIMENTS_FILE_VIEW_H

#include "experiments/updates_facts.h"

enum { FILES_MOST = 2 };

/* A site as the file has it. */
struct file_site {
    bool is_there;
    const char *name;       /* whole, however long */
    const char *tensor;     /* as the file calls it */
    const char *scale_from; /* "": no factors */
    const char *warning;    /* of the scale; "": sources agree */
    const char *trouble;    /* why it has no spectrum; "": none */
};

struct file_view {
    const char *path;
    enum stored_kind kind;
    struct update_facts facts;
    int count, known;             /* of its sites: all, looked at */
    const struct file_site *site; /* (snapshot->site_count) */
};

#endif
