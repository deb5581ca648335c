package org.ringwood.benchmarks.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ringwood.kernels.DType;
import org.ringwood.kernels.Slice;

class WorkloadTest {
    @ParameterizedTest
    @CsvSource({
        "'rows=10,dim=8', 100",
        "'rows=10,keys=7,dim=8', 70",
        "'rows=10,dim=8,mask=causal', 55",
        // The last of three queries sees all ten keys.
        "'rows=3,keys=10,dim=8,mask=causal', 27",
        "'rows=10,dim=8,mask=window:1', 10",
        "'rows=10,dim=8,mask=window:4', 34",
        "'rows=10,dim=8,mask=window:99', 55",
        // Lengths 1, 2, 3 and 4.
        "'rows=10,dim=8,mask=documents:4', 30",
        "'rows=10,dim=8,mask=causal-documents:4', 20",
        "'rows=10,dim=8,mask=causal,items=3', 165"
    })
    void admittedPairsAreCounted(String text, long pairs) {
        Workload workload = WorkloadText.parse(text);
        assertThat(workload.pairs()).isEqualTo(pairs);
        assertThat(workload.slices().stream().mapToLong(Slice::area).sum()).isEqualTo(pairs);
        assertThat(counted(workload)).isEqualTo(pairs);
    }

    /** Pairs that are admitted once; none is admitted twice. */
    private static long counted(Workload workload) {
        long count = 0;
        for (long query = 0; query < workload.allRows(); query++) {
            for (long key = 0; key < workload.allKeys(); key++) {
                long q = query;
                long k = key;
                long slices = workload.slices().stream()
                        .filter(slice -> slice.admits(q, k))
                        .count();
                assertThat(slices).isLessThanOrEqualTo(1);
                count += slices;
            }
        }
        return count;
    }

    @Test
    void flopsAreTwoForEveryElementOfKeyAndValueOfAnAdmittedPair() {
        assertThat(WorkloadText.parse("rows=10,heads=6/2,dim=8,dimv=5,mask=causal")
                        .flops())
                .isEqualTo(55.0 * 6 * 2 * (8 + 5));
        // Scores and the gradients of scores, queries, keys and values.
        assertThat(WorkloadText.parse("rows=10,heads=6/2,dim=8,dimv=5,mask=causal,pass=backward")
                        .flops())
                .isEqualTo(55.0 * 6 * 2 * (8 + 5 + 8 + 8 + 5));
    }

    @Test
    void bytesOfADecodeAreThoseOfTheKeysThatAreAttended() {
        Workload decode = Workload.decode(3, 1000, 8, 2, 64).withDtype(DType.BF16);
        assertThat(decode.isDecode()).isTrue();
        assertThat(decode.keyBytes()).isEqualTo(3.0 * 1000 * 2 * (64 + 64) * 2);
        assertThat(decode.withMasking(new Masking.Window(100)).keyBytes()).isEqualTo(3.0 * 100 * 2 * (64 + 64) * 2);
    }

    @Test
    void theTableHasNoCaseTwice() {
        assertThat(CaseTable.complete()).extracting(KernelCase::workload).doesNotHaveDuplicates();
        assertThat(CaseTable.complete())
                .extracting(KernelCase::workload)
                .containsAll(
                        CaseTable.quick().stream().map(KernelCase::workload).toList());
    }

    @Test
    void costIsAPairsTimeRelativeToTheBaselines() {
        KernelCase window = KernelCase.of(WorkloadText.parse("rows=10,dim=8,mask=causal-documents:4"));
        // A fifth of the pairs in a fifth of the time.
        assertThat(window.relativeCost(0.2, 1)).isEqualTo(1);
        assertThat(window.relativeCost(0.4, 1)).isEqualTo(2);
    }

    @Test
    void turnsAreTheChosenCasesWithTheirOwnOrTheGivenThreads() {
        KernelCase plain = KernelCase.of(Workload.square(5, 1, 4));
        KernelCase both = KernelCase.of(Workload.square(6, 1, 4)).withEachCount();
        List<KernelCase> cases = List.of(plain, both);
        assertThat(Turn.of(cases, "", List.of(), 3))
                .containsExactly(new Turn(plain, 3), new Turn(both, 1), new Turn(both, 3));
        assertThat(Turn.of(cases, "", List.of(), 1)).containsExactly(new Turn(plain, 1), new Turn(both, 1));
        assertThat(Turn.of(cases, "rows=[0-5],", List.of(2, 1, 2), 3))
                .containsExactly(new Turn(plain, 2), new Turn(plain, 1));
        assertThatThrownBy(() -> Turn.of(cases, "dim=64", List.of(), 3)).hasMessageContaining("'dim=64'");
        assertThatThrownBy(() -> Turn.of(cases, "(", List.of(), 3))
                .hasMessageContaining("'(' is no regular expression");
        assertThatThrownBy(() -> Turn.of(cases, "", List.of(4), 3)).hasMessageContaining("4 threads");
    }
}
