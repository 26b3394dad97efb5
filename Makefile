# How jwt_ext is built, tested and installed. `make help` lists the targets and the settings.
#
# GNU make 3.81 or later. Everything that is built goes to build/<profile>/, but for the extension
# itself, which is copied to the top of the tree so that `.load ./jwt_ext` works from there.
# New files in src/ and tests/ join in by where they are: nothing here lists them.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ---------------------------------------------------------------- settings, each open to the user
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share
DESTDIR ?=
CFLAGS  ?= -O2 -g
WERROR  ?= yes
DEPS    ?= yes
SQLITE3 ?= sqlite3
PKG_CONFIG ?= pkg-config
SANITIZE   ?=
COVERAGE   ?=
LTO     ?= yes
SUITE      ?=
MUTANTS    ?=
SKIP_SUITES ?=
CJSON_SRC  ?=
LIBCRYPTO_A ?=
PYTHON3 ?= python3
V ?=

VERSION := $(shell cat VERSION)
LINKAGE := shared
SYSTEM  := $(if $(filter Windows_NT,$(OS)),Windows,$(shell uname -s))
comma := ,
empty :=
space := $(empty) $(empty)

# ---------------------------------------------------------------- profile: one folder for each kind of build
instrumented := $(strip $(SANITIZE)$(COVERAGE))
PROFILE := $(if $(SANITIZE),sanitize-$(subst $(comma),-,$(SANITIZE)),$(if $(COVERAGE),coverage,release))
PROFILE := $(PROFILE)$(if $(filter-out cc,$(CC)),-$(notdir $(firstword $(CC))))
BUILD := build/$(PROFILE)

# ---------------------------------------------------------------- flags
# pkg-config is asked when a recipe first needs the answer, not while this file is read: on a new
# machine it is only there after `deps` has run. The answer is then kept ($(eval) replaces the variable).
pkg_flags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs  = $(or $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null),$(2))
PKG_CFLAGS   = $(eval PKG_CFLAGS := $$(call pkg_flags,libcrypto) $$(call pkg_flags,libcjson) $$(call pkg_flags,sqlite3))$(PKG_CFLAGS)
CRYPTO_LIBS  = $(eval CRYPTO_LIBS := $$(call pkg_libs,libcrypto,-lcrypto))$(CRYPTO_LIBS)
CJSON_LIBS   = $(eval CJSON_LIBS := $$(call pkg_libs,libcjson,-lcjson))$(CJSON_LIBS)
JANSSON_LIBS = $(eval JANSSON_LIBS := $$(call pkg_libs,jansson))$(JANSSON_LIBS)
SQLITE_LIBS  = $(eval SQLITE_LIBS := $$(call pkg_libs,sqlite3,-lsqlite3))$(SQLITE_LIBS)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            $(if $(filter yes,$(WERROR)),-Werror)
DEFINES  := -DJWT_EXT_VERSION='"$(VERSION)"' -DJWT_EXT_LINKAGE='"$(LINKAGE)"'
HARDEN   := -fstack-protector-strong
# The checked string functions need an optimizing compiler, and their room is the sanitizers' work.
ifneq ($(and $(filter-out -O0 -Og,$(filter -O%,$(CFLAGS))),$(if $(instrumented),,yes)),)
HARDEN   += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifneq ($(SANITIZE),)
INSTRUMENT := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifneq ($(COVERAGE),)
INSTRUMENT := --coverage -fprofile-update=atomic -O0
endif

# gcc sees the extension as a whole when it is linked: about a twentieth of an HS256 verification. The
# objects carry machine code beside that, so that test programs are linked as ever. Asked for when first
# needed, like pkg-config.
lto_asked = $(CC) --version 2>/dev/null | grep -q 'Free Software' && \
    echo 'int one;' | $(CC) -flto=auto -ffat-lto-objects -x c -c -o /dev/null - 2>/dev/null && \
    echo -flto=auto -ffat-lto-objects
LTO_FLAGS = $(eval LTO_FLAGS := $(if $(and $(filter yes,$(LTO)),$(if $(instrumented),,yes)),$(shell $(lto_asked))))$(LTO_FLAGS)

# What one row runs is as large as a processor's first cache of instructions: no stub stands between a call
# and what is called (all symbols are bound at load in any case), and how a function lies in the lines of
# that cache does not depend on what comes before it. About a thirtieth of an HS256 verification.
ifeq ($(SYSTEM)$(instrumented),Linux)
LAYOUT_FLAGS := -fno-plt -falign-functions=64
endif

# The extension is strict C11; test programs may use POSIX beside it.
COMMON_FLAGS = $(CPPFLAGS) -I. -Isrc $(PKG_CFLAGS) $(CFLAGS) $(WARNINGS) $(HARDEN) $(INSTRUMENT)
SOURCE_FLAGS = -std=c11 -fPIC -fvisibility=hidden $(DEFINES) $(COMMON_FLAGS) $(LAYOUT_FLAGS) $(LTO_FLAGS)
TEST_FLAGS   = -std=gnu11 $(DEFINES) $(COMMON_FLAGS)
# Another JSON library, only for a second opinion: the fuzz targets do without where it is missing.
$(BUILD)/tests/fuzz/%.o: TEST_FLAGS += $(if $(JANSSON_LIBS),-DHAVE_JANSSON $(call pkg_flags,jansson))

ifeq ($(SYSTEM),Darwin)
LIBRARY := jwt_ext.dylib
brew_roots := $(wildcard /opt/homebrew/opt /usr/local/opt)
export PKG_CONFIG_PATH := $(PKG_CONFIG_PATH)$(foreach r,$(brew_roots),:$(r)/openssl@3/lib/pkgconfig:$(r)/sqlite/lib/pkgconfig:$(r)/cjson/lib/pkgconfig)
export PATH := $(subst $(space),,$(foreach r,$(brew_roots),$(r)/sqlite/bin:))$(PATH)
SHARED_FLAGS := -dynamiclib -Wl,-exported_symbol,_sqlite3_jwtext_init -Wl,-exported_symbol,_sqlite3_jwtverify_init
else ifeq ($(SYSTEM),Windows)
# Untested: MSYS2's gcc. The entry points mark themselves with dllexport.
LIBRARY := jwt_ext.dll
SHARED_FLAGS := -shared -static-libgcc
HARDEN :=
else
LIBRARY := jwt_ext.so
SHARED_FLAGS := -shared -Wl,--version-script=jwt_ext.map -Wl,--exclude-libs,ALL -Wl,-Bsymbolic \
                -Wl,-z,relro -Wl,-z,now $(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs)
DL_LIBS := -ldl
endif
SYSTEM_LIBS := -lm
TEST_LIBS = $(CRYPTO_LIBS) $(SYSTEM_LIBS) $(DL_LIBS) -lpthread

# ---------------------------------------------------------------- sources and what becomes of them
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

SOURCES      := $(wildcard jwt_ext.c src/jose/*.c src/sqlite/*.c)
OBJECTS      := $(call objects,$(SOURCES))
JOSE_OBJECTS := $(filter $(BUILD)/src/jose/%,$(OBJECTS))
JOSE_ARCHIVE := $(BUILD)/libjose.a

# In a folder of tests a file with a `main` is a program, and the others are linked with each program
# of the folder. (bench/run builds its own, so that it can be run against any extension.)
folders       := $(patsubst %/,%,$(sort $(dir $(wildcard tests/*/*.c))))
has_valgrind  := $(wildcard /usr/include/valgrind/memcheck.h /usr/local/include/valgrind/memcheck.h)
mains         := $(if $(folders),$(shell grep -l '^int main' $(folders:%=%/*.c)))
programs       = $(patsubst %.c,$(BUILD)/%,$(filter $(1:%=%/%),$(mains)))
support        = $(call objects,$(filter-out $(mains),$(wildcard $(1)/*.c)))

UNIT_PROGRAMS   := $(call programs,tests/unit)
SQL_PROGRAMS    := $(call programs,tests/sql)
VECTOR_PROGRAMS := $(call programs,tests/vectors)
SCRIPT_SUITES   := $(filter-out unit sql vectors,$(patsubst tests/%/run,%,$(wildcard tests/*/run)))
SCRIPT_PROGRAMS := $(filter-out $(if $(has_valgrind),,%/constant_time/marked),$(foreach suite,$(SCRIPT_SUITES),$(call programs,tests/$(suite))))
TEST_PROGRAMS   := $(UNIT_PROGRAMS) $(SQL_PROGRAMS) $(VECTOR_PROGRAMS) $(SCRIPT_PROGRAMS)

# ---------------------------------------------------------------- build
# A command is shown by one word and its file; V=1 shows it whole.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

.PHONY: all deps test test-all test-programs lint format demo inspect webapp bench bench-peers coverage install uninstall clean help FORCE \
        deps-selfcontained amalgamation selfcontained static install-static uninstall-static packages

# An instrumented build stays in its folder: the stock sqlite3 shell could not load it.
ifeq ($(instrumented),)
BUILT := $(LIBRARY)
LOAD_PATH := ./jwt_ext
else
BUILT := $(BUILD)/$(LIBRARY)
LOAD_PATH := ./$(BUILD)/jwt_ext
endif

all: $(BUILT)

deps:
	@DEPS='$(DEPS)' CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' PKG_CONFIG='$(PKG_CONFIG)' SQLITE3='$(SQLITE3)' sh tools/install-deps build

# A record is a file that changes only when its text does: what depends on it is remade then.
# (Compiler and flags for the objects; the list of objects for what is linked of them.)
quoted = '$(subst ','\'',$(strip $(1)))'
record = @mkdir -p $(@D); printf '%s\n' $(call quoted,$(1)) | cmp -s - $@ || printf '%s\n' $(call quoted,$(1)) >$@

$(BUILD)/flags: FORCE | deps
	$(call record,$(CC) $(SOURCE_FLAGS) $(TEST_FLAGS) $(SHARED_FLAGS) $(LDFLAGS) $(CRYPTO_LIBS) $(CJSON_LIBS))

$(BUILD)/sources: FORCE
	$(call record,$(SOURCES))

$(OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/flags | deps
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(SOURCE_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/$(LIBRARY): $(OBJECTS) $(BUILD)/sources jwt_ext.map
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LAYOUT_FLAGS) $(LTO_FLAGS) $(INSTRUMENT) $(LDFLAGS) $(SHARED_FLAGS) -o $@ $(OBJECTS) $(CRYPTO_LIBS) $(CJSON_LIBS) $(SYSTEM_LIBS)

# Replaced by renaming, never written in place: a running host may have it mapped.
$(LIBRARY): $(BUILD)/$(LIBRARY) FORCE
	@cmp -s $< $@ || { cp $< $@.new && mv $@.new $@; }

$(JOSE_ARCHIVE): $(JOSE_OBJECTS) $(BUILD)/sources
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(JOSE_OBJECTS)

# ---------------------------------------------------------------- other links of the same source
# All of the source and cJSON become one C file, in which everything is static but the entry points
# (tools/amalgamate). The self-contained extension and the static library are made of that.
AMALGAMATION := build/amalgamation/jwt_ext.c
SELFCONTAINED := build/selfcontained/$(LIBRARY)
STATIC_LIBRARY := build/static/libjwt_ext.a
# Since Debian 13 libcrypto.a compresses certificates with libzstd: its archive goes in, too, where there is one.
crypto_archives = $(wildcard $(foreach l,$(filter-out -lcrypto -ldl -lpthread,$(filter -l%,$(shell $(PKG_CONFIG) --static --libs libcrypto 2>/dev/null))), \
    $(shell $(CC) -print-file-name=lib$(l:-l%=%).a)))
STATIC_CRYPTO = $(or $(LIBCRYPTO_A),$(shell $(PKG_CONFIG) --variable=libdir libcrypto 2>/dev/null)/libcrypto.a) $(crypto_archives)
# Without traps, floor() is a few instructions instead of the only need of libm.
ONE_FILE_FLAGS = -std=c11 -fPIC -fvisibility=hidden -fno-math-errno -fno-trapping-math -Wall -Wextra \
    $(if $(filter yes,$(WERROR)),-Werror) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(HARDEN)
SELFCONTAINED_DEFINES := -DJWT_EXT_LINKAGE='"selfcontained"' -DJWT_EXT_OWN_OPENSSL
# It stays in memory once it is loaded: OpenSSL leaves threads with destructors that are code of its own.
SELFCONTAINED_FLAGS = $(SHARED_FLAGS) $(if $(filter Linux,$(SYSTEM)),-Wl$(comma)-z$(comma)nodelete -Wl$(comma)--as-needed)

amalgamation: $(AMALGAMATION)
selfcontained: $(SELFCONTAINED)
static: $(STATIC_LIBRARY) build/static/jwt_ext.h build/static/jwt_ext.pc

deps-selfcontained:
	@DEPS='$(DEPS)' CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' PKG_CONFIG='$(PKG_CONFIG)' SQLITE3='$(SQLITE3)' \
	    PYTHON3='$(PYTHON3)' sh tools/install-deps build selfcontained

build/cjson/version: FORCE | deps-selfcontained
	@CJSON_SRC='$(CJSON_SRC)' tools/cjson-source build/cjson

$(AMALGAMATION): tools/amalgamate VERSION LICENSE $(SOURCES) $(wildcard src/*/*.h) build/cjson/version
	$(call say,ONE,$@)$(PYTHON3) tools/amalgamate build/cjson $(@D)

build/one-file-flags: FORCE
	$(call record,$(CC) $(ONE_FILE_FLAGS) $(SELFCONTAINED_DEFINES) $(SELFCONTAINED_FLAGS) $(LDFLAGS) $(STATIC_CRYPTO))

build/selfcontained/jwt_ext.o: $(AMALGAMATION) build/one-file-flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ONE_FILE_FLAGS) $(SELFCONTAINED_DEFINES) -c -o $@ $<

$(SELFCONTAINED): build/selfcontained/jwt_ext.o jwt_ext.map
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $(SELFCONTAINED_FLAGS) -o $@.new $< $(STATIC_CRYPTO) $(SYSTEM_LIBS) && mv $@.new $@

build/static/jwt_ext.o: $(AMALGAMATION) build/one-file-flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ONE_FILE_FLAGS) -DSQLITE_CORE -c -o $@ $<

$(STATIC_LIBRARY): build/static/jwt_ext.o
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $<

build/static/jwt_ext.h: $(AMALGAMATION)
	@mkdir -p $(@D)
	@cp build/amalgamation/jwt_ext.h $@

# As it lies here it leads to its own folder; `make install-static` puts the real ones in.
build/static/jwt_ext.pc: packaging/jwt_ext.pc.in VERSION
	@mkdir -p $(@D)
	@sed 's|@version@|$(VERSION)|; s|@libdir@|$${pcfiledir}|; s|@includedir@|$${pcfiledir}|' $< >$@

# What each is made of and for: packaging/build.
packages: $(BUILT) selfcontained
	@PYTHON3='$(PYTHON3)' packaging/build

# ---------------------------------------------------------------- programs of tests
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags | deps
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(TEST_FLAGS) -MMD -MP -c -o $@ $<

link = $(CC) $(CFLAGS) $(if $(LTO_FLAGS),-fno-lto) $(INSTRUMENT) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)
ALL_LIBS = $(SQLITE_LIBS) $(CJSON_LIBS) $(TEST_LIBS)

.SECONDEXPANSION:
$(TEST_PROGRAMS): $(BUILD)/%: $(BUILD)/%.o $$(call support,$$(subst $(BUILD)/,,$$(@D)))

# The faults share the harness of the revocation table.
$(call programs,tests/faults): $(BUILD)/tests/revocation/harness.o

# Without SQLite at hand: this proves that src/jose does not need it.
$(filter $(BUILD)/tests/unit/test_%,$(UNIT_PROGRAMS)): $(JOSE_ARCHIVE)
	$(call say,LINK,$@)$(link) $(CJSON_LIBS) $(TEST_LIBS)

$(filter-out $(BUILD)/tests/unit/test_%,$(UNIT_PROGRAMS)) $(VECTOR_PROGRAMS): $(JOSE_ARCHIVE)
	$(call say,LINK,$@)$(link) $(ALL_LIBS)

# The fuzz targets have all of it in one program: nothing is loaded, and every line is instrumented.
FUZZ_PROGRAMS := $(filter $(BUILD)/tests/fuzz/%,$(SCRIPT_PROGRAMS))
FUZZ_LIBS = $(ALL_LIBS) $(JANSSON_LIBS)
$(FUZZ_PROGRAMS): $(OBJECTS) $(BUILD)/sources
	$(call say,LINK,$@)$(link) $(FUZZ_LIBS)

# What becomes of secrets is watched within src/jose, and needs valgrind's headers where it is not timed.
TIME_PROGRAMS := $(filter $(BUILD)/tests/constant_time/%,$(SCRIPT_PROGRAMS))
$(BUILD)/tests/constant_time/marked: LDFLAGS += -Wl,--wrap=secure_equal
$(TIME_PROGRAMS): $(JOSE_ARCHIVE)
	$(call say,LINK,$@)$(link) $(CJSON_LIBS) $(TEST_LIBS)

# These know the extension only as SQLite's users do.
$(SQL_PROGRAMS) $(filter-out $(FUZZ_PROGRAMS) $(TIME_PROGRAMS),$(SCRIPT_PROGRAMS)):
	$(call say,LINK,$@)$(link) $(SQLITE_LIBS) $(TEST_LIBS)

-include $(wildcard $(OBJECTS:.o=.d) $(BUILD)/tests/*/*.d)
.SECONDARY:

# ---------------------------------------------------------------- tests
# What every suite is told; tests/run explains each.
suite_environment = BUILD='$(BUILD)' JWT_EXT='$(LOAD_PATH)' SQLITE3='$(SQLITE3)' CC='$(CC)' \
    SANITIZE='$(SANITIZE)' INSTRUMENTED='$(instrumented)' SKIP_SUITES='$(SKIP_SUITES)' \
    LINT_FLAGS=$(call quoted,-std=c11 $(DEFINES) -I. -Isrc $(PKG_CFLAGS))

test-programs: $(TEST_PROGRAMS)

test: $(BUILT) test-programs
	@$(suite_environment) sh tests/run $(SUITE)

test-all: $(BUILT) test-programs
	@JWT_TEST_ALL=1 $(suite_environment) sh tests/run $(SUITE)

lint: $(BUILT)
	@$(suite_environment) sh tools/lint

# Breaks the code in one way after the other, and sees that tests notice: tests/mutants/README.md.
.PHONY: mutants
mutants: $(BUILT) test-programs
	@JWT_TEST_ALL=1 MUTANTS='$(MUTANTS)' $(suite_environment) tests/mutants/run

format:
	clang-format -i $(wildcard jwt_ext.c src/*/*.[ch] tests/*/*.[ch] bench/*/*.[ch] bench/*/*/*.[ch])

# What of src/ the tests in C and SQL reach, a row a file; and whether each outcome that they do not is argued.
coverage_suites := unit sql vectors attacks constant_time explain faults fuzz revocation store threads
coverage:
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	@FAULTS_MOST=12 $(MAKE) --no-print-directory COVERAGE=1 SUITE='$(coverage_suites)' test
	@sh tools/coverage build/coverage
	@tools/branches build/coverage tests/unreached.list

# gcc's and clang's path-sensitive analyzers over src/.
analyze:
	@$(suite_environment) sh tools/analyze

# The suites whose programs are ours under valgrind's memcheck (slow; SUITE names some).
valgrind: $(BUILT) test-programs
	@sh tools/install-deps valgrind
	@$(suite_environment) VALGRIND=1 SUITE_SECONDS='$(or $(SUITE_SECONDS),7200)' sh tests/run $(or $(SUITE),unit sql vectors attacks fuzz)

# libFuzzer (clang): each target for so many seconds, or one of them.
.PHONY: fuzz analyze valgrind
FUZZ_BUILD := build/sanitize-fuzzer-no-link-address-undefined-clang
fuzz:
	@DEPS='$(DEPS)' sh tools/install-deps fuzz
	@$(MAKE) --no-print-directory CC=clang SANITIZE=fuzzer-no-link,address,undefined \
	    $(FUZZ_BUILD)/tests/fuzz/fuzz $(FUZZ_BUILD)/tests/fuzz/replay
	@BUILD=$(FUZZ_BUILD) sh tests/fuzz/hunt '$(or $(TIME),60)' $(TARGET)

$(BUILD)/tests/fuzz/fuzz: $(call support,tests/fuzz) $(OBJECTS) $(BUILD)/sources
	$(call say,LINK,$@)$(link) -fsanitize=fuzzer $(FUZZ_LIBS)

demo: $(BUILT)
	@$(SQLITE3) -batch :memory: <sql/demo.sql

# The token goes by the environment: no shell ever reads it as a word of a command.
inspect: export TOKEN KEY OPTIONS
inspect: $(BUILT)
	@SQLITE3='$(SQLITE3)' tools/inspect "$$TOKEN" "$$KEY" "$$OPTIONS"

# Python 3.7 or later whose sqlite3 loads extensions; without one the application itself says what is missing.
able_python = $(or $(PYTHON),$(shell for p in python3 /usr/bin/python3; do \
    $$p -c 'import sqlite3; sqlite3.Connection.enable_load_extension' 2>/dev/null && echo $$p && break; done),python3)

# The token store on a real rqlite cluster of three nodes on loopback (tests/cluster): proven, or shown.
.PHONY: cluster test-cluster
cluster: $(BUILT)
	@MAKE='$(MAKE)' $(suite_environment) tests/cluster/run story

test-cluster: $(BUILT)
	@MAKE='$(MAKE)' $(suite_environment) V=1 sh tests/run cluster

# From an empty database, each time.
webapp: $(BUILT)
	@rm -rf build/webapp
	$(able_python) -B examples/webapp/server.py --data build/webapp --extension '$(LOAD_PATH)' --port $(or $(PORT),8000)

bench: $(BUILT)
	@$(suite_environment) bench/run

# What cannot be installed or does not run is skipped with the reason.
bench-peers: $(BUILT)
	@DEPS='$(DEPS)' sh tools/install-deps peers || true
	@$(suite_environment) bench/peers/run

# ---------------------------------------------------------------- installing
EXTENSION_DIR := $(DESTDIR)$(LIBDIR)/sqlite3
SHARE_DIR     := $(DESTDIR)$(DATADIR)/jwt_ext
DOC_DIR       := $(DESTDIR)$(DATADIR)/doc/jwt_ext

install: $(LIBRARY)
	install -d '$(EXTENSION_DIR)' '$(SHARE_DIR)' '$(DOC_DIR)/docs'
	install -m 755 $(LIBRARY) '$(EXTENSION_DIR)/$(LIBRARY)'
	for folder in $$(find sql -type d 2>/dev/null); do install -d "$(SHARE_DIR)/$$folder" || exit 1; done
	for file in $$(find sql -type f 2>/dev/null); do install -m 644 "$$file" "$(SHARE_DIR)/$$file" || exit 1; done
	for file in $(wildcard LICENSE README.md CHANGELOG.md docs/*.md docs/*.svg); do install -m 644 "$$file" "$(DOC_DIR)/$$file" || exit 1; done

install-static: static
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(PREFIX)/include'
	install -m 644 $(STATIC_LIBRARY) '$(DESTDIR)$(LIBDIR)/libjwt_ext.a'
	install -m 644 build/static/jwt_ext.h '$(DESTDIR)$(PREFIX)/include/jwt_ext.h'
	sed 's|@version@|$(VERSION)|; s|@libdir@|$(LIBDIR)|; s|@includedir@|$(PREFIX)/include|' packaging/jwt_ext.pc.in \
	    >'$(DESTDIR)$(LIBDIR)/pkgconfig/jwt_ext.pc'

uninstall-static:
	rm -f '$(DESTDIR)$(LIBDIR)/libjwt_ext.a' '$(DESTDIR)$(PREFIX)/include/jwt_ext.h' '$(DESTDIR)$(LIBDIR)/pkgconfig/jwt_ext.pc'

# The folders of its own go whole, the shared one only if nothing else is in it.
uninstall:
	rm -f '$(EXTENSION_DIR)/$(LIBRARY)'
	rm -rf '$(SHARE_DIR)' '$(DOC_DIR)'
	-rmdir '$(EXTENSION_DIR)' 2>/dev/null || true

clean:
	rm -rf build jwt_ext.so jwt_ext.dylib jwt_ext.dll

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

#: make             build ./jwt_ext (.so, .dylib or .dll); installs missing packages first
#: make selfcontained  build/selfcontained/jwt_ext.so: needs the C library alone (OpenSSL and cJSON are in it)
#: make static      build/static/: libjwt_ext.a, jwt_ext.h, jwt_ext.pc, to link into a program
#: make amalgamation  build/amalgamation/: one C file and one header
#:                    CJSON_SRC=folder  cJSON's source, else the distribution's   LIBCRYPTO_A=file
#: make packages    build/packages/: wheel, npm packages, Rust crate, Go module, Debian package, sqlpkg archive
#: make demo        build, then run sql/demo.sql in the sqlite3 shell
#: make inspect     TOKEN=eyJ... [KEY=file] [OPTIONS=json]: what a token is, and why it is refused
#: make webapp      examples/webapp on http://127.0.0.1:8000/ (PORT=8000), with an empty database
#: make test        build, then run every test suite and lint
#:                    SUITE="unit sql"    only these        SKIP_SUITES="interop"   all but these
#:                    V=1                 show what the suites print, and the compiler's commands
#: make test-all    the same with the long sweeps, and with the suites that fetch what others wrote
#: make cluster     the story on a rqlite cluster of three nodes on loopback (needs Go 1.24)
#: make test-cluster  the same proven, with nodes that are killed and cut off
#: make mutants     break the code on purpose, and see that tests notice (MUTANTS="name name": these)
#: make lint        the checks of the source alone (format, clang-tidy, cppcheck, invariants)
#: make format      lay the source out with clang-format
#: make coverage    which lines and outcomes the tests reach, and whether the others are argued (gcc)
#: make analyze     gcc's and clang's analyzers over src/
#: make valgrind    the suites under valgrind (SUITE="sql attacks")
#: make fuzz        hunt with libFuzzer (clang): TIME=60 seconds for each target, TARGET="keys text"
#: make bench       measure against plain OpenSSL and SQLite; writes docs/bench.json and its charts
#:                    BENCH_QUICK=1       fewer rounds, writes to build/ alone (more settings: bench/run)
#:                  bench/scaling/run: figures of docs/scaling.md (needs Go); bench/scaling/lag.py: revocation lag, simulated
#: make bench-peers the same tokens in other JWT software; writes docs/bench-peers.json and its chart
#: make install     PREFIX=/usr/local  LIBDIR=$PREFIX/lib  DATADIR=$PREFIX/share  DESTDIR=
#:                    $LIBDIR/sqlite3/jwt_ext.so, $DATADIR/jwt_ext/sql/, $DATADIR/doc/jwt_ext/
#: make uninstall   the same settings
#: make install-static, uninstall-static   $LIBDIR/libjwt_ext.a, its header and pkg-config file
#: make clean       remove what was built
#:
#: Settings: CC=clang  CFLAGS="-O2 -g"  LTO=no  WERROR=no (for packagers)  DEPS=no (install nothing)
#:           SANITIZE=address,undefined  COVERAGE=1  SQLITE3=/path/to/sqlite3
