package io.weirlog.metadata.ratis;

import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumTls;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log.CorruptionPolicy;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/// Ratis' settings. All nodes of a cluster must have the same.
final class RatisSettings {
    private static final SizeInBytes APPENDER_BYTES_MAX = SizeInBytes.valueOf("4MB");
    /// Ratis wants a message to be larger than what it carries by a megabyte or more.
    private static final SizeInBytes MESSAGE_BYTES_MAX = SizeInBytes.valueOf("8MB");
    /// Must hold one entry of the largest size.
    private static final SizeInBytes WRITE_BUFFER_BYTES = SizeInBytes.valueOf("5MB");

    private static final int PREALLOCATED_BYTES_MAX = 1 << 20;

    private RatisSettings() {}

    static RaftProperties of(QuorumConfig config, Path raftDirectory) {
        var properties = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(raftDirectory.toFile()));
        network(properties, config);
        elections(properties, config.isAlone());
        log(properties, config.tuning());
        snapshots(properties, config.tuning());
        return properties;
    }

    private static void network(RaftProperties properties, QuorumConfig config) {
        GrpcConfigKeys.Server.setHost(properties, config.bind().host());
        GrpcConfigKeys.Server.setPort(properties, config.bind().port());
        GrpcConfigKeys.setMessageSizeMax(properties, MESSAGE_BYTES_MAX);
        GrpcConfigKeys.setFlowControlWindow(properties, SizeInBytes.ONE_MB);
    }

    /// By the JDK, as on the other ports, and not by the native library that Ratis brings for some platforms.
    static GrpcTlsConfig tls(QuorumTls tls) {
        return new GrpcTlsConfig.Builder()
                .setKeyManager(tls.own())
                .setTrustManager(tls.trust())
                .setMutualTls(true)
                .setSslProvider(SslProvider.JDK)
                .setProtocols(tls.protocols())
                .build();
    }

    private static void elections(RaftProperties properties, boolean single) {
        // Below 200 ms a busy machine elects without need.
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(200));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(400));
        // Several voters start at different times: the first waits for the others. A single one waits for nobody; but
        // others may have joined it since, and this is also how long it waits for their votes.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(single ? 30 : 1_000));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(single ? 60 : 2_000));
        // How long a node that joins may be silent before the change is given up.
        RaftServerConfigKeys.setStagingTimeout(properties, millis(5_000));
        // With it, being without a leader is told at the second vain election.
        RaftServerConfigKeys.Notification.setNoLeaderTimeout(properties, millis(1));
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, millis(1_000));
        // The default of 10 s keeps a leader that lost its majority from standing for election again for as long.
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, millis(500));
        // After a pause of the process (by default one of a minute) Ratis would close itself: it steps down, that is
        // enough.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1_000, TimeUnit.DAYS));
        // Retries are answered from our own state, which survives a failover; this cache does not.
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(10_000));
    }

    private static void log(RaftProperties properties, QuorumConfig.Tuning tuning) {
        var segmentBytes = SizeInBytes.valueOf(tuning.logSegmentBytesMax());
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, segmentBytes);
        RaftServerConfigKeys.Log.setPreallocatedSize(
                properties, SizeInBytes.valueOf(Math.min(PREALLOCATED_BYTES_MAX, tuning.logSegmentBytesMax())));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(properties, SizeInBytes.valueOf("32MB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, WRITE_BUFFER_BYTES);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, APPENDER_BYTES_MAX);
        // Pauses after errors in a row, and how many errors each is for. Of the default, one who answers again after a
        // while
        // would hear nothing for 5 s at a time.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, "1ms,10, 250ms,1000000");
        // M1: nothing counts before it is on disk. Asynchronous flushes go on even if one has failed.
        RaftServerConfigKeys.Log.setAsyncFlushEnabled(properties, false);
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, false);
        RaftServerConfigKeys.Log.setCorruptionPolicy(properties, CorruptionPolicy.EXCEPTION);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgeGap(properties, 1);
    }

    private static void snapshots(RaftProperties properties, QuorumConfig.Tuning tuning) {
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, tuning.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, 2);
        // In chunks, on all nodes alike: letting the state machine fetch it can loop (RATIS-2500).
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, true);
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
