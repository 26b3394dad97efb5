# How a suite in bash counts what it tries, for tests/versions, tests/fresh and tests/platforms. To be sourced.
#
# `must_run` not empty: what cannot be tried is a failure, not a skip.

# shellcheck shell=bash

passed=0 failed=0 skipped=0
must_run=

judge() { # title, whether it is so (0), what was seen
    if [[ $2 = 0 ]]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "FAILED: $1: $3"
    fi
}

leave_out() { # title, why
    if [[ -n $must_run ]]; then
        judge "$1: may not be skipped in CI" 1 "$2"
    else
        skipped=$((skipped + 1))
        echo "skipped: $1: $2"
    fi
}

# The account at the end of a log goes to the array `numbers` (passed, failed, skipped); whether it has that many
# passed at least, and none failed.
read_account() { # log, least
    read -ra numbers <<<"$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1 | tr -cd '0-9 ')"
    [[ ${numbers[0]:-0} -ge $2 && ${numbers[1]:-1} = 0 ]]
}

# Judges a suite that has run, and counts what it counted.
judge_account() { # title, log, when it began (SECONDS)
    local numbers
    read_account "$2" 1
    judge "$1" $? "${numbers[*]:-no account} (passed, failed, skipped); $2: $(tail -n 3 "$2" | cut -c1-300)"
    grep -aE -A 3 '^(FAILED|failed)' "$2" | head -n 20
    passed=$((passed + ${numbers[0]:-0}))
    printf '   %s passed, %s failed, %s skipped (%s s)\n' "${numbers[0]:-0}" "${numbers[1]:-?}" "${numbers[2]:-0}" \
        $((SECONDS - $3))
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [[ $failed = 0 ]]
    exit
}
