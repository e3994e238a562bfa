/*
 * spectra.tsv read back into a snapshot: what a stored run is now, and what it
 * was at the steps before.
 */
#ifndef EXPERIMENTS_SPECTRA_READ_H
#define EXPERIMENTS_SPECTRA_READ_H

#include "experiments/snapshot.h"

/* run->site (site_count) are there, unknown; run->step is known.  A file that
 * is missing or a torn last line changes nothing. */
void spectra_read(struct snapshot *snapshot, struct run_view *run,
                  const char *folder);

#endif
