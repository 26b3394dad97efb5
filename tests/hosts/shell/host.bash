#!/usr/bin/env bash
# Host: the sqlite3 shell, two of them at once. What it is given and prints: tests/hosts/README.md.
set -u
database=$1 extension=$2 scenario=$3
shift 3
declare -A variables to from
passed=0 failed=0
for pair; do variables[${pair%%=*}]=${pair#*=}; done

quote() { printf "'%s'" "${1//\'/\'\'}"; }

for name in a b; do
    coproc SHELL_OF { "${SQLITE3:-sqlite3}" -batch -init /dev/null "$database" 2>&1; }
    exec {to[$name]}>&"${SHELL_OF[1]}" {from[$name]}<&"${SHELL_OF[0]}" 2>/dev/null
    printf '%s\n' '.timeout 10000' 'PRAGMA journal_mode = WAL;' ".load $extension" '.parameter init' >&"${to[$name]}"
done 2>/dev/null

# Sends lines to a shell; `answer` is what it says.
ask() { # name, line...
    local name=$1 line
    shift
    printf '%s\n' "$@" '.print END' >&"${to[$name]}"
    answer=
    while IFS= read -r line <&"${from[$name]}" && [[ $line != END ]]; do
        answer+=${answer:+ / }$line
    done
}

judge() { # title, found, wanted
    if [[ $2 = "$3" ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n    found:  %s\n    wanted: %s\n' "$@"
    fi
}

ask a
ask b
while IFS= read -r line; do
    [[ -n $line && $line != '#'* ]] || continue
    # A tab as separator would swallow empty fields.
    IFS=$'\x1f' read -r name action value text <<<"${line//$'\t'/$'\x1f'}"
    [[ $value != :* ]] || value=${variables[${value#:}]}
    assignments='DELETE FROM temp.sqlite_parameters; INSERT INTO temp.sqlite_parameters VALUES '
    for variable in "${!variables[@]}"; do
        assignments+="(':$variable', $(quote "${variables[$variable]}")), "
    done
    case $text in
    @*) ask "$name" "${assignments%, };" ".read ${text#@}" ;;
    *) ask "$name" "${assignments%, };" "$text;" ;;
    esac
    case $action in
    is) judge "$text" "$answer" "$value" ;;
    script) judge "$text" "$answer" '' ;;
    fails) judge "$text" "$([[ $answer = *rror*"$value"* ]] && echo fails)" fails ;;
    show) echo "$value: $answer" ;;
    keep)
        IFS='|' read -r -a cells <<<"${answer%% / *}"
        place=0
        for variable in ${value//,/ }; do
            unset "variables[$variable]"
            [[ -z ${cells[place]:-} ]] || variables[$variable]=${cells[place]}
            place=$((place + 1))
        done
        judge "$text" "$([[ -n $answer && $answer != *rror:* ]] && echo kept)" kept ;;
    esac
done <"$scenario"
echo "$passed passed, $failed failed"
