#!/bin/sh
# Builds the fuzz targets and runs each: run.sh CC SECONDS NAME...
#
# A target begins with its corpus (tests/fuzz/corpus/NAME), and with the files
# in FUZZ_SEEDS, a folder, where that is set.  What it learns stays under
# build/fuzz/NAME; an input that broke it is there as crash-*, oom-* or
# timeout-*, and the exit status is 1.
set -u

cd "$(dirname "$0")/../.." || exit 1
compiler=$1 seconds=$2
shift 2

fail() {
    echo "make fuzz: $*" >&2
    exit 1
}

command -v "$compiler" >/dev/null 2>&1 ||
    fail "$compiler is missing; install clang, or name one by FUZZ_CC="
echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
    "$compiler" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null \
        2>/dev/null ||
    fail "$compiler has no -fsanitize=fuzzer; install its compiler-rt" \
        "(Debian: libclang-rt-dev, or clang with its recommended packages)"
unset MAKEFLAGS MAKELEVEL # the caller's jobs are not ours to share
make --no-print-directory BUILD=fuzz CC="$compiler" fuzzers || exit 1

export UBSAN_OPTIONS=print_stacktrace=1 OPENBLAS_NUM_THREADS=1
[ -d /dev/shm ] && export TMPDIR="${TMPDIR:-/dev/shm}"
status=0 broken=
for name; do
    kept=tests/fuzz/corpus/$name here=build/fuzz/$name
    words=tests/fuzz/$name.dict
    mkdir -p "$here"
    echo "fuzzing $name for $seconds s"
    # shellcheck disable=SC2086
    "build/fuzz/tests/fuzz/fuzz_$name" "$here" "$kept" ${FUZZ_SEEDS:-} \
        -artifact_prefix="$here-" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
        ${FUZZ_OPTIONS:-} $([ -f "$words" ] && echo "-dict=$words") \
        >"$here.log" 2>&1 || broken=$name
    grep -E '^(SUMMARY|stat::number_of_exec|does not hold)|^#.*DONE' \
        "$here.log"
    [ "$broken" != "$name" ] || { status=1; echo "see $here.log"; }
done
exit $status
