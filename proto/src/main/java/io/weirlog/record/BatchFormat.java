package io.weirlog.record;

/// The layout of a record batch, magic 2. All integers are big-endian.
///
/// ```
/// byte  field              type
///  0    base offset        i64
///  8    batch length       i32   bytes from here to the end, not counting these 12
/// 12    leader epoch       i32
/// 16    magic              i8    2
/// 17    CRC32C             u32   over everything from the attributes to the end
/// 21    attributes         i16
/// 23    last offset delta  i32
/// 27    base timestamp     i64
/// 35    max timestamp      i64
/// 43    producer id        i64
/// 51    producer epoch     i16
/// 53    base sequence      i32
/// 57    record count       i32
/// 61    records                  compressed as a whole, if they are
/// ```
///
/// The CRC leaves out what a broker stamps (base offset, leader epoch) and the length; readers of files check
/// those by continuity.
///
/// Attributes: bits 0-2 compression, 3 timestamp type (0 create time, 1 log append time), 4 transactional, 5
/// control, 6 the base timestamp is a delete horizon (KIP-534); the rest is 0.
///
/// One record (varints are zigzag, least significant group first):
///
/// ```
/// length varint | attributes i8 = 0 | timestamp delta varlong | offset delta varint
///   | key length varint (-1: null) | key | value length varint (-1: null) | value
///   | header count varint | { key length varint | key UTF-8 | value length varint (-1: null) | value }*
/// ```
public final class BatchFormat {
    public static final int BASE_OFFSET_AT = 0;
    public static final int LENGTH_AT = 8;
    public static final int LEADER_EPOCH_AT = 12;
    public static final int MAGIC_AT = 16;
    public static final int CRC_AT = 17;
    public static final int ATTRIBUTES_AT = 21;
    public static final int LAST_OFFSET_DELTA_AT = 23;
    public static final int BASE_TIMESTAMP_AT = 27;
    public static final int MAX_TIMESTAMP_AT = 35;
    public static final int PRODUCER_ID_AT = 43;
    public static final int PRODUCER_EPOCH_AT = 51;
    public static final int BASE_SEQUENCE_AT = 53;
    public static final int RECORD_COUNT_AT = 57;
    public static final int HEADER_BYTES = 61;

    /// What the length field does not count: the base offset and itself.
    public static final int PREFIX_BYTES = 12;

    public static final byte MAGIC = 2;

    public static final int COMPRESSION_MASK = 0x07;
    public static final int LOG_APPEND_TIME_BIT = 0x08;
    public static final int TRANSACTIONAL_BIT = 0x10;
    public static final int CONTROL_BIT = 0x20;
    public static final int DELETE_HORIZON_BIT = 0x40;
    public static final int KNOWN_ATTRIBUTES_MASK = 0x7f;

    /// How the format says that a batch carries no producer id.
    public static final long NO_PRODUCER_ID = -1;

    public static final short NO_PRODUCER_EPOCH = -1;
    public static final int NO_SEQUENCE = -1;

    /// What producers write as leader epoch: only the leader knows it.
    public static final int NO_LEADER_EPOCH = -1;

    /// How the format says that a record carries no timestamp.
    public static final long NO_TIMESTAMP = -1;

    private BatchFormat() {}
}
