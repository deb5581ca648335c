package org.ringwood.examples.minilm;

import java.util.List;
import java.util.Locale;
import org.ringwood.attention.schedule.Schedules;
import org.ringwood.kernels.Device;
import org.ringwood.kernels.Devices;

/**
 * Encodes the JDK's licence texts, packed into one sequence, on several ranks by several schedules, and compares every
 * embedding with ONNX Runtime's: {@code EncodeDocuments [tokens] [ranks] [schedule …]}.
 */
public final class EncodeDocuments {
    private static final double LEAST_COSINE = 0.99999;
    private static final double LARGEST_DIFFERENCE = 1e-4;
    private static final int VERIFICATION_FAILED = 3;

    private EncodeDocuments() {}

    /** Prints a line a schedule; ends with 3 if an embedding differs by more than rounding. */
    public static void main(String[] args) throws Exception {
        int tokens = args.length > 0 ? Integer.parseInt(args[0]) : 30_000;
        int ranks = args.length > 1 ? Integer.parseInt(args[1]) : 4;
        List<String> schedules = args.length > 2
                ? List.of(args).subList(2, args.length)
                : List.of("ring", "ulysses", "hybrid", "gather");
        WordPieceTokenizer tokenizer = new WordPieceTokenizer(Weights.resource("all-minilm-l6-v2-tokenizer.json"));
        Documents documents = Documents.pack(Corpus.ofJdk(tokenizer, tokens));
        System.out.printf("%d documents, %d tokens, %d ranks%n", documents.count(), documents.tokens(), ranks);
        if (documents.count() == 0) {
            throw new IllegalStateException("no document is as short as " + tokens + " tokens: give more tokens");
        }
        List<float[]> expected = OnnxRuntimeEncoder.embedAll(documents);
        Weights weights = Weights.load();
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / ranks);
        System.out.printf("%-10s %10s %20s %16s%n", "schedule", "seconds", "smallest cosine", "max difference");
        boolean equal = true;
        for (String schedule : schedules) {
            long began = System.nanoTime();
            List<float[]> actual = LocalRanks.run(ranks, group -> {
                        try (Device device = Devices.open(Devices.Kind.CPU, threads)) {
                            return new PackedEncoder(weights, documents)
                                    .encode(group, device, Schedules.named(schedule));
                        }
                    })
                    .getFirst();
            double seconds = (System.nanoTime() - began) / 1e9;
            double cosine = 1;
            double difference = 0;
            for (int i = 0; i < documents.count(); i++) {
                cosine = Math.min(cosine, Embeddings.cosine(actual.get(i), expected.get(i)));
                difference = Math.max(difference, Embeddings.maxDifference(actual.get(i), expected.get(i)));
            }
            System.out.printf(Locale.ROOT, "%-10s %10.1f %20.9f %16.1e%n", schedule, seconds, cosine, difference);
            equal &= cosine >= LEAST_COSINE && difference <= LARGEST_DIFFERENCE;
        }
        if (!equal) {
            System.err.printf(
                    "an embedding differs by more than cosine %s or difference %s%n", LEAST_COSINE, LARGEST_DIFFERENCE);
            System.exit(VERIFICATION_FAILED);
        }
    }
}
