# Sourced by ./check: adds up what the test reports say.

weirlog_count_tests() { # prints "N passed, M failed, K skipped" of all reports that are newer than the file $1
    find . -path '*/target/surefire-reports/TEST-*.xml' -newer "$1" -exec grep -h '<testsuite ' {} + | awk '
        function count(name,    found) {
            if (!match($0, " " name "=\"[0-9]+\"")) return 0
            found = substr($0, RSTART, RLENGTH)
            gsub(/[^0-9]/, "", found)
            return found + 0
        }
        { tests += count("tests"); failed += count("failures") + count("errors"); skipped += count("skipped") }
        END { printf "%d passed, %d failed, %d skipped\n", tests - failed - skipped, failed, skipped }'
}
