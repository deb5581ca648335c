package org.ringwood.examples.minilm;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The uncased BERT tokenizer: lower case without accents, split at white space and punctuation, each word into the longest
 * pieces of the vocabulary (Devlin et al. 2019, section 3; Wu et al. 2016, section 4.1).
 */
final class WordPieceTokenizer {
    private static final int LONGEST_WORD = 100;

    private final Map<String, Integer> vocabulary = new HashMap<>();
    private final int unknown;
    private final int start;
    private final int end;

    /** @param tokenizerJson the model's {@code tokenizer.json} */
    WordPieceTokenizer(byte[] tokenizerJson) throws IOException {
        Map<String, Object> json = JSON.std.mapFrom(tokenizerJson);
        if (!(json.get("model") instanceof Map<?, ?> model && model.get("vocab") instanceof Map<?, ?> pieces)) {
            throw new IllegalArgumentException("tokenizer.json has no model.vocab");
        }
        pieces.forEach((piece, id) -> vocabulary.put((String) piece, ((Number) id).intValue()));
        unknown = id("[UNK]");
        start = id("[CLS]");
        end = id("[SEP]");
    }

    private int id(String piece) {
        Integer id = vocabulary.get(piece);
        if (id == null) {
            throw new IllegalArgumentException("the vocabulary lacks " + piece);
        }
        return id;
    }

    /** Ids of a text's pieces, without the marks of its start and end. */
    List<Integer> pieces(String text) {
        List<Integer> ids = new ArrayList<>();
        for (String word : words(text)) {
            addPieces(word, ids);
        }
        return ids;
    }

    /** Ids of a whole document: start mark, pieces, end mark. */
    int[] document(List<Integer> pieces) {
        int[] ids = new int[pieces.size() + 2];
        ids[0] = start;
        for (int i = 0; i < pieces.size(); i++) {
            ids[i + 1] = pieces.get(i);
        }
        ids[ids.length - 1] = end;
        return ids;
    }

    private static List<String> words(String text) {
        String plain = Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFD);
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        plain.codePoints().forEach(c -> {
            int type = Character.getType(c);
            if (Character.isWhitespace(c) || type == Character.SPACE_SEPARATOR) {
                flush(word, words);
            } else if (isPunctuation(c) || Character.isIdeographic(c)) {
                flush(word, words);
                words.add(Character.toString(c));
            } else if (type != Character.NON_SPACING_MARK
                    && type != Character.CONTROL
                    && type != Character.FORMAT
                    && c != 0xFFFD) {
                word.appendCodePoint(c);
            }
        });
        flush(word, words);
        return words;
    }

    private static void flush(StringBuilder word, List<String> words) {
        if (!word.isEmpty()) {
            words.add(word.toString());
            word.setLength(0);
        }
    }

    /** All of ASCII that is neither letter, digit nor blank counts, also symbols such as {@code $}. */
    private static boolean isPunctuation(int c) {
        if (c < 128) {
            return c > ' ' && c != 127 && !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    private void addPieces(String word, List<Integer> ids) {
        if (word.codePointCount(0, word.length()) > LONGEST_WORD) {
            ids.add(unknown);
            return;
        }
        int before = ids.size();
        for (int from = 0; from < word.length(); ) {
            int to = word.length();
            Integer id = null;
            while (to > from && id == null) {
                id = vocabulary.get((from == 0 ? "" : "##") + word.substring(from, to));
                if (id == null) {
                    to--;
                }
            }
            if (id == null) {
                ids.subList(before, ids.size()).clear();
                ids.add(unknown);
                return;
            }
            ids.add(id);
            from = to;
        }
    }
}
