/*
 * See cuts.h.  W_k = W0 + sum over i <= k of sigma_i u_i v_i^T is made one
 * direction at a time from the base's own W0.
 */
#include "experiments/cuts.h"

#include "core/base/mem.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

int cuts_rank(const struct moment *moment, int site)
{
    const struct specimen *of = &moment->site[site];
    if (!of->adapted)
        return 0;
    int most = least(of->update.out, of->update.in);
    return update_has_factors(&of->update) ? least(of->update.a.rows, most)
                                           : most;
}

int cuts_rank_most(const struct moment *moment)
{
    int most = 0;
    for (int i = 0; i < moment->site_count; i++)
        if (cuts_rank(moment, i) > most)
            most = cuts_rank(moment, i);
    return most;
}

static int spectrum_at(struct spectrum *to, const struct rebuilt *room,
                       const struct moment *moment, int site, struct err *err)
{
    if (update_spectrum(to, &moment->site[site].update, WITH_VECTORS, err) == 0)
        return 0;
    return err_prefix(err, "%s at %s", moment->name,
                      room->model->site[site].name);
}

int cuts_site(double *loss, struct rebuilt *room, const struct moment *moment,
              int site, const struct ground *ground, const struct batch *batch,
              struct err *err)
{
    struct spectrum of;
    int rank = cuts_rank(moment, site);
    rebuilt_moment(room, moment);
    if (rank == 0) {
        loss[0] = ground_loss(ground, &room->weights, batch, NULL);
        return 0;
    }
    if (spectrum_at(&of, room, moment, site, err))
        return -1;
    rebuilt_base_site(room, site);
    for (int k = 0; k <= rank; k++) {
        if (k > 0)
            rebuilt_add(room, site, &of, k - 1, 1);
        loss[k] = ground_loss(ground, &room->weights, batch, NULL);
    }
    spectrum_free(&of);
    return 0;
}

/* Direction k of every site that has so many. */
static void add_everywhere(struct rebuilt *room, const struct moment *moment,
                           const struct spectrum *of, int k)
{
    for (int i = 0; i < moment->site_count; i++)
        if (k < cuts_rank(moment, i))
            rebuilt_add(room, i, &of[i], k, 1);
}

int cuts_all(double *loss, struct rebuilt *room, const struct moment *moment,
             const struct ground *ground, const struct batch *batch,
             struct err *err)
{
    int sites = moment->site_count, status = -1;
    struct spectrum *of = xcalloc((size_t)sites, sizeof *of);
    for (int i = 0; i < sites; i++)
        if (moment->site[i].adapted &&
            spectrum_at(&of[i], room, moment, i, err))
            goto out;
    rebuilt_base(room);
    rebuilt_others(room, moment);
    for (int k = 0; k <= cuts_rank_most(moment); k++) {
        if (k > 0)
            add_everywhere(room, moment, of, k - 1);
        loss[k] = ground_loss(ground, &room->weights, batch, NULL);
    }
    status = 0;
out:
    for (int i = 0; i < sites; i++)
        spectrum_free(&of[i]);
    mem_free(of);
    return status;
}

int cuts_zeroed(double *loss, struct rebuilt *room, const struct moment *moment,
                int site, const struct ground *ground,
                const struct batch *batch, struct err *err)
{
    struct spectrum of;
    int rank = cuts_rank(moment, site);
    rebuilt_moment(room, moment);
    if (rank == 0)
        return 0;
    if (spectrum_at(&of, room, moment, site, err))
        return -1;
    for (int k = 0; k < rank; k++) {
        /* From the moment's own W each time: no rounding is carried on. */
        rebuilt_site(room, moment, site);
        rebuilt_add(room, site, &of, k, -1);
        loss[k] = ground_loss(ground, &room->weights, batch, NULL);
    }
    rebuilt_site(room, moment, site);
    spectrum_free(&of);
    return 0;
}
