package org.ringwood.runtime.sweep;

import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.ringwood.runtime.yaml.Keywords;

/** How the length of the sequence goes with the number of workers. */
public enum Scaling {
    /** The same tokens in all, however many workers share them. */
    STRONG {
        @Override
        long tokens(long tokens, int workers, LongUnaryOperator area) {
            return tokens;
        }
    },
    /** The same tokens a worker; the work of each grows with the sequence. */
    WEAK_TOKENS {
        @Override
        long tokens(long tokens, int workers, LongUnaryOperator area) {
            return Math.multiplyExact(tokens, workers);
        }
    },
    /** The same work a worker: the sequence grows until all of it has that many times the admitted pairs. */
    WEAK_WORK {
        @Override
        long tokens(long tokens, int workers, LongUnaryOperator area) {
            long wanted = Math.multiplyExact(area.applyAsLong(tokens), workers);
            long below = tokens;
            long enough = Math.multiplyExact(tokens, workers);
            while (below < enough) {
                long middle = below + (enough - below) / 2;
                if (area.applyAsLong(middle) < wanted) {
                    below = middle + 1;
                } else {
                    enough = middle;
                }
            }
            return enough;
        }
    };

    static final Map<String, Scaling> WORDS = Keywords.map(values());

    /**
     * Tokens of the whole sequence.
     *
     * @param tokens as the axis says: those of one worker, or all
     * @param workers that share it
     * @param area admitted pairs of a sequence of so many tokens; never falls
     */
    abstract long tokens(long tokens, int workers, LongUnaryOperator area);

    @Override
    public String toString() {
        return Keywords.of(this);
    }
}
