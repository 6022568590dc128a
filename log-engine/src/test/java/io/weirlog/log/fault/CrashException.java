package io.weirlog.log.fault;

/// The machine is off: thrown by the call at which it crashed and by every later one.
public final class CrashException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CrashException() {
        super("the machine has crashed");
    }
}
