# segmill. Two commands do everything:   make demo    make test
# All targets: make help
#
# One file, no recursion. Everything built goes to build/<flavor>/, so that a
# sanitized build never mixes with a release one:  make FLAVOR=asan test

FLAVOR ?= release
B      := build/$(FLAVOR)
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^\#define SEGMILL_VERSION "\(.*\)"/\1/p' include/segmill/version.h)

MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
.SUFFIXES:

CC  = gcc
CXX = g++
# gcc's OpenMP is opaque to the thread sanitizer; libFuzzer is clang's
ifneq ($(filter clang tsan fuzz,$(FLAVOR)),)
CC  = clang
CXX = clang++
endif

CPPFLAGS += -Iinclude -Isrc -I. -D_GNU_SOURCE
CFLAGS   += -std=gnu2x -g -fPIC -fopenmp -ffp-contract=off -fvisibility=hidden -MMD -MP \
            -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Werror

CFLAGS_release  := -O3
CFLAGS_debug    := -O0
CFLAGS_asan     := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan     := -O1 -fsanitize=thread
CFLAGS_coverage := -O0 --coverage -DSEG_COVERAGE
CFLAGS_clang    := -O2
CFLAGS_fuzz     := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                   -fno-omit-frame-pointer
CFLAGS          += $(CFLAGS_$(FLAVOR))

# Packages are looked for only when something is built, so that `make demo` can
# install them first.
PACKAGES   := hdf5-serial libdeflate zlib libzstd libcrypto libxxhash
PKG_CFLAGS  = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS    = $(shell pkg-config --libs $(PACKAGES)) -lm -ldl -lpthread

# ---- library ---------------------------------------------------------------

ISA        := base
ifneq ($(filter x86_64%,$(shell uname -m)),)
ISA        := base v3 v4
endif
CFLAGS_v3  := -march=x86-64-v3
CFLAGS_v4  := -march=x86-64-v4 -mprefer-vector-width=512

SRC     := $(wildcard src/base/*.c src/data/*.c src/kernels/*.c \
                      src/models/*.c src/render/*.c src/jobs/*.c)
ISA_SRC := $(wildcard src/kernels/isa/*.c src/data/isa/*.c)
OBJ     := $(SRC:%.c=$(B)/%.o) \
           $(foreach i,$(ISA),$(ISA_SRC:%.c=$(B)/%.$(i).o))
CLI_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard src/cli/*.c))

all: $(B)/segmill $(B)/libsegmill.a $(B)/libsegmill.so $(B)/make-data  ## the program and the library

$(B)/libsegmill.a: $(OBJ)
	@rm -f $@
	@echo "  ar      $@"
	@$(AR) qcs $@ $^

$(B)/libsegmill.so: $(OBJ)
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -shared -Wl,-soname,libsegmill.so.0 -Wl,--no-undefined -o $@ $^ $(PKG_LIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  cc      $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -c -o $@ $<

define isa_rule
$$(B)/%.$(1).o: %.c Makefile
	@mkdir -p $$(@D)
	@echo "  cc      $$< ($(1))"
	@$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(CFLAGS_$(1)) -DSEG_ISA_SUFFIX=$(1) -c -o $$@ $$<
endef
$(foreach i,$(ISA),$(eval $(call isa_rule,$(i))))

# Within the program, where there is one: src/cli/idle.c tells why.
ifeq ($(CC),gcc)
LIBGOMP  = $(wildcard $(shell $(CC) -print-file-name=libgomp.a))
endif

$(B)/segmill: $(CLI_OBJ) $(B)/libsegmill.a
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -o $@ $^ $(LIBGOMP) $(PKG_LIBS)

# The sample shop of make demo, the tests and the benchmarks, and the table of bench/churn.
$(B)/make-data: $(patsubst %,$(B)/scripts/%.o,make-data shop churn) $(B)/libsegmill.a
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -o $@ $^ $(PKG_LIBS)

# ---- benchmarks ------------------------------------------------------------

BENCH := $(patsubst %.c,$(B)/%,$(wildcard bench/kernels/bench_*.c) $(wildcard bench/data/*.c) \
                               $(wildcard bench/kmeans/*.c) $(wildcard bench/churn/*.c) \
                               $(wildcard bench/rules/*.c)) \
         $(B)/bench/measure

$(BENCH): $(B)/%: $(B)/%.o $(B)/bench/bench.o $(B)/bench/limits.o $(B)/libsegmill.a
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -o $@ $^ $(PKG_LIBS)

# ---- tests -----------------------------------------------------------------

TEST_SRC := $(wildcard tests/unit/*/test_*.c tests/kernels/test_*.c tests/property/test_*.c \
                       tests/fault/test_*.c tests/fuzz/test_*.c)
TESTS    := $(TEST_SRC:%.c=$(B)/%)
SUPPORT  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))
# Programs that other tests run.
SUBJECTS := $(B)/tests/fault/publish_demo

$(TESTS) $(SUBJECTS): $(B)/%: $(B)/%.o $(SUPPORT) $(B)/libsegmill.a
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

# One input is the same function for libFuzzer (make fuzz) and for the corpus (make test).
FUZZ_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS  := $(FUZZ_OBJ:$(B)/tests/fuzz/fuzz_%.o=$(B)/tests/fuzz/%)

$(B)/tests/fuzz/test_corpus: $(FUZZ_OBJ)

$(B)/tests/fuzz/%.target.o: tests/fuzz/target.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -DFUZZ_TARGET=fuzz_$* -c -o $@ $<

$(FUZZERS): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.target.o $(FUZZ_OBJ) $(B)/libsegmill.a
	@echo "  link    $@"
	@$(CC) $(CFLAGS) -fsanitize=fuzzer -rdynamic -o $@ $^ $(PKG_LIBS)

setup:  ## install what is missing (apt)
	@scripts/setup

demo:  ## install what is missing, build, make a sample shop, run the main job
	@scripts/setup build
	@$(MAKE) --no-print-directory all
	@scripts/demo $(B)/segmill

test:  ## the tests of every change: units, kernels, properties, cases, interop
	@scripts/setup test
	@$(MAKE) --no-print-directory test-build
	@tests/run $(B) $(TESTS)

test-build: all $(TESTS) $(SUBJECTS) $(BENCH)
	@:

check-all:  ## everything: test, sanitizers, clang, faults, kills, fuzzing (long)
	@scripts/check-all

fuzz: all  ## FUZZ_SECONDS (60) of each fuzzer; what it finds goes to build/fuzz/finds
	@$(MAKE) --no-print-directory FLAVOR=fuzz fuzz-build
	@tests/fuzz/run $(or $(FUZZ_SECONDS),60)

fuzz-build: $(FUZZERS)
	@:

headers:  ## each public header compiles alone, as C11 and as C++17
	@scripts/check-headers

floors:  ## no floor includes one above it
	@scripts/check-floors

bench-build: all $(BENCH)

bench: bench-build  ## time kernels and whole jobs
	@bench/run $(B)

peers: bench-build  ## the same work by other programs (Python packages go to build/peers)
	@bench/run $(B) peers

bench-data: bench-build  ## the data layer beside duckdb, polars, pandas, in build/big (SIZE=BYTES)
	@bench/data/run $(B)

bench-kmeans: bench-build  ## k-means beside scikit-learn, FAISS, oneDAL; 15 minutes (SIZE=ROWS to try it)
	@bench/kmeans/run $(B)

bench-churn: bench-build  ## trees beside LightGBM, XGBoost, scikit-learn (SIZE=ROWS to try it)
	@bench/churn/run $(B)

bench-rules: bench-build  ## itemsets, rules and offers beside pyfim and mlxtend (SIZE=PAIRS to try it)
	@bench/rules/run $(B)

quality: all  ## figures of the methods on known data: tests/golden/quality.csv (UPDATE=1 writes it)
	@FULL=1 TEST_SECONDS=3600 ONLY=interop/quality tests/run $(B)

install: all  ## program, library, headers, pkg-config, man page: make install PREFIX=...
	@scripts/install $(B) "$(DESTDIR)$(PREFIX)" "$(PREFIX)" "$(VERSION)"

format:  ## lay out the sources with clang-format
	@clang-format -i $$(git ls-files '*.c' '*.h')

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  \1\t\2/p' Makefile | expand -t 14

clean:  ## remove everything built
	rm -rf build

.PHONY: all setup demo test test-build check-all headers floors fuzz fuzz-build bench \
        bench-build bench-data bench-kmeans bench-churn bench-rules quality peers \
        install format help clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
