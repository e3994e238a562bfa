#!/usr/bin/env python3
"""Scores of perturbed references, computed without rankscope, for test_rouge
and test_score_sql: rouge.py SHARED writes rouge.tsv and sql.tsv beside itself.

Only row numbers, the rule of the perturbation and scores are kept: the data
sets stay where they are."""
import csv
import json
import os
import re
import sys
from collections import Counter

ROWS = 50


def drop(words):
    """Every third word is left out."""
    return [w for i, w in enumerate(words) if i % 3 != 2]


def swap(words):
    """Neighbours change places, two by two."""
    out = list(words)
    for i in range(0, len(out) - 1, 2):
        out[i], out[i + 1] = out[i + 1], out[i]
    return out


def twice(words):
    """Every fourth word stands twice."""
    out = []
    for i, w in enumerate(words):
        out += [w, w] if i % 4 == 3 else [w]
    return out


def half(words):
    """The first half, in capitals."""
    return [re.sub("[a-z]", lambda m: m.group().upper(), w)
            for w in words[: (len(words) + 1) // 2]]


RULES = {"drop": drop, "swap": swap, "twice": twice, "half": half}


def words_of(text):
    text = re.sub("[A-Z]", lambda m: m.group().lower(), text)
    return re.findall("[a-z0-9]+", text)


def f_measure(common, produced, reference):
    if not common:
        return 0.0
    p, r = common / produced, common / reference
    return 2 * p * r / (p + r)


def rouge_n(a, b, n):
    grams = [Counter(tuple(x[i:i + n]) for i in range(len(x) - n + 1))
             for x in (a, b)]
    common = sum((grams[0] & grams[1]).values())
    return f_measure(common, sum(grams[0].values()), sum(grams[1].values()))


def rouge_l(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for k, y in enumerate(b):
            table[i + 1][k + 1] = (table[i][k] + 1 if x == y else
                                   max(table[i][k + 1], table[i + 1][k]))
    return f_measure(table[-1][-1], len(a), len(b))


def write_rouge(shared, to):
    path = os.path.join(shared, "data/tasks/samsum/test.csv")
    with open(path, encoding="utf-8", newline="") as f:
        rows = [r["summary"] for r in csv.DictReader(f, strict=True)]
    to.write("row\trule\tr1\tr2\trl\n")
    names = list(RULES)
    for i in range(ROWS):
        name = (names + ["next"])[i % 5]
        if name == "next":
            produced = rows[i + 1]
        else:
            produced = " ".join(RULES[name](rows[i].split()))
        a, b = words_of(produced), words_of(rows[i])
        to.write("%d\t%s\t%.9f\t%.9f\t%.9f\n" % (
            i, name, rouge_n(a, b, 1), rouge_n(a, b, 2), rouge_l(a, b)))


def query_of(text):
    """(aggregate, column, set of conditions), by regular expressions."""
    text = re.sub(r"\s+", " ", text).strip().lower()
    m = re.fullmatch(r"select (?:(max|min|count|sum|avg) )?(.+?) from (\S+)"
                     r"(?: where (.+))?", text)
    if not m:
        return None
    conditions = set()
    for part in re.split(r"(?<=['0-9]) and ", m.group(4) or ""):
        if part:
            c = re.fullmatch(r"(.+?) ([=<>]) ('.*'|[0-9.,]+)", part)
            if not c:
                return None
            conditions.add(tuple(re.sub("^'|'$", "", x).replace(" ", "")
                                 for x in c.groups()))
    return (m.group(1) or "", m.group(2).replace(" ", ""),
            frozenset(conditions))


def sql_capitals(q):
    return re.sub("[a-z]", lambda m: m.group().upper(), q)


def sql_blanks(q):
    return q.replace(" ", "  ")


def sql_turned(q):
    """Conditions in the other order."""
    head, where, tail = q.partition(" WHERE ")
    return head + where + " AND ".join(reversed(tail.split(" AND ")))


def sql_count(q):
    return q.replace("SELECT ", "SELECT COUNT ", 1)


def sql_last(q):
    """Without the last condition."""
    for word in (" AND ", " WHERE "):
        at = q.rfind(word)
        if at >= 0:
            return q[:at]
    return q


SQL_RULES = {"capitals": sql_capitals, "blanks": sql_blanks,
             "turned": sql_turned, "count": sql_count, "last": sql_last}


def write_sql(shared, to):
    path = os.path.join(shared, "data/tasks/wikisql/test.jsonl")
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line)["text"].split("\nA: ")[1] for line in f]
    to.write("row\trule\texact\tlogical\n")
    names = list(SQL_RULES)
    for i in range(ROWS):
        row = 2 * i  # neighbours ask the same table
        name = names[i % 5]
        produced = SQL_RULES[name](rows[row])
        exact = produced.split() == rows[row].split()
        mine, theirs = query_of(produced), query_of(rows[row])
        to.write("%d\t%s\t%d\t%d\n" % (
            row, name, exact, mine is not None and mine == theirs))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for name, write in (("rouge.tsv", write_rouge), ("sql.tsv", write_sql)):
        with open(os.path.join(here, name), "w", encoding="utf-8") as f:
            write(sys.argv[1], f)


if __name__ == "__main__":
    main()
