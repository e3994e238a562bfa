/*
 * "Did you mean": the known name closest to a mistyped one, by Levenshtein's
 * edit distance with a swap of neighbours counted as one edit.
 */
#ifndef CORE_BASE_NEAREST_H
#define CORE_BASE_NEAREST_H

/* One of names, or NULL when nothing is near: more than a third of the longer
 * word (at least one edit) would have to change.  Letter case costs nothing;
 * of several equally near the first.  NULL entries are skipped. */
const char *nearest(const char *word, const char *const *names, int count);

#endif
