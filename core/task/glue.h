/*
 * One or two sentences and a label, as GLUE (Wang et al. 2018) and MNLI
 * (Williams et al. 2018) are passed on: tab-separated with a header, quotes
 * being only signs; three columns label, premise, hypothesis without one; or
 * jsonl.  The columns are found by the names in the header:
 *
 *   MNLI, RTE, QNLI   sentence1 | premise | question, sentence2 | hypothesis |
 *                     sentence, gold_label | label
 *   MRPC, QQP         #1 String | question1, #2 String | question2,
 *                     Quality | is_duplicate
 *   SST-2             sentence, label
 *
 * Answers are words a base knows: entailment yes, neutral maybe,
 * contradiction and not_entailment no; 0 and 1 no and yes of a pair, bad and
 * good of one sentence.
 */
#ifndef CORE_TASK_GLUE_H
#define CORE_TASK_GLUE_H

struct intake;

int glue_read(struct intake *intake);

#endif
