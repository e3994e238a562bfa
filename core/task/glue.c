/* See glue.h. */
#include "core/task/glue.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/io/json.h"
#include "core/io/rows.h"
#include "core/task/buffer.h"
#include "core/task/dataset.h"

enum { COLUMNS = 64, KINDS = 3 };

/* A set of labels: how it is published, and the words that are learned. */
struct label_set {
    const char *published[KINDS + 1];
    const char *words[KINDS + 1]; /* of published[i], at i */
    const char *first, *second;   /* what the prompt calls the sentences */
    const char *known;            /* published, for a sentence */
};

enum set { SET_THREE, SET_TWO, SET_PAIR, SET_ONE, SET_NUMBERS };

static const struct label_set sets[] = {
    [SET_THREE] = {{"entailment", "neutral", "contradiction"},
                   {"yes", "maybe", "no"},
                   "premise",
                   "hypothesis",
                   "entailment, neutral, contradiction"},
    [SET_TWO] = {{"entailment", "not_entailment"},
                 {"yes", "no"},
                 "premise",
                 "hypothesis",
                 "entailment, not_entailment"},
    [SET_PAIR] = {{"0", "1"}, {"no", "yes"}, "first", "second", "0, 1"},
    [SET_ONE] = {{"0", "1"}, {"bad", "good"}, "sentence", NULL, "0, 1"},
    /* Hugging Face's numbers of MNLI's labels. */
    [SET_NUMBERS] = {{"0", "1", "2"},
                     {"yes", "maybe", "no"},
                     "premise",
                     "hypothesis",
                     "0, 1, 2"},
};

static const char *const firsts[] = {"sentence1", "premise",  "#1 String",
                                     "question1", "question", "sentence",
                                     NULL};
static const char *const seconds[] = {"sentence2", "hypothesis", "#2 String",
                                      "question2", "sentence",   NULL};
static const char *const labels[] = {"gold_label", "label", "Quality",
                                     "is_duplicate", NULL};

struct layout {
    int columns, first, second, label; /* second -1: one sentence */
    const struct label_set *set;
};

/* ---- one example */

/* Without the blanks around it, in place. */
static char *trimmed(char *text)
{
    while (*text == ' ')
        text++;
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ')
        text[--length] = '\0';
    return text;
}

static void add_line(struct buffer *to, const char *name, const char *text)
{
    buffer_add(to, name, strlen(name));
    buffer_add(to, ": ", 2);
    buffer_add(to, text, strlen(text));
    buffer_char(to, '\n');
}

static int add_pair(struct intake *intake, int line,
                    const struct label_set *set, const char *first,
                    const char *second, const char *word)
{
    struct buffer prompt = {0};
    char answer[32];
    add_line(&prompt, set->first, first);
    if (second)
        add_line(&prompt, set->second, second);
    buffer_add(&prompt, "A:", 2);
    (void)snprintf(answer, sizeof answer, " %s", word);
    int code = intake_add(intake, line, prompt.at, answer);
    buffer_free(&prompt);
    return code;
}

static int add_example(struct intake *intake, int line,
                       const struct label_set *set, char *first, char *second,
                       const char *label)
{
    first = trimmed(first);
    second = second ? trimmed(second) : NULL;
    if (!first[0] || (second && !second[0]))
        return intake_refuse(intake, line, "the %s is empty",
                             first[0] ? set->second : set->first);
    if (strcmp(label, "-") == 0 && set == &sets[SET_THREE]) {
        (void)snprintf(intake->said, sizeof intake->said,
                       "rows whose gold label is - are left out");
        intake_pass(intake);
        return 0;
    }
    for (int i = 0; i < KINDS && set->published[i]; i++)
        if (strcmp(label, set->published[i]) == 0)
            return add_pair(intake, line, set, first, second, set->words[i]);
    return intake_refuse(intake, line, "label \"%.40s\" is none of %s", label,
                         set->known);
}

/* ---- tab-separated */

/* The fields of a row, in place; how many there are, maybe more than room. */
static int split_tabs(char **field, int room, char *text)
{
    int count = 0;
    for (char *at = text; at; count++) {
        char *tab = strchr(at, '\t');
        if (tab)
            *tab = '\0';
        if (count < room)
            field[count] = at;
        at = tab ? tab + 1 : NULL;
    }
    return count;
}

/* The column with the first of the names that there is, but not that one. */
static int find_column(char **field, int count, const char *const *names,
                       int but)
{
    for (int i = 0; names[i]; i++)
        for (int k = 0; k < count; k++)
            if (k != but && strcmp(field[k], names[i]) == 0)
                return k;
    return -1;
}

static bool is_known(const char *label, const struct label_set *set)
{
    for (int i = 0; i < KINDS && set->published[i]; i++)
        if (strcmp(label, set->published[i]) == 0)
            return true;
    return false;
}

/* "entailment" alone could be of two sets. */
static const struct label_set *set_of_words(const struct intake *intake)
{
    bool two = strstr(intake->text, "not_entailment") != NULL;
    return &sets[two ? SET_TWO : SET_THREE];
}

/* From the first row: a header (1: passed), or one of three columns (0). */
static int find_layout(struct layout *to, struct intake *intake, char **field,
                       int count, int line)
{
    *to = (struct layout){.columns = count};
    const struct label_set *words = set_of_words(intake);
    if (count == 3 && is_known(field[0], words)) {
        to->first = 1;
        to->second = 2;
        to->set = words;
        return 0;
    }
    to->first = find_column(field, count, firsts, -1);
    to->second = find_column(field, count, seconds, to->first);
    to->label = find_column(field, count, labels, -1);
    if (to->first < 0 || to->label < 0 || count > COLUMNS)
        return err_set(intake->err,
                       "%.160s:%d: no column %s in the header; expected %s",
                       intake->path, line,
                       to->first < 0 ? "sentence, sentence1 or premise"
                                     : "label, gold_label or Quality",
                       intake->shape->expects);
    const char *label = field[to->label];
    if (to->second < 0)
        to->set = &sets[SET_ONE];
    else if (strcmp(label, "Quality") == 0 ||
             strcmp(label, "is_duplicate") == 0)
        to->set = &sets[SET_PAIR];
    else
        to->set = words;
    return 1;
}

static int read_table(struct intake *intake)
{
    struct rows rows = rows_begin(intake->text, intake->size);
    struct layout layout = {.columns = 0};
    struct buffer row = {0};
    char *field[COLUMNS];
    int code = 0;
    while (code == 0 && rows_next(&rows)) {
        buffer_cut(&row, 0);
        buffer_add(&row, rows.at, rows.bytes);
        int count = split_tabs(field, COLUMNS, row.at);
        if (layout.columns == 0) {
            code = find_layout(&layout, intake, field, count, rows.line);
            if (code == 1) { /* a header: no example */
                code = 0;
                continue;
            }
        }
        if (code < 0)
            break;
        if (count != layout.columns)
            code = intake_refuse(intake, rows.line,
                                 "%d column%s between tabs; expected %d, as in "
                                 "the first row",
                                 count, count == 1 ? "" : "s", layout.columns);
        else
            code =
                add_example(intake, rows.line, layout.set, field[layout.first],
                            layout.second < 0 ? NULL : field[layout.second],
                            field[layout.label]);
    }
    buffer_free(&row);
    intake->labels = layout.set ? layout.set->words : NULL;
    return code;
}

/* ---- jsonl */

static const char *find_text(const struct json *row, const char *const *names,
                             const char *but, const char **name)
{
    for (int i = 0; names[i]; i++) {
        const char *text = json_text(json_get(row, names[i]), NULL);
        if (text && text != but) {
            *name = names[i];
            return text;
        }
    }
    return NULL;
}

/* The label as the tables write it. */
static bool find_label(char *to, size_t size, bool *number,
                       const struct json *row)
{
    for (int i = 0; labels[i]; i++) {
        const struct json *value = json_get(row, labels[i]);
        const char *text = json_text(value, NULL);
        long long whole = json_int(value, -1000);
        *number = !text;
        if (!text && whole == -1000)
            continue;
        (void)(text ? snprintf(to, size, "%s", text)
                    : snprintf(to, size, "%lld", whole));
        return true;
    }
    return false;
}

static const struct label_set *set_of_row(const struct intake *intake,
                                          bool number, const char *name,
                                          bool pair)
{
    if (!number)
        return set_of_words(intake);
    if (!pair)
        return &sets[SET_ONE];
    return &sets[strcmp(name, "premise") == 0 ? SET_NUMBERS : SET_PAIR];
}

static int read_object(struct intake *intake, const struct json *row, int line)
{
    const char *name = "", *other = "";
    char label[64];
    bool number;
    const char *a = find_text(row, firsts, NULL, &name);
    const char *b = a ? find_text(row, seconds, a, &other) : NULL;
    if (!a || !find_label(label, sizeof label, &number, row))
        return intake_refuse(intake, line,
                             "no \"%s\" in the object; expected sentences "
                             "(sentence1, sentence2; premise, hypothesis; "
                             "sentence) and a label",
                             a ? "label" : "sentence");
    const struct label_set *set = set_of_row(intake, number, name, b != NULL);
    struct buffer first = {0}, second = {0};
    buffer_add(&first, a, strlen(a));
    buffer_add(&second, b ? b : "", b ? strlen(b) : 0);
    int code =
        add_example(intake, line, set, first.at, b ? second.at : NULL, label);
    buffer_free(&first);
    buffer_free(&second);
    intake->labels = set->words;
    return code;
}

static int read_objects(struct intake *intake)
{
    struct rows rows = rows_begin(intake->text, intake->size);
    int code = 0;
    while (code == 0 && rows_next(&rows)) {
        struct json *row = intake_json(intake, &rows);
        code = row ? read_object(intake, row, rows.line) : intake_bad(intake);
        json_free(row);
    }
    return code;
}

int glue_read(struct intake *intake)
{
    struct rows rows = rows_begin(intake->text, intake->size);
    bool object = rows_next(&rows) && rows.at[0] == '{';
    return object ? read_objects(intake) : read_table(intake);
}
