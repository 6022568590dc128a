package io.weirlog.deploy.alert;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Holds a test to what it says that it [Fires].
final class FiresExtension implements BeforeTestExecutionCallback, AfterTestExecutionCallback {
    private static Watched watched(ExtensionContext context) {
        return (Watched) context.getRequiredTestInstance();
    }

    private static Set<String> alerts(ExtensionContext context) {
        return new TreeSet<>(Arrays.asList(
                context.getRequiredTestMethod().getAnnotation(Fires.class).value()));
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) throws Exception {
        var test = watched(context);
        test.prometheus().awaitNothingWrong(test.cluster().count());
    }

    @Override
    public void afterTestExecution(ExtensionContext context) throws Exception {
        if (context.getExecutionException().isEmpty()) {
            var begun = System.nanoTime();
            watched(context).prometheus().awaitFiring(alerts(context));
            System.out.println(alerts(context) + " told " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun)
                    + " ms after the fault");
        }
    }
}
