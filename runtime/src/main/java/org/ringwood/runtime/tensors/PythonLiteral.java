package org.ringwood.runtime.tensors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The few Python literals of an {@code .npy} header: a dictionary from strings to strings, booleans, tuples of whole numbers,
 * and lists, which stand for structured types and are not looked into.
 */
final class PythonLiteral {
    /** Why a text is no such literal. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /** A value of the dictionary. */
    sealed interface Value {
        /** A string. */
        record Text(String text) implements Value {}

        /** True or False. */
        record Truth(boolean value) implements Value {}

        /** A tuple of whole numbers. */
        record Numbers(List<Long> values) implements Value {}

        /** A list. */
        record Structure() implements Value {}
    }

    private final String text;
    private int at;

    private PythonLiteral(String text) {
        this.text = text;
    }

    static Map<String, Value> dictionary(String text) throws MalformedException {
        return new PythonLiteral(text).dictionary();
    }

    private Map<String, Value> dictionary() throws MalformedException {
        Map<String, Value> values = new HashMap<>();
        expect('{');
        while (!accept('}')) {
            String key = string();
            expect(':');
            if (values.put(key, value()) != null) {
                throw new MalformedException("a key occurs twice");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skipSpace();
        if (at < text.length()) {
            throw malformed("nothing more");
        }
        return values;
    }

    private Value value() throws MalformedException {
        skipSpace();
        char next = peek();
        if (next == '\'' || next == '"') {
            return new Value.Text(string());
        }
        if (next == '(') {
            return new Value.Numbers(tuple());
        }
        if (next == '[') {
            skipList();
            return new Value.Structure();
        }
        for (boolean truth : new boolean[] {true, false}) {
            String word = truth ? "True" : "False";
            if (text.startsWith(word, at)) {
                at += word.length();
                return new Value.Truth(truth);
            }
        }
        throw malformed("a string, True, False or a tuple");
    }

    private List<Long> tuple() throws MalformedException {
        List<Long> numbers = new ArrayList<>();
        expect('(');
        while (!accept(')')) {
            numbers.add(number());
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return numbers;
    }

    private long number() throws MalformedException {
        skipSpace();
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == from) {
            throw malformed("a whole number");
        }
        if (at - from > 18) {
            throw new MalformedException("a length has more than 18 digits");
        }
        return Long.parseLong(text, from, at, 10);
    }

    private String string() throws MalformedException {
        skipSpace();
        char quote = peek();
        if (quote != '\'' && quote != '"') {
            throw malformed("a string");
        }
        int end = text.indexOf(quote, at + 1);
        if (end < 0) {
            throw malformed("a string that ends");
        }
        String string = text.substring(at + 1, end);
        at = end + 1;
        return string;
    }

    private void skipList() throws MalformedException {
        int depth = 0;
        do {
            char next = peek();
            if (next == '\'' || next == '"') {
                string();
                continue;
            }
            depth += next == '[' ? 1 : next == ']' ? -1 : 0;
            at++;
        } while (depth > 0);
    }

    private char peek() throws MalformedException {
        if (at >= text.length()) {
            throw malformed("more");
        }
        return text.charAt(at);
    }

    private boolean accept(char wanted) {
        skipSpace();
        boolean found = at < text.length() && text.charAt(at) == wanted;
        if (found) {
            at++;
        }
        return found;
    }

    private void expect(char wanted) throws MalformedException {
        if (!accept(wanted)) {
            throw malformed(String.valueOf(wanted));
        }
    }

    private void skipSpace() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
            at++;
        }
    }

    private MalformedException malformed(String wanted) {
        return new MalformedException("expected " + wanted + " at character " + at);
    }
}
