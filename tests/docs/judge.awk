# Judges what the shell printed for the examples of one file, part by part (see examples.awk).
#
#   awk -v name=FILE.md -v errors=STDERR -f judge.awk PLAN STDOUT
#
# Prints a line for each part that is wrong, and last `NUMBER passed, NUMBER failed`. Parts that must
# print nothing, and do, are not counted: they only prepare.

function wrong(part, text) {
    failed++
    print name ":" line_of[part] ": " text
}

# `Runtime error near line 7: jwt_sign: ...`, and as older shells have it `Error: near line 7: ...`.
function read_error(line,    number, part) {
    if (line !~ /^(Error:|Error|Runtime error|Parse error) near line [0-9]+: /) {
        # A parse error is followed by the statement, with an arrow below it.
        if (line !~ /^  / || !parse_error) stray = stray "\n    " line
        return
    }
    parse_error = line ~ /^Parse error/
    number = line
    sub(/^[^0-9]*/, "", number)
    sub(/:.*/, "", number)
    sub(/^[A-Za-z: ]*near line [0-9]+: /, "Error: ", line)
    sub(/ \([0-9]+\)$/, "", line)
    for (part = 1; part <= parts; part++) {
        if (number + 0 >= first[part] && number + 0 <= last[part]) {
            got[part] = got[part] line "\n"
            return
        }
    }
    stray = stray "\n    " line
}

FNR == 1 { file++ }

file == 1 && $1 == "part" {
    parts = $2
    line_of[$2] = $3
    first[$2] = $4
    last[$2] = $5
    next
}

file == 1 {
    number = $2
    sub(/^want [0-9]+ ?/, "")
    wanted[number] = wanted[number] $0 "\n"
    asked[number] = 1
    next
}

/^@@@ [0-9]+$/ {
    done = $2
    next
}

{
    sub(/[ \t\r]+$/, "")
    got[done + 1] = got[done + 1] $0 "\n"
}

END {
    while ((getline line <errors) > 0) read_error(line)
    for (part = 1; part <= parts; part++) {
        if (got[part] == wanted[part]) {
            if (asked[part]) passed++
            continue
        }
        wrong(part, "expected\n" wanted[part] "but there came\n" got[part])
    }
    if (stray != "") wrong(0, "the shell complained:" stray)
    if (done != parts) wrong(done + 1, "the shell stopped here")
    if (passed + failed == 0) wrong(0, "no example has an outcome")
    print passed + 0 " passed, " failed + 0 " failed"
}
