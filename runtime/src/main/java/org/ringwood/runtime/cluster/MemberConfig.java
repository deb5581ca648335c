package org.ringwood.runtime.cluster;

import com.hazelcast.config.AdvancedNetworkConfig;
import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.ServerSocketEndpointConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Hazelcast's configuration of a rank. Its defaults listen on every interface, look for strangers and deserialise what they
 * send; here a member listens at one address, speaks only the protocol between members, and talks only to the job's rank 0
 * and those it names.
 */
final class MemberConfig {
    static final String RANK = "rank";
    static final String SIZE = "size";
    static final String HOST = "host";
    static final String PID = "pid";

    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(60);
    private static final int PARTITIONS = 11;
    private static final int MOST_BACKUPS = 6;

    private MemberConfig() {}

    /**
     * A configuration.
     *
     * @param master where rank 0 is; empty for rank 0
     * @param join how long this rank may take to get in
     */
    static Config of(ClusterSettings settings, Optional<String> master, Duration join) {
        Config config = new Config();
        config.setClusterName(clusterName(settings.token()));
        identify(config, settings.me(), settings.size());
        network(config, settings, master);
        properties(config, patience(settings), join);
        config.getSerializationConfig()
                .setAllowUnsafe(false)
                .setEnableCompression(false)
                .setJavaSerializationFilterConfig(onlyHazelcastAndTheJdk());
        config.addMapConfig(new MapConfig("*").setBackupCount(Math.min(MOST_BACKUPS, settings.size() - 1)));
        return config;
    }

    /** Hazelcast's only key is the cluster's name, and it logs that name; so the name is a digest of the token. */
    static String clusterName(String token) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("ringwood cluster " + token).getBytes(StandardCharsets.UTF_8));
            return "ringwood-" + HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError("every JDK has SHA-256", impossible);
        }
    }

    private static void identify(Config config, Member me, int size) {
        config.getMemberAttributeConfig()
                .setAttribute(RANK, Integer.toString(me.rank()))
                .setAttribute(SIZE, Integer.toString(size))
                .setAttribute(HOST, me.host())
                .setAttribute(PID, Long.toString(me.pid()));
    }

    private static void network(Config config, ClusterSettings settings, Optional<String> master) {
        AdvancedNetworkConfig network = config.getAdvancedNetworkConfig().setEnabled(true);
        ServerSocketEndpointConfig members = new ServerSocketEndpointConfig()
                .setPort(settings.port())
                .setPortAutoIncrement(false)
                .setReuseAddress(false);
        members.getInterfaces().setEnabled(true).addInterface(settings.address());
        network.setMemberEndpointConfig(members);
        JoinConfig join = network.getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true);
        // Without a required member, one that finds nobody would found a cluster of its own.
        master.ifPresent(endpoint -> join.getTcpIpConfig().setRequiredMember(endpoint));
    }

    /**
     * How long a member may be silent for the others, and an answer of the cluster may take. The pulse finds silent ranks in time; this
     * is for what it cannot see, and not shorter than Hazelcast's own, since a member that still starts is slow.
     */
    static Duration patience(ClusterSettings settings) {
        Duration twice = settings.timeouts().peer().multipliedBy(2);
        return twice.compareTo(LEAST_PATIENCE) > 0 ? twice : LEAST_PATIENCE;
    }

    private static void properties(Config config, Duration patience, Duration join) {
        config.setProperty("hazelcast.socket.bind.any", "false")
                .setProperty("hazelcast.phone.home.enabled", "false")
                .setProperty("hazelcast.logging.type", "slf4j")
                .setProperty("hazelcast.shutdownhook.enabled", "false")
                .setProperty("hazelcast.wait.seconds.before.join", "0")
                .setProperty("hazelcast.max.join.seconds", seconds(join))
                .setProperty("hazelcast.connect.all.wait.seconds", seconds(join))
                .setProperty("hazelcast.heartbeat.interval.seconds", "1")
                .setProperty("hazelcast.max.no.heartbeat.seconds", seconds(patience))
                .setProperty("hazelcast.operation.call.timeout.millis", Long.toString(patience.toMillis()))
                // A member that was cut off ends; it must never merge back into the job that went on without it.
                .setProperty("hazelcast.merge.first.run.delay.seconds", "1000000")
                .setProperty("hazelcast.partition.count", Integer.toString(PARTITIONS))
                .setProperty("hazelcast.operation.thread.count", "2")
                .setProperty("hazelcast.operation.generic.thread.count", "2")
                .setProperty("hazelcast.io.thread.count", "1")
                .setProperty("hazelcast.event.thread.count", "1")
                .setProperty("hazelcast.metrics.enabled", "false")
                .setProperty("hazelcast.health.monitoring.level", "OFF")
                .setProperty("hazelcast.slow.operation.detector.enabled", "false");
    }

    private static JavaSerializationFilterConfig onlyHazelcastAndTheJdk() {
        // The defaults admit java., com.hazelcast. and arrays: what members need among themselves. We store none of
        // ours.
        return new JavaSerializationFilterConfig().setDefaultsDisabled(false);
    }

    private static String seconds(Duration duration) {
        return Long.toString(Math.max(1, duration.plusMillis(999).toSeconds()));
    }
}
