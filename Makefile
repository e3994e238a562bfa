# Builds, checks and installs rankscope.  `make help` lists the targets.
#
# Everything lands in build/$(BUILD)/: objects, one archive a layer, the
# program, the tests.  .ci/setup first finds (and installs) what is missing.
# Flavours: BUILD=release (default), debug, asan, tsan; fuzz is `make fuzz`'s.

BUILD   ?= release
PREFIX  ?= /usr/local
DATADIR  = $(PREFIX)/share/rankscope
WERROR  ?= -Werror
B       := build/$(BUILD)
BIN     := $(B)/rankscope

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

ifeq ($(filter release debug asan tsan fuzz,$(BUILD)),)
$(error BUILD=$(BUILD) is not a flavour; use release, debug, asan or tsan)
endif

# --- set-up: before the first pkg-config, and never for these goals ----------

QUIET_GOALS := help clean uninstall format check-layers check-chroot
GOALS       := $(or $(MAKECMDGOALS),all)
BUILDING    := $(filter-out $(QUIET_GOALS),$(GOALS))
CHECKING    := $(filter check% bench test-% one-test objects $(B)/tests/%,\
    $(BUILDING))
DRY         := $(findstring n,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS   += --no-builtin-rules

ifneq ($(BUILDING),)
ifeq ($(SETUP_DONE)$(DRY),)
  ifneq ($(shell CC='$(CC)' .ci/setup $(if $(CHECKING),check,build) >&2 \
      && echo ready),ready)
    $(error set-up did not finish)
  endif
  export SETUP_DONE := yes
  # All cores; a -jN of the caller's wins over this.
  MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif

# Homebrew keeps these out of the default path.
ifeq ($(shell uname -s),Darwin)
  export PKG_CONFIG_PATH := $(PKG_CONFIG_PATH):$(shell \
      for p in ncurses openblas; do \
          printf '%s/lib/pkgconfig:' "$$(brew --prefix $$p)"; done)
endif

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
# LAPACKE is a library of its own (Debian) or part of OpenBLAS (others).
PACKAGES := ncursesw openblas yaml-0.1 jansson libpcre2-8 zlib \
    $(if $(filter 0,$(shell pkg-config --exists lapacke; echo $$?)),lapacke)
PKG_CFLAGS := $(call pkg,--cflags-only-I,$(PACKAGES))
PKG_LIBS   := $(call pkg,--libs,$(PACKAGES))
ifneq ($(CHECKING),)
  TEST_CFLAGS := $(call pkg,--cflags,cmocka)
  TEST_LIBS   := $(call pkg,--libs,cmocka)
  VTERM_LIBS  := $(call pkg,--libs,vterm)
endif
endif

# --- flags -------------------------------------------------------------------

# A message cut to its buffer is what snprintf is for (clang does not mind, but
# does not know gcc's ivdep).
ifneq ($(BUILDING),)
  NO_WARN := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),\
      -Wno-unknown-pragmas,-Wno-format-truncation)
endif
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
    -Wpointer-arith -Wvla $(NO_WARN) $(WERROR)

# PORTABLE=1 leaves out -march=native; the results may differ in the last bits.
ifeq ($(PORTABLE)$(if $(BUILDING),,no),)
  NATIVE := $(shell $(CC) -march=native -E -x c /dev/null >/dev/null 2>&1 \
      && echo -march=native)
endif

SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZE_tsan := -fsanitize=thread
SANITIZE_fuzz := -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=undefined
SANITIZE      := $(SANITIZE_$(BUILD))

OPT_release := -O3 -g $(NATIVE)
OPT_debug   := -O0 -g
OPT_asan    := -O1 -g -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fno-omit-frame-pointer
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer

# No contraction: a*b+c has the same bits wherever the compiler puts it.
CFLAGS_ALL := -std=c11 -D_POSIX_C_SOURCE=200809L -D_XOPEN_SOURCE=700 -I. \
    $(PKG_CFLAGS) $(WARN) -pthread -ffp-contract=off \
    $(OPT_$(BUILD)) $(SANITIZE) $(CPPFLAGS) $(CFLAGS)
LIBS       := $(PKG_LIBS) -lm $(LDLIBS)
LINK       := $(CC) -pthread $(SANITIZE) $(LDFLAGS)

# What the vectoriser needs, in this file alone.  Not associative-math (sums
# are written out in order), not finite-math-only (masks are -inf).
VECMATH := -fno-math-errno -fno-trapping-math -ffp-contract=fast
$(B)/core/base/vecmath.o: EXTRA := $(VECMATH)

# MPI=1: rankscope sweep under mpirun; one file includes mpi.h.  Open MPI's
# mpicc says its flags by --showme, MPICH's by -compile_info.
ifeq ($(MPI)$(if $(BUILDING),,no),1)
  ifeq ($(shell command -v mpicc),)
    $(error MPI=1 needs mpicc; install libopenmpi-dev and openmpi-bin)
  endif
  mpi = $(or $(shell mpicc --showme:$(1) 2>/dev/null),\
      $(filter -I% -L% -l%,$(shell mpicc -$(1)_info 2>/dev/null)))
  MPI_CFLAGS := -DRANKSCOPE_MPI $(patsubst -I%,-isystem %,$(call mpi,compile))
  # MPI brings libevent, whose event_add() must not find ours: no function of
  # our archives is seen by shared libraries.
  LIBS       += $(call mpi,link) -Wl,--exclude-libs,ALL
endif
$(B)/experiments/sweep_mpi.o: EXTRA := $(MPI_CFLAGS)
$(B)/experiments/sweep_mpi.o: $(B)/mpi.stamp

# --- what there is -----------------------------------------------------------

SRC_core        := $(sort $(wildcard core/*/*.c))
SRC_analysis    := $(sort $(wildcard analysis/*.c))
SRC_experiments := $(sort $(wildcard experiments/*.c))
SRC_tui         := $(sort $(filter-out tui/main.c,\
    $(wildcard tui/*.c tui/*/*.c)))
SRC := $(SRC_core) $(SRC_analysis) $(SRC_experiments) $(SRC_tui) tui/main.c

LAYERS   := tui experiments analysis core
ARCHIVES := $(LAYERS:%=$(B)/lib%.a)

TEST_DIRS := unit golden pty fault
TEST_SRC  := $(sort $(wildcard $(TEST_DIRS:%=tests/%/test_*.c)))
TEST_BINS := $(TEST_SRC:%.c=$(B)/%)
FUZZ      := safetensors torch tokenizer config
FUZZ_SRC  := tests/fuzz/fuzz.c tests/fuzz/small_files.c \
    $(FUZZ:%=tests/fuzz/fuzz_%.c)
# What is not test_*.c beside the tests helps all programs of its folder;
# what lies in tests/ itself helps everyone.
HELP_SRC  := $(sort $(filter-out $(TEST_SRC),\
    $(wildcard tests/*.c $(TEST_DIRS:%=tests/%/*.c))))
OBJECTS   := $(SRC:%.c=$(B)/%.o)
help_of    = $(foreach f,$(HELP_SRC),\
    $(if $(filter tests/ $(dir $(1)),$(dir $(f))),$(f:%.c=$(B)/%.o)))

ifeq ($(VTERM_LIBS),)
  NO_VTERM  := $(filter $(B)/tests/pty/%,$(TEST_BINS))
  TEST_BINS := $(filter-out $(NO_VTERM),$(TEST_BINS))
endif

# --- stamps: a file that changes when a command line does --------------------

stamp = @mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ \
    || printf '%s\n' '$(1)' >$@

$(B)/flags.stamp: FORCE
	$(call stamp,$(CC) $(CFLAGS_ALL) $(VECMATH))
$(B)/link.stamp: FORCE
	$(call stamp,$(LINK) $(LIBS))
$(B)/mpi.stamp: FORCE
	$(call stamp,$(MPI_CFLAGS))
$(B)/datadir.stamp: FORCE
	$(call stamp,$(DATADIR))
$(LAYERS:%=$(B)/%.list): $(B)/%.list: FORCE
	$(call stamp,$(SRC_$*))

# Only those who ask for the installed data are rebuilt when PREFIX changes.
ifneq ($(BUILDING),)
  ASK_DATADIR := $(patsubst %.c,$(B)/%.o,$(shell \
      grep -ls RANKSCOPE_DATADIR $(SRC)))
endif
$(ASK_DATADIR): EXTRA += -DRANKSCOPE_DATADIR='"$(DATADIR)"'
$(ASK_DATADIR): $(B)/datadir.stamp

# --- building ----------------------------------------------------------------

all: $(BIN) ## build the program (the default)

$(B)/%.o: %.c $(B)/flags.stamp
	@mkdir -p $(@D)
	@echo "  cc  $<"
	@$(CC) $(CFLAGS_ALL) $(EXTRA) $(if $(filter tests/%,$<),$(TEST_CFLAGS)) \
	    -MMD -MP -c $< -o $@

# PARTIAL=1 archives the objects there are: one test can be built while a
# file it does not need is broken.
objects_of = $(SRC_$(1):%.c=$(B)/%.o)
define archive_rule
$(B)/lib$(1).a: $(if $(PARTIAL),FORCE,$(call objects_of,$(1))) $(B)/$(1).list
	@rm -f $$@.new
	@ar rcs $$@.new $(if $(PARTIAL),$(wildcard $(call objects_of,$(1))),\
	    $(call objects_of,$(1))) && mv $$@.new $$@
endef
$(foreach layer,$(LAYERS),$(eval $(call archive_rule,$(layer))))

$(BIN): $(B)/tui/main.o $(ARCHIVES) $(B)/link.stamp
	@echo "  ld  $@"
	@$(LINK) -o $@ $< $(ARCHIVES) $(LIBS)

define test_rule
$(1:%.c=$(B)/%): $(1:%.c=$(B)/%.o) $(call help_of,$(1)) $(ARCHIVES) \
    $(B)/link.stamp
	@$$(LINK) -o $$@ $$(filter %.o,$$^) $$(ARCHIVES) $$(TEST_LIBS) \
	    $(if $(filter tests/pty/%,$(1)),$$(VTERM_LIBS)) $$(LIBS)
endef
$(foreach test,$(TEST_SRC),$(eval $(call test_rule,$(test))))
# The fuzzers' targets over the corpora that are kept.
$(B)/tests/unit/test_fuzz_corpus: $(FUZZ_SRC:%.c=$(B)/%.o)

objects: $(OBJECTS) $(patsubst %.c,$(B)/%.o,$(HELP_SRC))

-include $(OBJECTS:.o=.d) $(TEST_SRC:%.c=$(B)/%.d) $(HELP_SRC:%.c=$(B)/%.d)

# --- running -----------------------------------------------------------------

run: $(BIN) ## build, then start the workbench; ARGS="open x.yaml" passes on
	@exec $(BIN) $(ARGS)

# ARGS="--layers 6" goes to the step.
bench: $(BIN) $(addprefix $(B)/tests/bench/,spectra decode screen) ## measure a step, spectra, writing, then the screen
	@$(BIN) bench $(ARGS)
	@$(B)/tests/bench/spectra
	@$(B)/tests/bench/decode
	@$(if $(VTERM_LIBS),$(B)/tests/bench/screen . $(BIN),\
	    echo "the screen is not measured: libvterm is missing")

$(B)/tests/bench/screen: $(B)/tests/bench/screen.o $(B)/tests/pty/pty.o \
    $(ARCHIVES) $(B)/link.stamp
	@$(LINK) -o $@ $(filter %.o,$^) $(ARCHIVES) $(VTERM_LIBS) $(LIBS)
$(B)/tests/bench/spectra $(B)/tests/bench/decode: %: %.o $(ARCHIVES) \
    $(B)/link.stamp
	@$(LINK) -o $@ $(filter %.o,$^) $(ARCHIVES) $(LIBS)
-include $(patsubst %,$(B)/tests/bench/%.d,screen spectra decode)

export TEST_TIMEOUT TEST_JOBS

check: $(BIN) $(TEST_BINS) ## build and run all tests
	@tests/run.sh $(B) tests/check_layers.sh $(TEST_BINS) \
	    $(NO_VTERM:%=--skip %)

UNIT_BINS := $(filter $(B)/tests/unit/%,$(TEST_BINS))
check-unit: $(UNIT_BINS) ## only the unit tests
	@tests/run.sh $(B) $(UNIT_BINS)

check-asan: ## the tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check BUILD=asan

check-tsan: ## the tests under ThreadSanitizer
	@$(MAKE) --no-print-directory check BUILD=tsan

check-layers: ## who includes whom, foreign headers, long files
	@tests/check_layers.sh

check-chroot: ## set-up, build and tests in a bare Debian 12 (root, network)
	@tests/chroot.sh

# Of one test, whatever state the rest of the tree is in.
test-%: ## test-NAME: build and run tests/*/test_NAME.c alone
	@$(MAKE) --no-print-directory -k PARTIAL=1 objects || true
	@$(MAKE) --no-print-directory PARTIAL=1 one-test NAME=$*

ONE := $(filter %/test_$(NAME),$(TEST_BINS))
one-test: $(ONE)
	@test -n "$(ONE)" || { \
	    echo "no tests/*/test_$(NAME).c; make check runs all" >&2; exit 1; }
	@VERBOSE=1 tests/run.sh $(B) $(ONE)

# Foreign files under libFuzzer, which is clang's: the four readers one after
# another, FUZZ_SECONDS each, or one of them as long as you like.
FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 60
FUZZ_BINS    := $(FUZZ:%=$(B)/tests/fuzz/fuzz_%)

fuzz: ## fuzz the readers of foreign files, FUZZ_SECONDS=60 each (clang)
	@tests/fuzz/run.sh '$(FUZZ_CC)' $(FUZZ_SECONDS) $(FUZZ)
fuzz-%: ## fuzz-NAME: one of safetensors, torch, tokenizer, config
	@tests/fuzz/run.sh '$(FUZZ_CC)' $(FUZZ_SECONDS) $*

fuzzers: $(FUZZ_BINS)
$(FUZZ:%=$(B)/tests/fuzz/entry_%.o): $(B)/tests/fuzz/entry_%.o: \
    tests/fuzz/entry.c tests/fuzz/fuzz.h $(B)/flags.stamp
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS_ALL) -DFUZZ_TARGET=fuzz_$* -c $< -o $@
$(FUZZ_BINS): $(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/entry_%.o \
    $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/fuzz.o \
    $(B)/tests/fuzz/small_files.o $(B)/libcore.a $(B)/link.stamp
	@echo "  ld  $@"
	@$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(B)/libcore.a $(LIBS)
-include $(FUZZ_SRC:%.c=$(B)/%.d) $(B)/tests/fuzz/seeds.d

# What the corpora began with, written anew.
fuzz-seeds: $(B)/tests/fuzz/seeds
	@mkdir -p tests/fuzz/corpus
	@$< tests/fuzz/corpus
$(B)/tests/fuzz/seeds: $(B)/tests/fuzz/seeds.o $(B)/tests/fuzz/fuzz.o \
    $(B)/tests/fuzz/small_files.o $(B)/libcore.a $(B)/link.stamp
	@$(LINK) -o $@ $(filter %.o,$^) $(B)/libcore.a $(LIBS)

# --- installing --------------------------------------------------------------

# The program looks for assets/ and experiments/recipes/ under one root: this
# tree, or the installed one, laid out alike.
DATA := $(shell find assets experiments/recipes -type f ! -name '.*' \
    ! -name rankscope.1 2>/dev/null | sort)
D    := $(DESTDIR)

install: $(BIN) ## install under DESTDIR= PREFIX=/usr/local
	@mkdir -p '$(D)$(PREFIX)/bin' '$(D)$(PREFIX)/share/man/man1'
	@install -m 755 $(BIN) '$(D)$(PREFIX)/bin/rankscope'
	@install -m 644 assets/rankscope.1 '$(D)$(PREFIX)/share/man/man1/'
	@for f in $(DATA); do \
	    mkdir -p "$(D)$(DATADIR)/$${f%/*}" \
	    && install -m 644 "$$f" "$(D)$(DATADIR)/$$f" || exit 1; done
	@echo "installed $(D)$(PREFIX)/bin/rankscope"

uninstall: ## remove what install put there
	rm -f '$(D)$(PREFIX)/bin/rankscope' \
	    '$(D)$(PREFIX)/share/man/man1/rankscope.1'
	rm -rf '$(D)$(DATADIR)'

format: ## run clang-format over all sources
	@find core analysis experiments tui tests -name '*.[ch]' \
	    -exec clang-format -i {} +

clean: ## remove build/
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / \
	    { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo "  BUILD=release|debug|asan|tsan  PORTABLE=1  MPI=1  WERROR=  CC=  ARGS="

FORCE:
.PHONY: all run bench check check-unit fuzz fuzzers fuzz-seeds check-asan check-tsan check-layers \
    check-chroot objects one-test install uninstall format clean help FORCE
