package io.weirlog.server.config;

import io.weirlog.common.BrokerId;
import io.weirlog.tls.TlsVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The types of values that the keys of [ConfigKeys] have.
final class ConfigTypes {
    /// A host name (RFC 1123), an IPv4 or an IPv6 address: no ports, no schemes. Whether it resolves shows at start.
    private static final Pattern HOST = Pattern.compile(
            "[A-Za-z0-9]([A-Za-z0-9._-]{0,252})|[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9]+)?");

    private static final Pattern CLUSTER_ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /// `2@node-2:7173:7172`; an IPv6 address stands in brackets.
    private static final Pattern VOTER =
            Pattern.compile("(\\d{1,9})@(?:\\[([^]]+)]|([^:@\\[\\]]+))(?::(\\d{1,5})(?::(\\d{1,5}))?)?");

    private static final int RACK_CHARS_MAX = 249;

    private ConfigTypes() {}

    static ConfigType<Integer> integer(int min, int max) {
        return new ConfigType<>(
                "a whole number from " + min + " to " + max, text -> (int) inRange(Long.parseLong(text), min, max));
    }

    static ConfigType<Boolean> trueOrFalse() {
        return new ConfigType<>("true or false", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        });
    }

    static ConfigType<Integer> port() {
        return new ConfigType<>(
                "a port from 0 (any free one) to 65535", text -> (int) inRange(Long.parseLong(text), 0, 65_535));
    }

    static ConfigType<OptionalInt> portOrOff() {
        return new ConfigType<>(
                "a port from 0 (any free one) to 65535, or 'off'",
                text -> text.equals("off")
                        ? OptionalInt.empty()
                        : OptionalInt.of((int) inRange(Long.parseLong(text), 0, 65_535)));
    }

    static ConfigType<Integer> bytesInt(int min, int max) {
        return new ConfigType<>(sizeRange(min, max), text -> (int) inRange(Units.parseBytes(text), min, max));
    }

    static ConfigType<Long> bytesLong(long min, long max) {
        return new ConfigType<>(sizeRange(min, max), text -> inRange(Units.parseBytes(text), min, max));
    }

    static ConfigType<OptionalLong> bytesOrUnlimited(long min, long max) {
        return new ConfigType<>(
                sizeRange(min, max) + ", or 'unlimited'",
                text -> text.equals("unlimited")
                        ? OptionalLong.empty()
                        : OptionalLong.of(inRange(Units.parseBytes(text), min, max)));
    }

    static ConfigType<Duration> duration(Duration min, Duration max) {
        return new ConfigType<>(
                "a duration from " + Units.showDuration(min) + " to " + Units.showDuration(max)
                        + ", such as 500ms or 30s",
                text -> {
                    var duration = Units.parseDuration(text);
                    if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
                        throw new IllegalArgumentException("out of range");
                    }
                    return duration;
                });
    }

    static ConfigType<String> host() {
        return new ConfigType<>("a host name or address (without a port)", text -> matching(HOST, text));
    }

    static ConfigType<String> clusterId() {
        return new ConfigType<>("an id of 1 to 64 letters, digits, '-' and '_'", text -> matching(CLUSTER_ID, text));
    }

    static ConfigType<String> rack() {
        return new ConfigType<>("a name of 1 to 249 characters", text -> {
            if (text.isBlank() || text.length() > RACK_CHARS_MAX) {
                throw new IllegalArgumentException("malformed");
            }
            return text;
        });
    }

    static ConfigType<List<VoterAddress>> voters() {
        return new ConfigType<>(
                "a list of ID@HOST[:RAFT_PORT[:INTERNAL_PORT]], such as 1@node-1,2@node-2,3@node-3",
                text -> Arrays.stream(text.split(",", -1))
                        .map(each -> voter(each.strip()))
                        .toList());
    }

    private static VoterAddress voter(String text) {
        var parts = VOTER.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("malformed");
        }
        var bracketed = parts.group(2);
        return new VoterAddress(
                new BrokerId(Integer.parseInt(parts.group(1))),
                matching(HOST, bracketed != null ? bracketed : parts.group(3)),
                port(parts.group(4)),
                port(parts.group(5)));
    }

    private static OptionalInt port(@Nullable String text) {
        return text == null ? OptionalInt.empty() : OptionalInt.of((int) inRange(Long.parseLong(text), 1, 65_535));
    }

    static ConfigType<Path> folder() {
        return new ConfigType<>("the path of a folder", text -> {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("empty");
            }
            return Path.of(text);
        });
    }

    static ConfigType<Path> file() {
        return new ConfigType<>("the path of a file", text -> {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("empty");
            }
            return Path.of(text);
        });
    }

    static ConfigType<Boolean> onOrOff() {
        return new ConfigType<>("'on' or 'off'", text -> switch (text) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new IllegalArgumentException(text);
        });
    }

    static ConfigType<NodeConfig.ClientAuth> clientAuth() {
        return new ConfigType<>(
                "'none', 'optional' or 'required'",
                text -> NodeConfig.ClientAuth.valueOf(lowerCase(text).toUpperCase(Locale.ROOT)));
    }

    static ConfigType<TlsVersion> tlsVersion() {
        return new ConfigType<>(
                "'1.3' or '1.2'",
                text -> Arrays.stream(TlsVersion.values())
                        .filter(version -> version.number().equals(text))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(text)));
    }

    static ConfigType<List<IdentityPattern>> identities() {
        return new ConfigType<>(
                "a list of uri:NAME, dns:NAME and cn:NAME, where * stands for any characters",
                IdentityPattern::parseAll);
    }

    private static String lowerCase(String text) {
        if (!text.equals(text.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    static ConfigType<List<Path>> folders() {
        return new ConfigType<>("a list of paths of folders, such as /disk1/weirlog,/disk2/weirlog", text -> {
            var paths = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
            if (paths.contains("")) {
                throw new IllegalArgumentException("empty");
            }
            return paths.stream().map(Path::of).toList();
        });
    }

    static ConfigType<LoggingFormat> loggingFormat() {
        return new ConfigType<>("'text' or 'json'", text -> switch (text) {
            case "text" -> LoggingFormat.TEXT;
            case "json" -> LoggingFormat.JSON;
            default -> throw new IllegalArgumentException(text);
        });
    }

    static ConfigType<LagDetail> lagDetail() {
        return new ConfigType<>("off, group, topic or partition", text -> switch (text) {
            case "off" -> LagDetail.OFF;
            case "group" -> LagDetail.GROUP;
            case "topic" -> LagDetail.TOPIC;
            case "partition" -> LagDetail.PARTITION;
            default -> throw new IllegalArgumentException(text);
        });
    }

    static ConfigType<Set<Role>> roles() {
        return new ConfigType<>("a list of 'broker' and 'controller'", text -> {
            var roles = EnumSet.noneOf(Role.class);
            for (var name : text.split(",", -1)) {
                roles.add(role(name.strip()));
            }
            return roles;
        });
    }

    private static Role role(String name) {
        for (var role : Role.values()) {
            if (role.configName().equals(name)) {
                return role;
            }
        }
        throw new IllegalArgumentException("no such role");
    }

    private static long inRange(long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException("out of range");
        }
        return value;
    }

    private static String sizeRange(long min, long max) {
        return "a size from " + Units.showBytes(min) + " to " + Units.showBytes(max) + ", such as 8388608 or 8MiB";
    }

    private static String matching(Pattern pattern, String text) {
        if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException("malformed");
        }
        return text;
    }
}
