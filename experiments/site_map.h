/*
 * Where the sites of a file stand in a map of layers (rows) and kinds
 * (columns), when there is no model to say so and their names have to.
 */
#ifndef EXPERIMENTS_SITE_MAP_H
#define EXPERIMENTS_SITE_MAP_H

enum { SITE_MAP_NAME = 12 };

struct site_place {
    int row, col;
};

struct site_map {
    int rows, cols;
    char (*row_name)[SITE_MAP_NAME]; /* (rows) */
    char (*col_name)[SITE_MAP_NAME]; /* (cols) */
    struct site_place *place;        /* (count) */
};

/*
 * A name is cut at a number that stands alone between dots: what comes before
 * and the number are the row (h.3), what comes behind is the column
 * (attn.c_attn).  Of several numbers that one is taken which makes the smaller
 * map.  Names that have none (unet:7), or that would need too many columns,
 * stand in rows of eight in the order of the file.
 */
struct site_map *site_map_new(const char *const *name, int count);
void site_map_free(struct site_map *map);

#endif
