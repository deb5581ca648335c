package org.ringwood;

import static com.tngtech.archunit.base.DescribedPredicate.anyElementThat;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the house: who may know whom. */
@AnalyzeClasses(
        packages = "org.ringwood",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestsOfOtherModules.class})
class ArchitectureTest {
    private static final String VECTOR = "jdk.incubator.vector.Vector";

    /** Leaves out tests that a module has put into a jar. */
    static final class NoTestsOfOtherModules implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule MODULES_KNOW_ONLY_WHAT_LIES_BELOW = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("kernels")
            .definedBy("org.ringwood.kernels..")
            .layer("collectives")
            .definedBy("org.ringwood.collectives..")
            .layer("attention")
            .definedBy("org.ringwood.attention..")
            .layer("runtime")
            .definedBy("org.ringwood.runtime..")
            .whereLayer("runtime")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("attention")
            .mayOnlyBeAccessedByLayers("runtime")
            .whereLayer("collectives")
            .mayOnlyBeAccessedByLayers("attention", "runtime")
            .whereLayer("kernels")
            .mayOnlyBeAccessedByLayers("attention", "runtime");

    @ArchTest
    static final ArchRule ONLY_THE_CPU_PROVIDER_USES_VECTORS = only("jdk.incubator..", "org.ringwood.kernels..");

    /** A vector that crosses the border of a method becomes an object unless the compiler happens to inline it. */
    @ArchTest
    static final ArchRule METHODS_EXCHANGE_NO_VECTORS = noMethods()
            .that()
            .areDeclaredInClassesThat()
            .resideInAPackage("org.ringwood..")
            .should()
            .haveRawReturnType(assignableTo(VECTOR))
            .orShould()
            .haveRawParameterTypes(anyElementThat(assignableTo(VECTOR)));

    @ArchTest
    static final ArchRule ONLY_THE_CUDA_PROVIDER_USES_JCUDA = only("jcuda..", "org.ringwood.kernels.cuda..");

    @ArchTest
    static final ArchRule ONLY_ITS_TRANSPORT_USES_AERON = only("io.aeron..", "org.ringwood.collectives.aeron..");

    @ArchTest
    static final ArchRule ONLY_ITS_TRANSPORT_USES_MPI = only("mpi..", "org.ringwood.collectives.mpi..");

    @ArchTest
    static final ArchRule ONLY_COLLECTIVES_USE_AGRONA = only("org.agrona..", "org.ringwood.collectives..");

    @ArchTest
    static final ArchRule ONLY_THE_CLUSTER_PACKAGE_USES_HAZELCAST =
            only("com.hazelcast..", "org.ringwood.runtime.cluster..");

    @ArchTest
    static final ArchRule ATTENTION_KNOWS_NO_FILES_AND_NO_SOCKETS = noClasses()
            .that()
            .resideInAPackage("org.ringwood.attention..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.nio.file..", "java.nio.channels..", "java.net..");

    @ArchTest
    static final ArchRule LIBRARIES_DO_NOT_PRINT = noClasses()
            .that()
            .resideInAnyPackage("org.ringwood.kernels..", "org.ringwood.collectives..", "org.ringwood.attention..")
            .should(ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule PACKAGES_ARE_NULL_MARKED = classes()
            .that()
            .haveSimpleName("package-info")
            .should()
            .beAnnotatedWith(org.jspecify.annotations.NullMarked.class);

    private static ArchRule only(String library, String room) {
        return noClasses()
                .that(resideInAPackage("org.ringwood..").and(not(resideInAPackage(room))))
                .should()
                .dependOnClassesThat(resideInAnyPackage(library));
    }
}
