/*
 * The pages of view 6, and what they share.
 */
#ifndef TUI_VIEWS_TALK_H
#define TUI_VIEWS_TALK_H

#include "tui/views/view.h"

void talk_answers_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context);
void talk_microscope_draw(struct canvas *canvas, struct rect rect,
                          const struct view_context *context);
/* The microscope's plots; nothing where there is no room. */
void talk_curve_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context,
                     const struct study *study);
void talk_sigma_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context,
                     const struct study *study);

/* The answer of the open page.  NULL: there is none, and the whole page is
 * drawn already: computed, or refused. */
const struct study *talk_open(struct canvas *canvas, struct rect rect,
                              const struct view_context *context);
void talk_title(struct canvas *canvas, struct rect rect,
                const struct view_context *context, const struct study *study,
                const char *subject);
/* The slider of strength and the singular value in hand, on one row. */
void talk_dial_draw(struct canvas *canvas, struct rect rect,
                    const struct view_context *context,
                    const struct study *study);

/* Text over at most rect.h rows; behind its first differing byte from wanted
 * ("": nothing is) it is marked.  Returns the rows used. */
int talk_text_draw(struct canvas *canvas, struct rect rect, const char *text,
                   const char *wanted);
/* Rows that text takes at this width, at most most. */
int talk_text_rows(const char *text, int width, int most);

/* Has anything of the chosen run been turned in this answer? */
bool talk_is_turned(const struct study *study);
/* "r8 × 1.5, σ3 of h.2.attn.v set to 0" */
void talk_turned_name(char *to, size_t size, const struct study *study,
                      const struct snapshot *snapshot);
/* "loss 0.02 → 1.3 on 16 examples, ...": what turning has done. */
void talk_turned_words(char *to, size_t size, const struct study *study);

#endif
