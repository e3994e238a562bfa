#!/bin/bash
# Runs test programs: run.sh BUILD_DIR PROGRAM... [--skip PROGRAM]...
#
# A PROGRAM is a cmocka binary, whose test functions are counted, or a script,
# which counts as one.  One line a program; its output only when it failed (or
# VERBOSE=1).  The last line is "N passed, N failed, N skipped".
# TEST_TIMEOUT seconds each (120; more under a sanitizer), TEST_JOBS at once.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)

# Reads a program's output; prints passed, failed, skipped.  A test counts once
# it has a verdict under its own name, so whatever it prints (or a child of it
# repeats) is not mistaken for one.  Announced and never finished is failed.
count() {
    awk '
    match($0, /\[==========\].* Running [0-9]+ test/) {
        words = substr($0, RSTART, RLENGTH); split(words, w, " ")
        announced += w[3]
    }
    match($0, /\[ RUN      \] /) { open = substr($0, RSTART + RLENGTH) }
    function verdict(tag) {
        at = index($0, tag " ")
        return at && open != "" && substr($0, at + length(tag) + 1) == open
    }
    verdict("[       OK ]") { passed++; open = "" }
    verdict("[  FAILED  ]") { failed++; open = "" }
    verdict("[  ERROR   ]") { failed++; open = "" }
    verdict("[  SKIPPED ]") { skipped++; open = "" }
    END {
        rest = announced - passed - failed - skipped
        if (rest > 0) failed += rest
        print passed + 0, failed + 0, skipped + 0
    }' "$1"
}

environment() {
    export LC_ALL=C.UTF-8 TERM=xterm-256color OPENBLAS_NUM_THREADS=1
    export RANKSCOPE_ROOT=$root RANKSCOPE_BIN=$root/$build/rankscope
    export TMPDIR=$root/$build/tmp/$name
    export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
    export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0
    export UBSAN_OPTIONS=print_stacktrace=1
    export TSAN_OPTIONS=suppressions=$root/tests/tsan.supp:exitcode=66
    unset LINES COLUMNS MAKEFLAGS MAKELEVEL
    rm -rf "$TMPDIR" && mkdir -p "$TMPDIR"
}

# Runs the program, stdin from nowhere; its exit status, 124 on a timeout.
limited() {
    # ThreadSanitizer of older compilers needs the classic address layout.
    local calm=
    [ "${build##*/}" = tsan ] && setarch "$(uname -m)" -R true 2>/dev/null &&
        calm="setarch $(uname -m) -R"
    if command -v timeout >/dev/null; then
        calm="timeout -k 5 $limit $calm"
    fi
    # shellcheck disable=SC2086
    $calm "$root/$program" </dev/null
}

one() {
    build=$1 program=$2 name=${2##*/}
    local log=$build/log/$name status passed failed skipped began why=
    began=$SECONDS
    environment
    (limited) >"$log.log" 2>&1
    status=$?
    if [[ $program == *.sh ]]; then
        passed=$((status == 0)) failed=$((status != 0)) skipped=0
    else
        read -r passed failed skipped <<<"$(count "$log.log")"
        if ((passed + failed + skipped == 0 && status == 0)); then
            why="ran no test"
        elif ((status != 0 && failed == 0)); then
            why="exit $status"
        fi
        [ -n "$why" ] && failed=$((failed + 1))
    fi
    if ((status == 124 || (status == 137 && SECONDS - began >= limit))); then
        why="timeout, $limit s"
    elif ((status > 128)); then
        why="signal $((status - 128))"
    fi
    echo "$passed $failed $skipped" >"$log.count"
    # One printf, so lines of parallel programs do not mix.
    local head=ok text=
    ((failed)) && head=FAIL
    if ((failed)) || [ -n "${VERBOSE-}" ]; then
        text=$(sed 's/^/    | /' "$log.log")$'\n'
    fi
    printf '%-4s %-28s %4d passed%s%s%s  %d s\n%s' "$head" "$name" "$passed" \
        "$( ((failed)) && echo ", $failed failed")" \
        "$( ((skipped)) && echo ", $skipped skipped")" \
        "${why:+ ($why)}" $((SECONDS - began)) "$text"
    rm -rf "$TMPDIR"
}

if [ "$1" = --one ]; then
    one "$2" "$3"
    exit 0
fi

cd "$root" || exit 1
build=$1
shift
case $build in
*asan | *tsan) limit=${TEST_TIMEOUT:-600} ;;
*) limit=${TEST_TIMEOUT:-120} ;;
esac
export limit
mkdir -p "$build/log" || exit 1

programs=() unable=0
while [ $# -gt 0 ]; do
    if [ "$1" = --skip ]; then
        printf 'skip %-28s libvterm is not installed\n' "${2##*/}"
        unable=$((unable + 1))
        shift
    else
        programs+=("$1")
        rm -f "$build/log/${1##*/}.count"
    fi
    shift
done

((${#programs[@]})) && printf '%s\0' "${programs[@]}" |
    xargs -0 -n 1 -P "${TEST_JOBS:-2}" "$0" --one "$build"

# A program without a count died before it could leave one.
for program in ${programs[@]+"${programs[@]}"}; do
    cat "$build/log/${program##*/}.count" 2>/dev/null || echo 0 1 0
done | awk -v unable="$unable" '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        printf "%d passed, %d failed, %d skipped\n", passed, failed,
            skipped + unable
        exit failed > 0 || NR == 0
    }'
