package io.weirlog.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// Holds the house together: who may know whom.
class ArchitectureTest {
    private static final JavaClasses WEIRLOG = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.weirlog");

    /// So that no rule below holds only because it looked at nothing.
    @Test
    void allModulesAreLookedAt() {
        for (var name : List.of(
                "common", "record", "wire", "v1", "log", "replication", "metadata", "server", "client", "cli")) {
            assertTrue(
                    WEIRLOG.stream().anyMatch(one -> one.getPackageName().startsWith("io.weirlog." + name)),
                    () -> "no class of io.weirlog." + name);
        }
    }

    @Test
    void dependenciesPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("foundation")
                .definedBy("io.weirlog.common..", "io.weirlog.record..", "io.weirlog.wire..", "io.weirlog.v1..")
                .optionalLayer("storage")
                .definedBy("io.weirlog.storage..", "io.weirlog.internal..")
                .layer("log")
                .definedBy("io.weirlog.log", "io.weirlog.log.fault")
                .layer("log files")
                .definedBy("io.weirlog.log.inspect..")
                .layer("replication")
                .definedBy("io.weirlog.replication..")
                .layer("metadata")
                .definedBy(
                        "io.weirlog.metadata",
                        "io.weirlog.metadata.core..",
                        "io.weirlog.metadata.codec..",
                        "io.weirlog.metadata.ratis..")
                .layer("metadata files")
                .definedBy("io.weirlog.metadata.inspect..")
                .layer("server")
                .definedBy("io.weirlog.server..")
                .layer("client")
                .definedBy("io.weirlog.client..")
                .layer("cli")
                .definedBy("io.weirlog.cli..")
                .whereLayer("storage")
                .mayOnlyBeAccessedByLayers("log", "replication", "metadata", "metadata files", "server")
                .whereLayer("log files")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("log")
                .mayOnlyBeAccessedByLayers("replication", "server")
                .whereLayer("replication")
                .mayOnlyBeAccessedByLayers("server")
                .whereLayer("metadata")
                .mayOnlyBeAccessedByLayers("server", "metadata files")
                .whereLayer("metadata files")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("server")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("client")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .check(WEIRLOG);
    }

    @Test
    void onlyOnePackageKnowsRatis() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.weirlog.metadata.ratis..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.ratis..")
                .check(WEIRLOG);
    }

    @Test
    void onlyTheCommandLineKnowsItsLibraries() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.weirlog.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("picocli..", "me.tongfei.progressbar..", "ch.qos.logback..")
                .check(WEIRLOG);
    }

    /// The machine decides the same on every voter only if it sees nothing but its commands.
    @Test
    void theMetadataMachineIsPure() {
        noClasses()
                .that()
                .resideInAPackage("io.weirlog.metadata.core..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.net..",
                        "java.util.concurrent..",
                        "org.slf4j..",
                        "io.grpc..")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Clock.class)
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(WEIRLOG);
    }

    /// Every coordinator decides the same, and a simulation replays it, only if it sees nothing but its events.
    @Test
    void theGroupMachineIsPure() {
        noClasses()
                .that()
                .resideInAPackage("io.weirlog.server.group.core..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.net..",
                        "java.time..",
                        "java.util.concurrent..",
                        "java.util.random..",
                        "org.slf4j..",
                        "io.grpc..",
                        "com.google.protobuf..",
                        "io.weirlog.v1..",
                        "io.weirlog.storage..")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Random.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(WEIRLOG);
        assertTrue(
                WEIRLOG.stream().anyMatch(one -> one.getPackageName().equals("io.weirlog.server.group.core")),
                "the rule looked at nothing");
    }

    @Test
    void nobodySleeps() {
        noClasses().should().callMethod(Thread.class, "sleep", long.class).check(WEIRLOG);
    }

    /// Without the mark, the null checks of the build pass a package by.
    @Test
    void everyPackageIsCheckedForNulls() {
        classes()
                .that()
                .resideOutsideOfPackages("io.weirlog.v1..", "io.weirlog.storage..", "io.weirlog.internal..")
                .should(new BeInMarkedPackage(NullMarked.class))
                .check(WEIRLOG);
    }
}
