package io.weirlog.log.fault;

/// What was done to a disk and is not durable yet. The number orders all changes of a disk.
sealed interface Change {
    long number();

    sealed interface OfContent extends Change {}

    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Write(long number, long position, byte[] bytes) implements OfContent {}

    record Resize(long number, long sizeBytes) implements OfContent {}

    sealed interface OfNames extends Change {
        boolean touches(Node.Directory directory);
    }

    record Link(long number, Node.Directory directory, String name, Node node) implements OfNames {
        @Override
        public boolean touches(Node.Directory other) {
            return directory == other;
        }
    }

    record Unlink(long number, Node.Directory directory, String name) implements OfNames {
        @Override
        public boolean touches(Node.Directory other) {
            return directory == other;
        }
    }

    /// Atomic: no crash leaves both names or none.
    record Move(long number, Node.Directory from, String name, Node.Directory to, String newName, Node node)
            implements OfNames {
        @Override
        public boolean touches(Node.Directory other) {
            return from == other || to == other;
        }
    }
}
