/*
 * A folder of grammar files as one grammar: reading, looking up, freeing.
 */
#include "core/task/grammar.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"

enum { FILE_LIMIT = 1 << 20, NAME_ROOM = 1024 };

static bool is_grammar(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && name[0] != '.' &&
           strcmp(name + length - 4, ".txt") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of the folder's grammar files, sorted, into grammar->files. */
static int list_files(struct grammar *g, const char *folder, struct err *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return err_set(err, "%s: cannot be read as a folder of word lists: %s",
                       folder, strerror(errno));
    const struct dirent *entry;
    char path[NAME_ROOM];
    while ((entry = readdir(dir))) {
        if (!is_grammar(entry->d_name) ||
            strlen(folder) + strlen(entry->d_name) + 2 > sizeof path)
            continue;
        g->files = xgrow(g->files, (size_t)g->file_count,
                         (size_t)g->file_count + 1, sizeof *g->files);
        g->files[g->file_count++] =
            xstrdup(file_join(path, sizeof path, folder, entry->d_name));
    }
    (void)closedir(dir); /* nothing was written */
    if (!g->file_count)
        return err_set(err,
                       "%s: no .txt file with word lists in it; is this the "
                       "folder of the world?",
                       folder);
    qsort(g->files, (size_t)g->file_count, sizeof *g->files, by_name);
    return 0;
}

static int read_file(struct grammar *g, const char *path, struct err *err)
{
    char *text;
    size_t size;
    if (file_read(&text, &size, path, FILE_LIMIT, err) < 0)
        return -1;
    int code =
        strlen(text) == size
            ? grammar_parse(g, path, text, err)
            : err_set(err, "%s: has a zero byte, so it is not a text", path);
    mem_free(text);
    return code;
}

struct grammar *grammar_open(const char *folder, struct err *err)
{
    struct grammar *g = xcalloc(1, sizeof *g);
    int code = list_files(g, folder, err);
    for (int i = 0; code == 0 && i < g->file_count; i++)
        code = read_file(g, g->files[i], err);
    if (code == 0)
        code = grammar_check(g, err);
    if (code == 0)
        return g;
    grammar_close(g);
    return NULL;
}

static void free_template(struct template *template)
{
    for (int i = 0; i < template->count; i++) {
        mem_free(template->parts[i].text);
        mem_free(template->parts[i].lists);
    }
    mem_free(template->parts);
}

static void free_symbol(struct symbol *symbol)
{
    for (int i = 0; i < symbol->count; i++) {
        for (int k = 0; k < symbol->columns; k++)
            free_template(&symbol->alternatives[i].fields[k]);
        mem_free(symbol->alternatives[i].fields);
    }
    mem_free(symbol->alternatives);
    mem_free(symbol->name);
}

void grammar_close(struct grammar *g)
{
    if (!g)
        return;
    for (int i = 0; i < g->symbol_count; i++)
        free_symbol(&g->symbols[i]);
    mem_free(g->symbols);
    for (int i = 0; i < g->column_count; i++)
        mem_free(g->column_names[i]);
    mem_free(g->column_names);
    for (int i = 0; i < g->variable_count; i++)
        mem_free(g->variables[i]);
    for (int i = 0; i < g->file_count; i++)
        mem_free(g->files[i]);
    mem_free(g->files);
    mem_free(g);
}

int grammar_symbol(const struct grammar *g, const char *name)
{
    for (int i = 0; i < g->symbol_count; i++)
        if (*name && strcmp(g->symbols[i].name, name) == 0)
            return i;
    return -1;
}

int grammar_field(const struct symbol *symbol, int column)
{
    for (int i = 1; i < symbol->columns; i++)
        if (symbol->column[i] == column)
            return i;
    return -1;
}

/* Marks what the template mentions; true when something was new. */
static bool reach(bool *seen, const struct template *t)
{
    bool changed = false;
    for (int i = 0; i < t->count; i++) {
        const struct part *part = &t->parts[i];
        for (int k = 0; k < part->list_count; k++) {
            changed |= !seen[part->lists[k]];
            seen[part->lists[k]] = true;
        }
        if (part->kind == PART_SYMBOL) {
            changed |= !seen[part->symbol];
            seen[part->symbol] = true;
        }
    }
    return changed;
}

int grammar_unreached(const struct grammar *g, const char *const *roots,
                      int root_count)
{
    bool *seen = xcalloc((size_t)g->symbol_count + 1, sizeof *seen);
    for (int i = 0; i < root_count; i++) {
        int s = grammar_symbol(g, roots[i]);
        if (s >= 0)
            seen[s] = true;
    }
    bool changed = true;
    while (changed) {
        changed = false;
        for (int s = 0; s < g->symbol_count; s++) {
            const struct symbol *symbol = &g->symbols[s];
            for (int a = 0; seen[s] && a < symbol->count; a++)
                for (int f = 0; f < symbol->columns; f++)
                    changed |= reach(seen, &symbol->alternatives[a].fields[f]);
        }
    }
    int missed = -1;
    for (int s = g->symbol_count - 1; s >= 0; s--)
        if (!seen[s])
            missed = s;
    mem_free(seen);
    return missed;
}
