package io.weirlog.metadata;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.QuorumDescription.Progress;
import io.weirlog.metadata.ratis.RatisNode;
import io.weirlog.metadata.ratis.SnapshotFile;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/// How the quorum is doing, as this member sees it. What only the active controller knows is NaN elsewhere.
final class QuorumMeters implements AutoCloseable {
    private final MeterRegistry registry;
    private final RatisNode node;
    private final List<Meter> meters = new ArrayList<>();
    private final Counter activations;
    private final MetadataFeed.Subscription roles;

    QuorumMeters(MeterRegistry registry, RoleStatus status, LocalFeed feed, RatisNode node) {
        this.registry = registry;
        this.node = node;
        this.activations = kept(Counter.builder("weirlog.metadata.activations")
                .description("How often this node became the active controller")
                .register(registry));
        gauge(
                "weirlog.metadata.active.controller",
                "1 on the active controller, 0 elsewhere",
                () -> node.role() instanceof QuorumRole.Active ? 1 : 0);
        gauge("weirlog.metadata.term", "The newest election known here", () -> quorum(QuorumDescription::term));
        gauge(
                "weirlog.metadata.voters",
                "How many nodes vote",
                () -> quorum(quorum -> quorum.voters().size()));
        gauge(
                "weirlog.metadata.voters.unwell",
                "How many voters are silent or far behind",
                () -> quorum(QuorumMeters::unwell));
        gauge(
                "weirlog.metadata.log.end",
                "One past the last entry of the log here",
                () -> quorum(QuorumDescription::logEnd));
        gauge(
                "weirlog.metadata.applied.index",
                "The last command that this node's image shows",
                () -> feed.image().index());
        gauge(
                "weirlog.metadata.snapshot.index",
                "The entry up to which the newest snapshot goes",
                () -> snapshot(SnapshotFile::index));
        gauge(
                "weirlog.metadata.snapshot.size.bytes",
                "The size of the newest snapshot",
                () -> snapshot(SnapshotFile::sizeBytes));
        gauge(
                "weirlog.metadata.snapshot.age.seconds",
                "How old the newest snapshot is",
                () -> snapshot(file -> seconds(Duration.between(file.written(), Instant.now()))));
        roles = status.subscribe(this::roleChanged);
    }

    /// The voters are looked up anew with each change of roles; between those, they are asked for by their ids.
    private void roleChanged(QuorumRole role) {
        if (role instanceof QuorumRole.Active) {
            activations.increment();
        }
        for (var voter : node.describe().voters()) {
            var id = voter.id();
            var tags = List.of(Tag.of("voter", id.toString()));
            if (registry.find("weirlog.metadata.voter.lag.entries").tags(tags).gauge() == null) {
                kept(Gauge.builder("weirlog.metadata.voter.lag.entries", () -> voter(id, Progress::lagEntries))
                        .description("Entries that a voter is not known to have")
                        .tags(tags)
                        .register(registry));
                kept(Gauge.builder(
                                "weirlog.metadata.voter.contact.age.seconds",
                                () -> voter(id, progress -> seconds(progress.lastContact())))
                        .description("How long ago a voter answered last")
                        .tags(tags)
                        .register(registry));
            }
        }
    }

    private double voter(BrokerId id, ToDoubleFunction<Progress> value) {
        return quorum(quorum -> quorum.voter(id)
                .flatMap(QuorumDescription.Member::progress)
                .map(progress -> value.applyAsDouble(progress))
                .orElse(Double.NaN));
    }

    private static double unwell(QuorumDescription quorum) {
        boolean known =
                quorum.voters().stream().anyMatch(voter -> voter.progress().isPresent());
        return known
                ? quorum.voters().stream()
                        .filter(voter -> !VoterRules.isWell(voter))
                        .count()
                : Double.NaN;
    }

    private double quorum(ToDoubleFunction<QuorumDescription> value) {
        try {
            return value.applyAsDouble(node.describe());
        } catch (MetadataUnavailableException e) {
            return Double.NaN; // It is being closed.
        }
    }

    private double snapshot(ToDoubleFunction<SnapshotFile> value) {
        return node.snapshot().map(file -> value.applyAsDouble(file)).orElse(Double.NaN);
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1e3;
    }

    private void gauge(String name, String description, Supplier<Number> value) {
        kept(Gauge.builder(name, value).description(description).register(registry));
    }

    private synchronized <M extends Meter> M kept(M meter) {
        meters.add(meter);
        return meter;
    }

    @Override
    public synchronized void close() {
        roles.close();
        meters.forEach(registry::remove);
    }
}
