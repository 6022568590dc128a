package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class OpenFileLimitTest {
    @Test
    void aLimitThatIsTooLowIsToldWithWhatIsNeeded() {
        assertEquals(Optional.empty(), OpenFileLimit.warning(20_000, 10_000));
        assertEquals(Optional.empty(), OpenFileLimit.warning(4096, 0));
        var warning = OpenFileLimit.warning(4096, 10_000).orElseThrow();
        assertTrue(warning.contains("14096") && warning.contains("ulimit -n"), warning);
        assertTrue(OpenFileLimit.ofThisProcess().orElseThrow() > 0);
    }
}
