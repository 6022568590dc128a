package io.weirlog.metadata.core;

/// How much is placed on a broker.
///
/// @param replicas of all partitions
/// @param preferredLeaders partitions that it is first to lead
record BrokerLoad(int replicas, int preferredLeaders) {
    static final BrokerLoad NONE = new BrokerLoad(0, 0);

    BrokerLoad plus(BrokerLoad that) {
        return new BrokerLoad(replicas + that.replicas, preferredLeaders + that.preferredLeaders);
    }

    BrokerLoad negated() {
        return new BrokerLoad(-replicas, -preferredLeaders);
    }
}
