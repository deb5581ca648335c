package org.ringwood.runtime.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.ringwood.attention.MaskRule;
import org.ringwood.attention.Weights;
import org.ringwood.collectives.Timeouts;
import org.ringwood.runtime.tensors.Layout;
import org.ringwood.runtime.yaml.Keywords;

/** Writes a job as a job file. */
final class JobText {
    private final StringBuilder text = new StringBuilder();

    JobText(Job job) {
        line("workers", number(job.workers()));
        line("threads", number(job.threads()));
        line("cpus", job.cpus().isEmpty() ? "auto" : quoted(job.cpus().toString()));
        line("device", job.devices().size() == 1 ? job.devices().getFirst() : job.devices());
        line(
                "deviceMemory",
                job.deviceMemory().isPresent()
                        ? ByteSizes.text(job.deviceMemory().getAsLong())
                        : "auto");
        line("speeds", speeds(job.speeds()));
        line("transport", job.transport());
        line("network", network(job.network()));
        line("timeouts", timeouts(job.timeouts()));
        text.append("attention:\n");
        line("  schedule", job.attention().schedules());
        line("  partition", job.attention().partition());
        line("  mask", mask(job.attention().mask(), JobText::source));
        line(
                "  scale",
                job.attention().scale().isPresent() ? job.attention().scale().getAsDouble() : "auto");
        line("  softcap", job.attention().softcap());
        line("input", input(job.input()));
        line("output", file(job.output()));
        line("verify", verify(job.verify()));
        line("report", file(job.report()));
        line("trace", file(job.trace()));
    }

    static String digest(Job job) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(new JobText(job).toString().getBytes(UTF_8));
            sha256.update(mask(job.attention().mask(), _ -> Optional.empty()).getBytes(UTF_8));
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void line(String key, Object value) {
        text.append(key).append(": ").append(value).append('\n');
    }

    private static Object number(OptionalInt number) {
        return number.isPresent() ? number.getAsInt() : "auto";
    }

    private static String speeds(Speeds speeds) {
        return switch (speeds) {
            case Speeds.Auto() -> "auto";
            case Speeds.Equal() -> "equal";
            case Speeds.Measured() -> "measured";
            case Speeds.Given(Weights weights) -> weights.toString();
        };
    }

    private static String network(Job.Network network) {
        return "{interface: " + network.interfaceName().map(JobText::quoted).orElse("auto") + ", ports: "
                + network.ports().first() + "}";
    }

    private static String timeouts(Timeouts timeouts) {
        return "{join: " + Durations.text(timeouts.join()) + ", peer: " + Durations.text(timeouts.peer())
                + ", stall: " + Durations.text(timeouts.stall()) + ", job: "
                + timeouts.job().map(Durations::text).orElse("none") + "}";
    }

    private static String verify(Verify verify) {
        return switch (verify) {
            case Verify.All() -> "all";
            case Verify.None() -> "none";
            case Verify.Samples(long count) -> "{samples: " + count + "}";
        };
    }

    private static String input(Input input) {
        return switch (input) {
            case Input.Npy npy ->
                "{q: " + quoted(npy.q()) + ", k: " + quoted(npy.k()) + ", v: " + quoted(npy.v()) + layout(npy.layout())
                        + "}";
            case Input.Safetensors archive ->
                "{tensors: " + quoted(archive.file()) + ", names: {q: " + quoted(archive.q()) + ", k: "
                        + quoted(archive.k()) + ", v: " + quoted(archive.v()) + "}" + layout(archive.layout()) + "}";
            case Input.Random random ->
                "{random: {tokens: " + random.tokens() + ", queries: " + random.queries() + ", heads: "
                        + random.heads() + ", kvHeads: " + random.kvHeads() + ", dim: " + random.dim() + ", dimV: "
                        + random.dimV() + ", dtype: " + Keywords.of(random.dtype()) + ", seed: "
                        + random.seed() + ", batch: " + random.batch() + "}}";
        };
    }

    private static String layout(Optional<Layout> layout) {
        return layout.map(order -> ", layout: " + order).orElse("");
    }

    private static Optional<String> source(Optional<Path> file) {
        return file.map(JobText::quoted);
    }

    /** The mask, with lists replaced by their {@code source} where there is one. */
    private static String mask(MaskSpec mask, Function<Optional<Path>, Optional<String>> source) {
        return switch (mask) {
            case MaskSpec.Slices slices ->
                "{slices: " + source.apply(slices.file()).orElseGet(() -> rectangles(slices.rectangles())) + "}";
            case MaskSpec.Combined combined ->
                "{causal: " + combined.causal()
                        + combined.window().map(JobText::window).orElse("")
                        + combined.documents()
                                .map(documents -> documents(documents, source))
                                .orElse("") + "}";
        };
    }

    private static String window(MaskSpec.Window window) {
        return ", window: {left: " + window.left() + ", right: " + window.right() + ", sinks: " + window.sinks() + "}";
    }

    private static String documents(MaskSpec.Documents documents, Function<Optional<Path>, Optional<String>> source) {
        String queries = offsets(documents.queries(), source);
        String keys = offsets(documents.keys(), source);
        return ", queryDocuments: " + queries + ", keyDocuments: " + keys;
    }

    private static String offsets(MaskSpec.Offsets offsets, Function<Optional<Path>, Optional<String>> source) {
        return source.apply(offsets.file()).orElseGet(() -> offsets.values().toString());
    }

    private static String rectangles(List<MaskRule.Rectangle> rectangles) {
        return rectangles.stream()
                .map(r -> "[" + r.qFrom() + ", " + r.qTo() + ", " + r.kFrom() + ", " + r.kTo() + ", "
                        + Keywords.of(r.kind()) + "]")
                .collect(Collectors.joining(", ", "[", "]"));
    }

    private static String file(Optional<Path> file) {
        return file.map(JobText::quoted).orElse("none");
    }

    private static String quoted(Path path) {
        return quoted(path.toString());
    }

    private static String quoted(String word) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (Character.isISOControl(c)) {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
