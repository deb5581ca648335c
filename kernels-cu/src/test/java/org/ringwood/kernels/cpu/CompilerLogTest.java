package org.ringwood.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log of a compiler that put an operation off is told from that of one that did not. */
class CompilerLogTest {
    @TempDir
    private Path directory;

    /** A task as HotSpot writes it, with what matters here. */
    private CompilerLog log(String method, int nodes) throws IOException {
        Path file = directory.resolve("log");
        Files.writeString(file, """
                <task compile_id='7' method='org.ringwood.kernels.cpu.%s ([FII)V' bytes='500' stamp='1.0'>
                <klass id='901' name='jdk.incubator.vector.FloatVector' flags='1025'/>
                <method id='902' holder='901' name='intoArray' return='900' bytes='60'/>
                <klass id='903' name='jdk.internal.vm.vector.VectorSupport' flags='33'/>
                <method id='904' holder='903' name='store' return='900' bytes='20'/>
                <parse method='905' uses='1' stamp='1.0'>
                <parse_done nodes='%d' live='9000' memory='5' stamp='1.1'/>
                </parse>
                <late_inline method='904' inline_id='1'>
                </late_inline>
                <late_inline method='902' inline_id='2'>
                <parse_done nodes='30000' live='9000' memory='5' stamp='1.1'/>
                </late_inline>
                <task_done success='1' nmsize='100' stamp='1.2'/>
                </task>
                """.formatted(method, nodes));
        return CompilerLog.read(file);
    }

    @Test
    void operationsThatWerePutOffAreFound() throws IOException {
        assertThat(log("LaneTiles score8x2", 18_001).putOff())
                .containsExactly(
                        "jdk.incubator.vector.FloatVector.intoArray in org.ringwood.kernels.cpu.LaneTiles.score8x2");
    }

    @Test
    void operationsOfUnknownReceiversAreNotPutOff() throws IOException {
        CompilerLog log = log("LaneTiles score8x2", 17_999);
        assertThat(log.compiled()).containsExactly("org.ringwood.kernels.cpu.LaneTiles.score8x2");
        assertThat(log.putOff()).isEmpty();
    }

    @Test
    void stepsAreLoopsAndDriversAreNot() throws IOException {
        assertThat(log("SoftmaxStep$5 apply", 18_001).putOff()).hasSize(1);
        assertThat(log("GroupAttention attendTile", 18_001).putOff()).isEmpty();
    }
}
