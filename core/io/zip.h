/*
 * Zip archives, read: PKWARE's APPNOTE as far as torch and numpy write it,
 * which is entries stored or deflated, zip64 included.
 *
 * Nothing is unpacked until asked for.  Refused by name: entries that overlap
 * or run past the end, encryption, other methods, names twice, and archives
 * that would unpack to far more than they are (bombs).
 */
#ifndef CORE_IO_ZIP_H
#define CORE_IO_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct zip_entry {
    char *name;
    const unsigned char *packed;
    size_t packed_size, size;
    uint32_t crc;
    bool deflated; /* else the packed bytes are the entry's own */
};

struct zip;

/* Whether bytes begin as an archive does. */
bool zip_is(const unsigned char *bytes, size_t size);

/* Borrows bytes, which must stay until close; name is for messages. */
struct zip *zip_open(const unsigned char *bytes, size_t size, const char *name,
                     struct err *err);
void zip_close(struct zip *zip);

int zip_count(const struct zip *zip);
const struct zip_entry *zip_at(const struct zip *zip, int i);
const struct zip_entry *zip_find(const struct zip *zip, const char *name);

/* Unpacks into to (entry->size bytes) and checks the sum. */
int zip_unpack(unsigned char *to, const struct zip_entry *entry,
               struct err *err);

#endif
