/*
 * Methods that train W itself at some sites: which param each site's W is.
 * Their hooks are all the same.
 */
#ifndef CORE_METHOD_HOMES_H
#define CORE_METHOD_HOMES_H

#include "core/method/method.h"

/* The method's state: (site_count) params, none yet; freed by homes_detach. */
int *homes_new(struct method *method);
/* Once every param is there: values, beginning as the base's. */
int homes_ready(struct method *method, struct err *err);

void homes_detach(struct method *method);
bool homes_adapts(const struct method *method, int site);
void homes_effective(const struct method *method, int site, struct mat w);
/* For layouts in site order. */
const float *homes_direct(const struct method *method, int site);
void homes_gradient(const struct method *method, float *grad, int site,
                    struct mat x, struct mat dy, struct arena *scratch);

#endif
