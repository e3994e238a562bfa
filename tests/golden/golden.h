/*
 * Stored frames: tests/golden/NAME.txt.  UPDATE_GOLDEN=1 writes them anew:
 * look at the difference.
 */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

/* Fails the test when the frame is not the stored one. */
void golden_compare(const char *name, const char *frame);

#endif
