package org.ringwood.runtime.job;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.ringwood.attention.MaskRule;

/** A mask as the job file describes it, for one item of a batch. */
public sealed interface MaskSpec {
    /** Every key. */
    MaskSpec FULL = new Combined(false, Optional.empty(), Optional.empty());

    /** The mask's rule, for one item. */
    MaskRule rule();

    /** Files that it was read from; a job must not write over them. */
    List<Path> files();

    /** Every key up to the query's own position. */
    MaskSpec CAUSAL = new Combined(true, Optional.empty(), Optional.empty());

    /**
     * Conditions that all hold.
     *
     * @param causal whether keys behind the query's position are refused
     * @param window which positions around a query are admitted
     * @param documents which tokens belong together
     */
    record Combined(boolean causal, Optional<Window> window, Optional<Documents> documents) implements MaskSpec {
        @Override
        public MaskRule rule() {
            MaskRule rule = causal ? MaskRule.causal() : MaskRule.full();
            if (window.isPresent()) {
                MaskRule around = MaskRule.window(
                        window.get().left(), window.get().right(), window.get().sinks());
                rule = causal ? rule.and(around) : around;
            }
            return documents.isPresent()
                    ? rule.inDocuments(
                            documents.get().queries().values(),
                            documents.get().keys().values())
                    : rule;
        }

        @Override
        public List<Path> files() {
            return documents.stream()
                    .flatMap(
                            each -> Stream.of(each.queries().file(), each.keys().file()))
                    .flatMap(Optional::stream)
                    .toList();
        }
    }

    /**
     * Admits, for position p, key k if {@code p - left <= k <= p + right}, or if {@code k < sinks} and {@code k <= p + right}.
     */
    record Window(long left, long right, long sinks) {}

    /**
     * Packed documents, which attend only to themselves.
     *
     * @param queries cumulative lengths of the queries' documents
     * @param keys cumulative lengths of the keys' documents, as many
     */
    record Documents(Offsets queries, Offsets keys) {}

    /**
     * Cumulative lengths, from 0 and never falling.
     *
     * @param file where they were read from; empty if the job file lists them
     */
    record Offsets(List<Long> values, Optional<Path> file) {
        /** Copies the values. */
        public Offsets {
            values = List.copyOf(values);
        }

        /** The last of them: the number of tokens. */
        public long total() {
            return values.getLast();
        }
    }

    /**
     * Rectangles of row indices.
     *
     * @param file where they were read from; empty if the job file lists them
     */
    record Slices(List<MaskRule.Rectangle> rectangles, Optional<Path> file) implements MaskSpec {
        /** Copies the list. */
        public Slices {
            rectangles = List.copyOf(rectangles);
        }

        @Override
        public MaskRule rule() {
            return MaskRule.rectangles(rectangles);
        }

        @Override
        public List<Path> files() {
            return file.stream().toList();
        }
    }
}
