#!/bin/sh
# The house rules a compiler does not see (check_layers.sh [ROOT]):
#  - includes point down: tui, experiments, analysis, core;
#  - quoted includes are relative to the root;
#  - a foreign header is included in its one home only;
#  - no file is longer than 600 lines.
# Tests may include what they like.
set -u

cd "${1:-$(dirname "$0")/..}" || exit 1

sources=$(find core analysis experiments tui -name '*.[ch]' | sort)
tests=$(find tests .ci -name '*.[ch]' -o -name '*.sh' | sort)

# shellcheck disable=SC2086
awk '
BEGIN {
    level["core"] = 1; level["analysis"] = 2
    level["experiments"] = 3; level["tui"] = 4

    # header -> the files that may include it, as a regular expression
    home["cblas.h"] = "^core/base/linalg\\.c$"
    home["lapacke.h"] = home["lapack.h"] = home["cblas.h"]
    home["openblas_config.h"] = home["f77blas.h"] = home["cblas.h"]
    home["jansson.h"] = "^core/io/json\\.c$"
    home["zlib.h"] = "^core/io/[a-z0-9_]+\\.c$"
    home["pcre2.h"] = "^core/(task/(split|fold)|io/pattern)\\.c$"
    home["yaml.h"] = "^experiments/recipe_yaml\\.c$"
    home["pthread.h"] = "^(core/train/team\\.c|experiments/.*)$"
    home["threads.h"] = home["semaphore.h"] = home["pthread.h"]
    home["curses.h"] = "^tui/(term|screen)\\.c$"
    home["ncurses.h"] = home["term.h"] = home["curses.h"]
    home["ncursesw/curses.h"] = home["ncursesw/ncurses.h"] = home["curses.h"]
    home["mpi.h"] = "^experiments/sweep[a-z0-9_]*\\.c$"

    # C11 and POSIX: everything else is foreign and needs a home above.
    words = "assert complex ctype errno fenv float inttypes iso646 limits " \
        "locale math setjmp signal stdalign stdarg stdatomic stdbool stddef " \
        "stdint stdio stdlib stdnoreturn string tgmath time uchar wchar " \
        "wctype dirent dlfcn fcntl fnmatch ftw getopt glob grp iconv " \
        "langinfo libgen poll pwd regex sched strings syslog termios " \
        "unistd sys/ioctl sys/mman sys/resource sys/select sys/socket " \
        "sys/stat sys/statvfs sys/time sys/times sys/types sys/uio " \
        "sys/utsname sys/wait"
    count = split(words, word, " ")
    for (i = 1; i <= count; i++)
        libc[word[i] ".h"] = 1
}

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}

FNR == 1 { layer = FILENAME; sub("/.*", "", layer) }
FNR == 601 { complain("longer than 600 lines; one idea a file") }

/^[ \t]*#[ \t]*include/ && layer in level {
    name = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    quote = substr(name, 1, 1)
    name = substr(name, 2)
    sub(/[">].*/, "", name)
    to = name
    sub("/.*", "", to)
    if (quote == "\"" && !(to in level))
        complain("\"" name "\" is not relative to the root")
    else if (quote == "\"" && level[to] > level[layer])
        complain(layer " includes " name \
            "; it may not look up (tui, experiments, analysis, core)")
    else if (quote == "<" && name in home && FILENAME !~ home[name])
        complain("<" name "> lives in " home[name] " alone")
    else if (quote == "<" && !(name in home) && !(name in libc))
        complain("<" name "> is a foreign header without a home; " \
            "give it one in tests/check_layers.sh")
}

END { exit bad }
' $sources $tests /dev/null
