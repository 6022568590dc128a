package io.weirlog.cli.conformance;

import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Where plays of one scenario by several drivers wait for each other, so that a node is killed once for all of them.
/// Who has failed leaves, and the others go on.
final class Rendezvous {
    private static final long WAIT_SECONDS = 60;

    @FunctionalInterface
    interface Action {
        void run() throws InterruptedException;
    }

    private final Phaser phaser;
    private final Object one = new Object();
    private int last = -1;

    Rendezvous(int parties) {
        phaser = new Phaser(parties);
    }

    /// Runs the action once for all who have arrived, and returns when it is done.
    void meet(Action action) throws InterruptedException, StepFailed {
        int meeting = phaser.arrive();
        await(meeting);
        synchronized (one) {
            if (last != meeting) {
                last = meeting;
                action.run();
            }
        }
        await(phaser.arrive());
    }

    private void await(int phase) throws InterruptedException, StepFailed {
        try {
            phaser.awaitAdvanceInterruptibly(phase, WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new StepFailed("the other drivers did not come this far within " + WAIT_SECONDS + " s");
        }
    }

    void leave() {
        phaser.arriveAndDeregister();
    }
}
