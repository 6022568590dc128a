package io.weirlog.server.tls;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/// The distinguished encoding of ASN.1 (ITU-T X.690): each value is a tag, a length and the content.
final class Der {
    private static final int CONTEXT = 0x80;
    private static final int CONSTRUCTED = 0x20;
    private static final int TWO_DIGIT_YEARS_END = 2050;
    private static final DateTimeFormatter UTC_TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter GENERALIZED_TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    private Der() {}

    static byte[] sequence(byte[]... parts) {
        return value(0x30, parts);
    }

    /// `[tag] EXPLICIT`: the value as it is, in one more wrapping.
    static byte[] explicit(int tag, byte[] inner) {
        return value(CONTEXT | CONSTRUCTED | tag, inner);
    }

    /// `[tag] IMPLICIT` of a value that is not constructed.
    static byte[] implicit(int tag, byte[] content) {
        return value(CONTEXT | tag, content);
    }

    /// @param bigEndian a positive number of the smallest length
    static byte[] integer(byte[] bigEndian) {
        return value(0x02, bigEndian);
    }

    static byte[] bool(boolean truth) {
        return value(0x01, new byte[] {(byte) (truth ? 0xff : 0)});
    }

    static byte[] octets(byte[] content) {
        return value(0x04, content);
    }

    static byte[] bitString(byte[] content) {
        return value(0x03, new byte[] {0}, content);
    }

    /// A bit string of less than a byte.
    static byte[] bits(int bits, int unused) {
        return value(0x03, new byte[] {(byte) unused, (byte) bits});
    }

    static byte[] oid(String dotted) {
        var arcs = Arrays.stream(dotted.split("\\.", -1))
                .mapToLong(Long::parseLong)
                .toArray();
        var content = new ByteArrayOutputStream();
        content.write((int) (arcs[0] * 40 + arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            base128(content, arcs[i]);
        }
        return value(0x06, content.toByteArray());
    }

    private static void base128(ByteArrayOutputStream to, long number) {
        for (int shift = 63 - (63 % 7); shift > 0; shift -= 7) {
            if ((number >> shift) != 0) {
                to.write((int) (((number >> shift) & 0x7f) | 0x80));
            }
        }
        to.write((int) (number & 0x7f));
    }

    /// In the form that RFC 5280 wants for its year.
    static byte[] time(Instant instant) {
        boolean twoDigits = instant.atZone(ZoneOffset.UTC).getYear() < TWO_DIGIT_YEARS_END;
        var text = (twoDigits ? UTC_TIME : GENERALIZED_TIME).format(instant);
        return value(twoDigits ? 0x17 : 0x18, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] value(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (var part : parts) {
            content.writeBytes(part);
        }
        var encoded = new ByteArrayOutputStream();
        encoded.write(tag);
        length(encoded, content.size());
        encoded.writeBytes(content.toByteArray());
        return encoded.toByteArray();
    }

    private static void length(ByteArrayOutputStream to, int length) {
        if (length < 0x80) {
            to.write(length);
        } else if (length < 0x100) {
            to.write(0x81);
            to.write(length);
        } else if (length >= 0x10000) {
            throw new IllegalArgumentException(length + " bytes are more than a certificate of ours has");
        } else {
            to.write(0x82);
            to.write(length >> 8);
            to.write(length);
        }
    }
}
