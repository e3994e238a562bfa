/*
 * See moment_take.h.
 */
#include "experiments/moment_take.h"

#include "core/base/mem.h"
#include "experiments/moment_make.h"

struct moment *moment_take(struct run *run)
{
    struct moment *moment =
        moment_of_method(run_method(run), "", run_step(run));
    for (int i = 0; i < moment->site_count; i++) {
        struct specimen *site = &moment->site[i];
        if (site->rank == 0)
            continue;
        site->share = xcalloc((size_t)site->rank, sizeof *site->share);
        site->share_count = run_gradient_share(run, i, site->share, site->rank);
    }
    return moment;
}
