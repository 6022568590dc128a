# Sourced by ./weirlog and by the launcher that is installed: options for the JVM. $1 is the command that it is to run.

# shellcheck disable=SC2034  # Used by those who source this.
weirlog_jvm_options() { # sets common_options, the same for all commands, and options
    common_options='--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow'
    case ${1:-} in
    server | dev | quickstart) options= ;; # The JVM chooses heap and collector by what the machine or container has.
    produce | consume) options='-XX:+UseSerialGC -Xmx512m' ;;
    *) options='-XX:+UseSerialGC -Xmx128m -XX:TieredStopAtLevel=1' ;;
    esac
    [ ! -t 2 ] || options="$options -Dweirlog.terminal=true"
}
