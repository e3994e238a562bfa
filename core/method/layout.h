/*
 * The flat value array of a method and the params that cut it up.  Params are
 * added one after another without gaps; then the array is made, all zero.
 */
#ifndef CORE_METHOD_LAYOUT_H
#define CORE_METHOD_LAYOUT_H

#include "core/method/method.h"

/* Appends a param behind the others; returns its index. */
int layout_add(struct method *method, const struct param *param);

/* Makes value (size), zeroed, once every param is there. */
int layout_allocate(struct method *method, struct err *err);

/* Frees params and value. */
void layout_free(struct method *method);

/* A window on a param's values (or, given another flat array, on that). */
struct mat layout_mat(const struct param *param, float *flat);

#endif
