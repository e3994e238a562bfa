/*
 * What torch.save writes since 1.6 (.bin, .pt, .pth): a zip archive with
 * data.pkl, which says what there is, and the numbers of every storage.
 *
 * Dictionaries and lists in one another are flattened, their keys joined by a
 * dot; what is no tensor is passed over.  Tensors that view a storage with
 * strides of their own are copied into order, so that data is as in
 * safetensors.
 */
#ifndef CORE_IO_TORCH_FILE_H
#define CORE_IO_TORCH_FILE_H

#include "core/io/safetensors.h"

struct torch_file;

/* Borrows bytes, which must stay until close; name is for messages. */
struct torch_file *torch_file_open(const unsigned char *bytes, size_t size,
                                   const char *name, struct err *err);
void torch_file_close(struct torch_file *file);

int torch_file_count(const struct torch_file *file);
const struct tensor *torch_file_at(const struct torch_file *file, int i);

#endif
