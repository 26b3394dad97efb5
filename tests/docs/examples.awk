# Takes the examples out of one Markdown file, for tests/docs/run to execute and to judge.
#
#   awk -v load=PATH -v script=FILE -v plan=FILE -f examples.awk FILE.md
#
# An example is a fenced block that says `sql`; the shell gets it line by line. What it must print
# stands where a reader looks for it, in one of two forms:
#
#   * as comments directly below the line that ends a statement:
#         SELECT jwt_verify(token, key) FROM login;
#         -- 1
#     A comment elsewhere (below a blank line, or above a statement) is a comment.
#   * as a block that says `text`, next after the `sql` block, for longer output.
#
# A statement with nothing of the kind below it must print nothing. An error is expected as
# `-- Error: jwt_sign: ...`, without the shell's own words in front of it. Blanks at line ends do not
# count. Blocks share one shell, from the top of the file to its end; each starts with `.mode list`.
#
# `script` gets what the shell is to read, with a marker line after each part that is judged for
# itself. `plan` gets, per part, one line `part NUMBER LINE FIRST LAST` (line in the Markdown, lines in
# the script) and one line `want NUMBER TEXT` per line that must come out.

function emit(line) {
    print line >script
    script_line++
}

function open_part() {
    parts++
    part_open = 1
    part_line = FNR
    part_first = script_line + 1
    wants = 0
}

function close_part() {
    if (!part_open) return
    print "part", parts, part_line, part_first, script_line >plan
    emit(".print @@@ " parts)
    part_open = 0
}

function want(text) {
    sub(/[ \t]+$/, "", text)
    print "want " parts " " text >plan
    wants++
}

function example_line(line) {
    if (line ~ /^--/ && (ended || wanting)) {
        wanting = 1
        sub(/^-- ?/, "", line)
        want(line)
        return
    }
    if (wanting) close_part()
    wanting = 0
    if (!part_open) open_part()
    if (line ~ /^\.load \.\/jwt_ext/) sub(/\.\/jwt_ext/, load, line)
    emit(line)
    ended = line ~ /;[ \t]*$/
}

BEGIN { inside = "" }

inside == "" && /^```/ {
    inside = substr($0, 4) == "" ? "other" : substr($0, 4)
    if (inside == "text" && after_sql) {
        inside = "output"
        if (wants > 0) problem = 1
    } else {
        close_part()
    }
    if (inside == "sql") {
        open_part()
        emit(".mode list")
        emit(".headers off")
        ended = wanting = 0
    }
    after_sql = 0
    next
}

inside != "" && /^```[ \t]*$/ {
    after_sql = inside == "sql"
    if (inside == "output") close_part()
    inside = ""
    next
}

inside == "sql" { example_line($0); next }
inside == "output" { want($0); next }
inside == "" && /[^ \t]/ { close_part(); after_sql = 0 }

END {
    close_part()
    if (inside != "") {
        print FILENAME ": a fenced block does not end" | "cat >&2"
        exit 1
    }
}
