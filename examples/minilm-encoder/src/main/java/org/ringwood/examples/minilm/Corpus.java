package org.ringwood.examples.minilm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Real documents that every JDK brings along: the licences and notices of the libraries in it. The model has
 * {@value #LONGEST} positions, so longer texts become several documents.
 */
final class Corpus {
    /** Tokens of the longest document, marks included. */
    static final int LONGEST = 512;

    private Corpus() {}

    /** The documents of the running JDK, in the order of their file names, until there are {@code tokens} of them or no more. */
    static List<int[]> ofJdk(WordPieceTokenizer tokenizer, int tokens) throws IOException {
        Path legal = Path.of(System.getProperty("java.home"), "legal");
        List<Path> files;
        try (Stream<Path> walk = Files.walk(legal)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        List<int[]> documents = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        int total = 0;
        for (Path file : files) {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            if (!seen.add(text)) {
                continue;
            }
            for (int[] document : split(tokenizer, text)) {
                if (total + document.length > tokens) {
                    return documents;
                }
                total += document.length;
                documents.add(document);
            }
        }
        return documents;
    }

    /** A text as documents of at most {@value #LONGEST} tokens each. */
    static List<int[]> split(WordPieceTokenizer tokenizer, String text) {
        List<Integer> pieces = tokenizer.pieces(text);
        List<int[]> documents = new ArrayList<>();
        for (int from = 0; from < pieces.size(); from += LONGEST - 2) {
            documents.add(tokenizer.document(pieces.subList(from, Math.min(pieces.size(), from + LONGEST - 2))));
        }
        return documents;
    }
}
