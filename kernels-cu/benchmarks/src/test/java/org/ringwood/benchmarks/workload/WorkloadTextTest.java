package org.ringwood.benchmarks.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ringwood.kernels.DType;

class WorkloadTextTest {
    @Test
    void whatIsNotToldHasDefaults() {
        assertThat(WorkloadText.parse("rows=2048,dim=128")).isEqualTo(Workload.square(2048, 8, 128));
    }

    @Test
    void everythingCanBeTold() {
        Workload workload = WorkloadText.parse(
                "rows=3, keys=70,heads=6/2,dim=80,dimv=64,dtype=BF16,mask=window:9,items=4,layout=thd,pass=backward,dropout=0.25");
        assertThat(workload)
                .isEqualTo(new Workload(
                        4,
                        3,
                        70,
                        6,
                        2,
                        80,
                        64,
                        DType.BF16,
                        new Masking.Window(9),
                        Workload.Layout.THD,
                        Pass.BACKWARD,
                        0.25));
    }

    @Test
    void aWorkloadIsReadFromItsOwnText() {
        assertThat(CaseTable.complete())
                .allSatisfy(subject -> assertThat(
                                WorkloadText.parse(subject.workload().toString()))
                        .isEqualTo(subject.workload()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "causal", "window:5", "documents:3", "causal-documents:2"})
    void aMaskIsReadFromItsOwnText(String mask) {
        assertThat(WorkloadText.parse("rows=8,dim=4,mask=" + mask).masking()).hasToString(mask);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dim=64 | rows",
                "rows=64 | dim",
                "rows=2,dim=64,rows=3 | twice",
                "rows=2,dim=64,colour=red | colour=red",
                "rows=2,dim=64,,dimv=3 | is none of its parts",
                "rows=two,dim=64 | two",
                "rows=0,dim=64 | 0 is not within",
                "rows=2,dim=64,heads=8/2/1 | heads=8/2/1",
                "rows=2,dim=64,heads=2/8 | 2 query heads cannot read 8",
                "rows=2,dim=257 | 257",
                "rows=2,dim=64,dtype=f64 | dtype=f64 is none of f32, f16, bf16",
                "rows=2,dim=64,mask=striped | mask=striped is none of",
                "rows=2,dim=64,mask=window | mask=window is none of",
                "rows=2,dim=64,mask=window:x | is no whole number",
                "rows=2,keys=3,dim=64,mask=documents:2 | as many rows as keys",
                "rows=2,dim=64,layout=htx | layout=htx is none of htd, thd",
                "rows=2,dim=64,pass=back | pass=back is none of forward, backward",
                "rows=2,dim=64,dropout=much | is no number",
                "rows=2,dim=64,dropout=1 | dropout of rate 1.0"
            })
    void whatIsNoWorkloadIsRefusedWithItsCulprit(String text, String culprit) {
        assertThatThrownBy(() -> WorkloadText.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(culprit);
    }
}
