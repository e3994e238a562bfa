/* See torch_file.h; torch_tensor.c reads one tensor's description. */
#include "core/io/torch_file.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/pickle.h"
#include "core/io/torch_tensor.h"
#include "core/io/zip.h"

enum {
    NAME_MOST = 512,
    DEPTH_MOST = 8, /* of dictionaries in one another */
    TENSORS_MOST = 200000,
    VISITS_MOST = 4000000 /* nodes may be items of many */
};

struct torch_file {
    struct zip *zip;
    struct pickle *pickle;
    char prefix[256];        /* of the archive's names: "archive/" */
    unsigned char **storage; /* (entries of zip) unpacked, or NULL */
    struct tensor *tensor;
    void **copy; /* (count) of tensors with strides, or NULL */
    int count, room, visits;
};

/* The entry of a storage, unpacked when it must be. */
static int find_storage(const unsigned char **to, size_t *size,
                        struct torch_file *file,
                        const struct torch_tensor *from, struct err *err)
{
    char name[512];
    (void)snprintf(name, sizeof name, "%sdata/%.*s", file->prefix,
                   (int)(from->key_length < 200 ? from->key_length : 200),
                   from->key);
    const struct zip_entry *entry = zip_find(file->zip, name);
    if (!entry)
        return err_set(err, "its storage %s is not in the archive", name);
    *to = entry->packed;
    *size = entry->size;
    if (!entry->deflated)
        return 0;
    unsigned char **own = &file->storage[entry - zip_at(file->zip, 0)];
    if (!*own) {
        *own = mem_try(entry->size + 1, 1);
        if (!*own)
            return err_set(err, "out of memory: %zu bytes for %s", entry->size,
                           name);
        if (zip_unpack(*own, entry, err) != 0)
            return -1;
    }
    *to = *own;
    return 0;
}

static struct tensor *new_tensor(struct torch_file *file, const char *name)
{
    if (file->count == file->room) {
        int room = file->room ? 2 * file->room : 64;
        file->tensor = xgrow(file->tensor, (size_t)file->room, (size_t)room,
                             sizeof *file->tensor);
        file->copy = xgrow(file->copy, (size_t)file->room, (size_t)room,
                           sizeof *file->copy);
        file->room = room;
    }
    struct tensor *tensor = &file->tensor[file->count++];
    tensor->name = xstrdup(name);
    return tensor;
}

static int add_tensor(struct torch_file *file, int node, const char *name,
                      struct err *err)
{
    struct torch_tensor from;
    const unsigned char *storage = NULL;
    size_t size = 0;
    if (file->count == TENSORS_MOST)
        return err_set(err, "more than %d tensors", (int)TENSORS_MOST);
    struct tensor *to = new_tensor(file, name);
    if (torch_tensor_describe(&from, to, file->pickle, node, err) != 0 ||
        find_storage(&storage, &size, file, &from, err) != 0 ||
        torch_tensor_check(&from, to, size, err) != 0)
        return err_prefix(err, "tensor \"%.100s\"", name);
    to->data = storage + (size_t)from.offset * from.element;
    if (torch_tensor_is_packed(&from, to))
        return 0;
    void **copy = &file->copy[file->count - 1];
    *copy = mem_try(to->bytes + 1, 1);
    if (!*copy)
        return err_set(err, "out of memory: %zu bytes for tensor \"%.100s\"",
                       to->bytes, name);
    torch_tensor_pack(*copy, &from, to);
    to->data = *copy;
    return 0;
}

/* A node on the way to tensors: which item is next, and where the name of the
 * whole ends. */
struct level {
    int step, index;
    bool is_dict;
    size_t length;
};

/* The key of a dictionary, or the number in a list, behind the name. */
static bool put_key(char name[NAME_MOST], size_t from,
                    const struct pickle *pickle, int key, int index)
{
    size_t length = 0, room = NAME_MOST - from;
    const char *text = key >= 0 ? pickle_text(pickle, key, &length) : NULL;
    const char *dot = from ? "." : "";
    long long number =
        key >= 0 ? pickle_integer(pickle, key, -1) : (long long)index;
    int wrote =
        text ? snprintf(name + from, room, "%s%.*s", dot,
                        (int)(length < NAME_MOST ? length : NAME_MOST), text)
             : snprintf(name + from, room, "%s%lld", dot, number);
    return wrote > 0 && (size_t)wrote < room;
}

static struct level enter(const struct pickle *pickle, int node, size_t length)
{
    return (struct level){pickle_first(pickle, node), 0,
                          pickle_kind(pickle, node) == PICKLE_DICT, length};
}

static bool is_container(const struct pickle *pickle, int node)
{
    enum pickle_kind kind = pickle_kind(pickle, node);
    return kind == PICKLE_DICT || kind == PICKLE_LIST;
}

/* Takes the next item of the deepest level: a tensor is added, a container
 * becomes a level of its own. */
static int visit(struct torch_file *file, struct level *levels, int *depth,
                 char name[NAME_MOST], struct err *err)
{
    const struct pickle *pickle = file->pickle;
    struct level *level = &levels[*depth - 1];
    if (file->visits++ == VISITS_MOST)
        return err_set(err, "its lists hold one another too often");
    int key = level->is_dict ? pickle_at(pickle, level->step) : -1;
    if (level->is_dict)
        level->step = pickle_next(pickle, level->step);
    int node = pickle_at(pickle, level->step);
    level->step = pickle_next(pickle, level->step);
    name[level->length] = '\0';
    if (!put_key(name, level->length, pickle, key, level->index++))
        return err_set(err, "a name of more than %d bytes", (int)NAME_MOST - 1);
    if (pickle_kind(pickle, node) == PICKLE_CALL &&
        torch_tensor_is(pickle, node))
        return add_tensor(file, node, name, err);
    if (!is_container(pickle, node))
        return 0;
    if (*depth == DEPTH_MOST)
        return err_set(err, "\"%.100s\" lies deeper than %d dictionaries", name,
                       (int)DEPTH_MOST);
    levels[(*depth)++] = enter(pickle, node, strlen(name));
    return 0;
}

static int flatten(struct torch_file *file, struct err *err)
{
    struct level levels[DEPTH_MOST];
    char name[NAME_MOST] = "";
    int depth = 0, root = pickle_root(file->pickle);
    if (pickle_kind(file->pickle, root) == PICKLE_CALL &&
        torch_tensor_is(file->pickle, root))
        return add_tensor(file, root, "tensor", err);
    if (is_container(file->pickle, root))
        levels[depth++] = enter(file->pickle, root, 0);
    while (depth) {
        if (levels[depth - 1].step < 0)
            depth--;
        else if (visit(file, levels, &depth, name, err) != 0)
            return -1;
    }
    return file->count ? 0 : err_set(err, "holds no tensors");
}

static int check_order(const struct torch_file *file, struct err *err)
{
    char name[300];
    (void)snprintf(name, sizeof name, "%sbyteorder", file->prefix);
    const struct zip_entry *entry = zip_find(file->zip, name);
    unsigned char order[6] = "";
    if (!entry) /* older ones do not say, and were all little-endian */
        return 0;
    if (entry->size == sizeof order && zip_unpack(order, entry, NULL) == 0 &&
        memcmp(order, "little", sizeof order) == 0)
        return 0;
    return err_set(err, "its numbers are not little-endian");
}

static int read_pickle(struct torch_file *file, const struct zip_entry *entry,
                       struct err *err)
{
    unsigned char *bytes = mem_try(entry->size + 1, 1);
    if (!bytes)
        return err_set(err, "out of memory: %zu bytes for %s", entry->size,
                       entry->name);
    /* Names and keys point into the bytes: they stay. */
    file->storage[entry - zip_at(file->zip, 0)] = bytes;
    if (zip_unpack(bytes, entry, err) != 0)
        return -1;
    file->pickle = pickle_parse(bytes, entry->size, torch_tensor_names, err);
    return file->pickle ? 0 : -1;
}

static int read_all(struct torch_file *file, struct err *err)
{
    static const char pickle[] = "data.pkl";
    const struct zip_entry *found = NULL;
    int count = zip_count(file->zip);
    file->storage = xcalloc((size_t)count + 1, sizeof *file->storage);
    for (int i = 0; i < count && !found; i++) {
        const struct zip_entry *entry = zip_at(file->zip, i);
        const char *slash = strrchr(entry->name, '/');
        const char *last = slash ? slash + 1 : entry->name;
        size_t length = (size_t)(last - entry->name);
        if (strcmp(last, pickle) != 0 || length >= sizeof file->prefix)
            continue;
        memcpy(file->prefix, entry->name, length);
        file->prefix[length] = '\0';
        found = entry;
    }
    if (!found)
        return err_set(err, "a zip archive, but not torch's: no data.pkl");
    if (check_order(file, err) != 0 || read_pickle(file, found, err) != 0)
        return -1;
    return flatten(file, err);
}

struct torch_file *torch_file_open(const unsigned char *bytes, size_t size,
                                   const char *name, struct err *err)
{
    struct torch_file *file = xcalloc(1, sizeof *file);
    file->zip = zip_open(bytes, size, name, err);
    if (file->zip && read_all(file, err) == 0)
        return file;
    if (file->zip)
        (void)err_prefix(err, "%.200s", name);
    torch_file_close(file);
    return NULL;
}

void torch_file_close(struct torch_file *file)
{
    if (!file)
        return;
    for (int i = 0; i < file->count; i++) {
        mem_free((char *)file->tensor[i].name);
        mem_free(file->copy[i]);
    }
    for (int i = 0; file->storage && i < zip_count(file->zip); i++)
        mem_free(file->storage[i]);
    pickle_free(file->pickle);
    mem_free(file->tensor);
    mem_free(file->copy);
    mem_free(file->storage);
    zip_close(file->zip);
    mem_free(file);
}

int torch_file_count(const struct torch_file *file)
{
    return file->count;
}

const struct tensor *torch_file_at(const struct torch_file *file, int i)
{
    assert(i >= 0 && i < file->count);
    return &file->tensor[i];
}
