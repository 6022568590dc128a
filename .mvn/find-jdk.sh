# Sourced by ./check and ./weirlog: exports JAVA_HOME of the first Java >= 25 that it finds.
# $1 is the program that must be in its bin folder: javac (to build) or java (to run).

weirlog_java_feature() { # prints the feature version that a Java home's release file states, or nothing
    [ -x "$1/bin/$2" ] && [ -r "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

weirlog_find_java() {
    program=$1
    on_path=$(command -v "$program" 2>/dev/null) &&
        on_path=$(readlink -f "$on_path" 2>/dev/null) &&
        on_path=${on_path%/bin/"$program"}
    for candidate in "${JAVA_HOME:-}" "${on_path:-}" /usr/lib/jvm/* /opt/* \
        "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
        [ -n "$candidate" ] || continue
        feature=$(weirlog_java_feature "$candidate" "$program")
        if [ -n "$feature" ] && [ "$feature" -ge 25 ]; then
            JAVA_HOME=$candidate
            export JAVA_HOME
            return 0
        fi
    done
    echo "weirlog: needs Java 25 or newer ($program). Looked at JAVA_HOME, PATH, /usr/lib/jvm, /opt," \
        "~/.sdkman/candidates/java and ~/.jdks. Install a JDK 25 or set JAVA_HOME to one." >&2
    return 1
}
