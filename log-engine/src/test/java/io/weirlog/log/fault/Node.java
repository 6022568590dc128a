package io.weirlog.log.fault;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// What a name stands for.
sealed interface Node {
    /// The entries as everyone sees them, and as they would be after the loss of all that is not durable.
    final class Directory implements Node {
        private final TreeMap<String, Node> entries = new TreeMap<>();
        private final TreeMap<String, Node> durable = new TreeMap<>();

        SortedMap<String, Node> entries() {
            return entries;
        }

        SortedMap<String, Node> durable() {
            return durable;
        }

        void forEachFile(Consumer<File> action) {
            for (var node : entries.values()) {
                switch (node) {
                    case File file -> action.accept(file);
                    case Directory directory -> directory.forEachFile(action);
                }
            }
        }
    }

    /// A file: the page cache, which is memory so that it can be mapped; what is durable; and the writes between the
    /// two. Writes through a mapping are seen only by comparison.
    final class File implements Node {
        private static final int SECTOR_BYTES = 512;
        /// A mapping must go on showing the file's bytes, so memory for a mapped file is never moved.
        private static final int GROWTH_WHILE_MAPPED = 16;
        private static final long MAPPED_BYTES_MIN = 1024;

        private final Arena arena;
        private final List<Change.OfContent> pending = new ArrayList<>();
        private final AtomicInteger writableMappings = new AtomicInteger();
        private MemorySegment memory;
        private long sizeBytes;
        private byte[] durable;
        private boolean everMapped;
        /// The content at the last failed sync: what is still the same will never be written (fsyncgate).
        private byte[] givenUp = new byte[0];

        File(Arena arena, byte[] content) {
            this.arena = arena;
            this.durable = content.clone();
            this.sizeBytes = content.length;
            this.memory = arena.allocate(Math.max(256, content.length));
            memory.asByteBuffer().put(content);
        }

        long sizeBytes() {
            return sizeBytes;
        }

        void read(long position, ByteBuffer target) {
            target.put(memory.asSlice(position, target.remaining()).asByteBuffer());
        }

        void write(long number, long position, ByteBuffer source) {
            var bytes = new byte[source.remaining()];
            source.get(bytes);
            reserve(position + bytes.length);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, position, bytes.length);
            sizeBytes = Math.max(sizeBytes, position + bytes.length);
            pending.add(new Change.Write(number, position, bytes));
        }

        void resize(long number, long newSizeBytes) {
            reserve(newSizeBytes);
            if (newSizeBytes < sizeBytes) {
                // Whoever makes the file longer again finds zeros.
                memory.asSlice(newSizeBytes, sizeBytes - newSizeBytes).fill((byte) 0);
            }
            sizeBytes = newSizeBytes;
            pending.add(new Change.Resize(number, newSizeBytes));
        }

        private void reserve(long bytes) {
            if (bytes <= memory.byteSize()) {
                return;
            }
            if (writableMappings.get() > 0) {
                throw new UnsupportedOperationException("a file cannot grow this much while it is mapped for writing");
            }
            var larger = arena.allocate(Math.max(bytes, 2 * memory.byteSize()));
            MemorySegment.copy(memory, 0, larger, 0, sizeBytes);
            memory = larger;
        }

        @SuppressWarnings(
                "restricted") // The one way to give memory the life of somebody else's arena; size is checked.
        MemorySegment map(Arena user, long mappedBytes, boolean writable) {
            if (mappedBytes == 0) {
                return MemorySegment.NULL;
            }
            if (writable && writableMappings.get() == 0) {
                reserve(Math.max(MAPPED_BYTES_MIN, GROWTH_WHILE_MAPPED * mappedBytes));
            }
            // What is done at the end also keeps this file and its memory until then.
            var mapping = memory.asSlice(0, mappedBytes).reinterpret(user, gone -> unmapped(writable));
            if (writable) {
                everMapped = true;
                writableMappings.incrementAndGet();
            }
            return writable ? mapping : mapping.asReadOnly();
        }

        private void unmapped(boolean writable) {
            if (writable) {
                writableMappings.decrementAndGet();
            }
        }

        void sync() {
            durable = written();
            pending.clear();
        }

        /// What a failing fsync does on Linux: the pages are clean now, and lost with the cache.
        void giveUp() {
            pending.clear();
            givenUp = content();
        }

        void flip(long bit) {
            var at = (int) (bit / 8);
            var mask = (byte) (1 << (bit % 8));
            memory.set(ValueLayout.JAVA_BYTE, at, (byte) (memory.get(ValueLayout.JAVA_BYTE, at) ^ mask));
            if (at < durable.length) {
                durable[at] ^= mask;
            }
        }

        byte[] content() {
            return memory.asSlice(0, sizeBytes).toArray(ValueLayout.JAVA_BYTE);
        }

        /// What the disk would hold if everything was written that still can be.
        private byte[] written() {
            if (!everMapped) {
                return applied(Long.MAX_VALUE, new Random(0));
            }
            var result = content();
            for (var at = 0; at < Math.min(result.length, givenUp.length); at += SECTOR_BYTES) {
                var end = Math.min(Math.min(at + SECTOR_BYTES, result.length), givenUp.length);
                if (Arrays.equals(result, at, end, givenUp, at, end)) {
                    copyOrZero(durable, result, at, end);
                }
            }
            return result;
        }

        /// Of the durable content with all changes before a number, and a part of the write with that number.
        private byte[] applied(long number, Random random) {
            var result = durable.clone();
            for (var change : pending) {
                if (change.number() > number) {
                    break;
                }
                result = switch (change) {
                    case Change.Resize resize -> Arrays.copyOf(result, Math.toIntExact(resize.sizeBytes()));
                    case Change.Write write
                    when write.number() < number -> overwrite(result, write, write.bytes().length);
                    case Change.Write write -> overwrite(result, write, part(result, write, random));
                };
            }
            return result;
        }

        /// Within what was there before, a sector is written as a whole or not at all.
        private static int part(byte[] before, Change.Write write, Random random) {
            var end = write.position() + random.nextInt(write.bytes().length + 1);
            if (end < before.length) {
                end = Math.max(write.position(), end / SECTOR_BYTES * SECTOR_BYTES);
            }
            return (int) (end - write.position());
        }

        private static byte[] overwrite(byte[] content, Change.Write write, int count) {
            if (count == 0) {
                return content;
            }
            var position = (int) write.position();
            var result = position + count <= content.length ? content : Arrays.copyOf(content, position + count);
            System.arraycopy(write.bytes(), 0, result, position, count);
            return result;
        }

        private static void copyOrZero(byte[] from, byte[] to, int start, int end) {
            for (var i = start; i < end; i++) {
                to[i] = i < from.length ? from[i] : 0;
            }
        }

        /// @param lastChange the number of the change at which [LossMode#PREFIX_KEPT] ends
        byte[] afterCrash(LossMode mode, long lastChange, Random random) {
            return switch (mode) {
                case ALL_LOST -> durable;
                case ALL_KEPT -> written();
                // When mapped pages are written is the kernel's choice.
                case PREFIX_KEPT -> everMapped ? torn(written(), random) : applied(lastChange, random);
                case TORN -> torn(written(), random);
                case GARBAGE_TAIL -> withGarbage(written(), random);
            };
        }

        private byte[] torn(byte[] written, Random random) {
            if (Arrays.equals(durable, written)) {
                return durable;
            }
            var difference = Math.abs(written.length - durable.length);
            var size = switch (random.nextInt(3)) {
                case 0 -> durable.length;
                case 1 -> written.length;
                default -> Math.min(written.length, durable.length) + random.nextInt(difference + 1);
            };
            var result = new byte[size];
            for (var at = 0; at < size; at += SECTOR_BYTES) {
                copyOrZero(random.nextBoolean() ? written : durable, result, at, Math.min(at + SECTOR_BYTES, size));
            }
            return result;
        }

        private byte[] withGarbage(byte[] written, Random random) {
            var added = written.length - durable.length;
            if (added <= 0) {
                return written;
            }
            var result = written.clone();
            var from = durable.length + random.nextInt(added);
            if (random.nextBoolean()) {
                Arrays.fill(result, from, result.length, (byte) 0);
            } else {
                for (var i = from; i < result.length; i++) {
                    result[i] = (byte) random.nextInt();
                }
            }
            return result;
        }

        long firstPending() {
            return pending.isEmpty() ? Long.MAX_VALUE : pending.getFirst().number();
        }
    }
}
