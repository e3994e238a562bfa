/*
 * A snapshot made by hand: three runs (lora r=1, lora r=8, full) on 4 layers
 * of 6 sites and a head, with curves, an abandoned branch, spectra, losses at
 * truncations, events and studies, all from formulas.  Golden frames stand on
 * it.
 */
#ifndef TESTS_FAKE_SNAPSHOT_H
#define TESTS_FAKE_SNAPSHOT_H

#include "experiments/snapshot.h"

/* step: how far the session has come, of 600. */
struct snapshot *fake_snapshot(long step);
/* Runs that have not taken a step: everything is unknown. */
struct snapshot *fake_snapshot_fresh(void);
/* One more LoRA run of this rank at every site, as if it had been added; the
 * answers that need it are filled in by fake_studies_answer(). */
void fake_snapshot_add(struct snapshot *snapshot, const char *name, int rank,
                       uint64_t seed, long step);
void fake_snapshot_free(struct snapshot *snapshot);

#endif
