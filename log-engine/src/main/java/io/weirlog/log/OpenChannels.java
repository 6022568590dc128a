package io.weirlog.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The channels that can be opened again at any time, of which only so many are open. Those that nobody has used for
/// longest are closed, roughly: the one that has been open longest goes, or stays once more if it was used meanwhile.
final class OpenChannels {
    private static final Logger LOG = LoggerFactory.getLogger(OpenChannels.class);

    private final int openMax;
    /// In the order in which they were opened, or last found in use.
    private final Set<ReopenedChannel> open = new LinkedHashSet<>();

    OpenChannels(int openMax) {
        this.openMax = openMax;
    }

    /// Not to be called under a channel's lock: the locks of others are taken.
    void opened(ReopenedChannel channel) {
        for (var surplus : add(channel)) {
            try {
                surplus.closeForNow();
            } catch (IOException e) {
                LOG.warn("{}: cannot close", surplus, e);
            }
        }
    }

    private synchronized List<ReopenedChannel> add(ReopenedChannel channel) {
        open.add(channel);
        List<ReopenedChannel> surplus = new ArrayList<>();
        // Twice at most: at the second look nobody counts as used, unless just then.
        for (var looks = 2 * open.size(); open.size() > openMax && looks > 0; looks--) {
            var oldest = open.iterator().next();
            open.remove(oldest);
            if (oldest.wasUsed()) {
                open.add(oldest);
            } else {
                surplus.add(oldest);
            }
        }
        return surplus;
    }

    synchronized void closed(ReopenedChannel channel) {
        open.remove(channel);
    }

    synchronized int count() {
        return open.size();
    }
}
