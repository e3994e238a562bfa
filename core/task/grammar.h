/*
 * A context-free grammar with word lists, weights and document-wide names,
 * written for people to edit.  assets/world/README.md tells how; in short:
 *
 *     colour = red | green | blue             a symbol, and what it can become
 *     person(they, them) =                    a word list with further columns
 *         Mia | she | her
 *         Tom | he  | him
 *     story =
 *         3* <P=person><P> has <a colour> kite. <^P.they> is happy.
 *
 * Checked when read: what may be read before it is bound, columns that may be
 * missing, loops and runaway sizes are errors with file and line, so that
 * expansion itself cannot fail.
 */
#ifndef CORE_TASK_GRAMMAR_H
#define CORE_TASK_GRAMMAR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/rng.h"

enum {
    GRAMMAR_SYMBOLS = 4000,  /* brackets included */
    GRAMMAR_VARIABLES = 64,  /* different names a document can hold */
    GRAMMAR_COLUMNS = 16,    /* of a word list, the first included */
    GRAMMAR_DEPTH = 48,      /* expansions inside one another */
    GRAMMAR_OUTPUT = 100000, /* bytes one expansion can reach at most */
};

enum part_kind {
    PART_TEXT,     /* words                                        */
    PART_SYMBOL,   /* <colour>      one alternative of the symbol  */
    PART_VARIABLE, /* <P>           what P is bound to             */
    PART_COLUMN,   /* <P.they>      another column of P's line     */
    PART_RANGE,    /* <2..9>        a number                       */
    PART_SUM,      /* <A+B> <A-B>   arithmetic on bound numbers    */
    PART_SOME,     /* <some 2..4 colour>  different ones, shuffled */
};

/* A number, or a variable that holds one. */
struct operand {
    int variable; /* -1: the number */
    int number;
};

struct part {
    enum part_kind kind;
    int line;
    bool capital, article;    /* <^...>, <a ...> */
    int bind;                 /* <P=...>: variable bound, nothing written; -1 */
    char *text;               /* PART_TEXT */
    int symbol;               /* PART_SYMBOL */
    int variable;             /* PART_VARIABLE, PART_COLUMN */
    int column;               /* PART_COLUMN: index into column_names */
    struct operand low, high; /* PART_RANGE, PART_SOME; operands of PART_SUM */
    int sign;                 /* PART_SUM */
    int *lists, list_count;   /* PART_SOME: symbols */
};

struct template
{
    struct part *parts;
    int count;
};

struct alternative {
    double weight;
    int line;
    struct template *fields; /* one, or one a column */
};

struct symbol {
    char *name; /* "" for a group in brackets */
    const char *file;
    int line;                    /* 0: only mentioned so far */
    int columns;                 /* 1 for a symbol that is no word list */
    int column[GRAMMAR_COLUMNS]; /* index into column_names; [0] unused */
    struct alternative *alternatives;
    int count;
    double weight;  /* of all alternatives */
    uint64_t needs; /* variables read before they are bound, a bit each */
};

struct grammar {
    struct symbol *symbols;
    int symbol_count;
    char **column_names;
    int column_count;
    char *variables[GRAMMAR_VARIABLES];
    int variable_count;
    char **files;
    int file_count;
};

/* Reads every .txt file of the folder, in order of name. */
struct grammar *grammar_open(const char *folder, struct err *err);
void grammar_close(struct grammar *grammar);

/* -1 when there is none; the name is without angle brackets. */
int grammar_symbol(const struct grammar *grammar, const char *name);

/* Expands the symbol with no variable bound; freed by mem_free(). */
char *grammar_expand(const struct grammar *grammar, int symbol,
                     struct rng *rng);

/* Fails, with the place, when the symbol may read a variable that nothing
 * inside it binds first. */
int grammar_need_closed(const struct grammar *grammar, int symbol,
                        struct err *err);

/* A symbol that none of the roots leads to, or -1. */
int grammar_unreached(const struct grammar *grammar, const char *const *roots,
                      int root_count);

/* grammar_parse.c and grammar_check.c, for one another: */
int grammar_parse(struct grammar *grammar, const char *file, char *text,
                  struct err *err);
int grammar_check(struct grammar *grammar, struct err *err);
/* The template hands on the word-list line its only part stands for. */
bool grammar_passes(const struct template *template);
/* Index of the field that holds column name in the symbol, or -1. */
int grammar_field(const struct symbol *symbol, int column);

#endif
