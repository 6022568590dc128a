package io.weirlog.metadata;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.weirlog.metadata");

    @Test
    void onlyOnePackageKnowsRatis() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.weirlog.metadata.ratis")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.ratis..")
                .check(CLASSES);
    }

    @Test
    void theCoreIsPure() {
        noClasses()
                .that()
                .resideInAPackage("io.weirlog.metadata.core")
                .should()
                .dependOnClassesThat(resideInAPackage("java.io")
                        .or(resideInAPackage("java.nio.."))
                        .or(resideInAPackage("java.net.."))
                        .or(resideInAPackage("java.time.."))
                        .or(resideInAPackage("java.util.concurrent.."))
                        .or(resideInAPackage("org.slf4j.."))
                        .or(resideInAPackage("io.weirlog.metadata.codec"))
                        .or(resideInAPackage("io.weirlog.metadata.ratis")))
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Random.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(CLASSES);
    }
}
