/* All dialects; where two know the same number of tensors the first has it. */
#include "core/io/dialect.h"

extern const struct dialect dialect_peft, dialect_kohya, dialect_diffusers,
    dialect_loralib, dialect_mlx, dialect_cloneofsimo, dialect_sam;

const struct dialect *const dialect_table[] = {
    &dialect_peft, &dialect_kohya,       &dialect_diffusers, &dialect_loralib,
    &dialect_mlx,  &dialect_cloneofsimo, &dialect_sam,       NULL};
