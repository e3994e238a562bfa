/*
 * Making a snapshot: its storage is one arena, freed with its last holder.
 */
#ifndef EXPERIMENTS_SNAPSHOT_OWNED_H
#define EXPERIMENTS_SNAPSHOT_OWNED_H

#include "experiments/chance_book.h"
#include "experiments/finding.h"
#include "experiments/snapshot.h"

/* Empty, held once by the maker. */
struct snapshot *snapshot_new(void);
/* Zeroed storage that lives as long as the snapshot. */
void *snapshot_take(struct snapshot *snapshot, size_t count, size_t size);
/* A view of the series as it is now; the snapshot holds it. */
struct series_view snapshot_view(struct snapshot *snapshot,
                                 struct series *series);
/* Held as long as the snapshot, which may point into it. */
void snapshot_keep_finding(struct snapshot *snapshot,
                           const struct finding *finding);
void snapshot_keep_book(struct snapshot *snapshot, struct chance_book *book);
/* Every number unknown. */
struct site_view site_view_unknown(void);

#endif
