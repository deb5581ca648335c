package org.ringwood.attention.schedule;

import java.util.List;
import org.ringwood.attention.AttentionShape;
import org.ringwood.attention.Mask;
import org.ringwood.attention.plan.Operand;

/** One of the two sides of attention. Where its rows circulate, those of the other side stay where they are. */
enum Side {
    /** Keys and values circulate. */
    KEYS,
    /** Queries circulate, with all that their gradients depend on. */
    QUERIES;

    /** What circulates. */
    List<Operand> operands() {
        return switch (this) {
            case KEYS -> List.of(Operand.KEYS, Operand.VALUES);
            case QUERIES -> List.of(Operand.QUERIES, Operand.OUT_GRADIENTS, Operand.LSE, Operand.DELTA);
        };
    }

    /** The gradients of this side's rows. */
    List<Operand> gradients() {
        return switch (this) {
            case KEYS -> List.of(Operand.KEY_GRADIENTS, Operand.VALUE_GRADIENTS);
            case QUERIES -> List.of(Operand.QUERY_GRADIENTS);
        };
    }

    Side other() {
        return this == KEYS ? QUERIES : KEYS;
    }

    /** Which rows of this side the other side's rows concern: those attended by queries, or those that attend keys. */
    Mask seenFromTheOther(Mask mask) {
        return this == KEYS ? mask : mask.transposed();
    }

    /** Bytes of the operands of a row, some heads. */
    long rowBytes(AttentionShape shape, HeadShare share) {
        return bytes(operands(), shape, share);
    }

    /** Bytes of the gradients of a row, some heads. */
    long gradientRowBytes(AttentionShape shape, HeadShare share) {
        return bytes(gradients(), shape, share);
    }

    private static long bytes(List<Operand> operands, AttentionShape shape, HeadShare share) {
        return operands.stream()
                .mapToLong(operand -> (long) (operand.isOfKeys() ? share.keyHeads() : share.heads())
                        * operand.dim(shape)
                        * operand.dtype(shape).bytes())
                .sum();
    }
}
