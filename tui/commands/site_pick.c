/* See site_pick.h. */
#include "tui/commands/site_pick.h"

#include <regex.h>
#include <string.h>

#include "core/base/mem.h"

static int refuse(const struct updates *updates, const char *re,
                  struct err *err)
{
    if (!updates->count)
        return err_set(err, "%s: no site is adapted; nothing to look at",
                       updates->what);
    const char *name = updates->site[0].name;
    return err_set(
        err, "--site %.60s matches no site of %s; one of them is %s%s", re,
        updates->what, name,
        strstr(name, "c_attn") ? " (--split divides it into q, k and v)" : "");
}

int *site_pick(int *count, const struct updates *updates, const char *re,
               struct err *err)
{
    regex_t regex;
    char why[128];
    int bad = re ? regcomp(&regex, re, REG_EXTENDED | REG_NOSUB) : 0;
    if (bad) {
        (void)regerror(bad, &regex, why, sizeof why);
        err_set(err,
                "--site %.60s is no regular expression (%s); write a part of "
                "a name, like attn.q",
                re, why);
        return NULL;
    }
    int *picked = xcalloc((size_t)updates->count + 1, sizeof *picked);
    *count = 0;
    for (int i = 0; i < updates->count; i++)
        if (!re || regexec(&regex, updates->site[i].name, 0, NULL, 0) == 0)
            picked[(*count)++] = i;
    if (re)
        regfree(&regex);
    if (*count)
        return picked;
    mem_free(picked);
    refuse(updates, re, err);
    return NULL;
}
