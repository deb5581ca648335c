package org.ringwood.runtime.tensors;

import org.ringwood.kernels.Chunk;
import org.ringwood.kernels.Positions;
import org.ringwood.kernels.Tensor;

/**
 * Cuts a part of a stored tensor into boxes whose rows lie at equal distances in the file: runs of tokens of one item, and of
 * one head where heads lie outside of tokens.
 */
final class Boxes {
    /** What is done with a box. */
    interface Visitor {
        /**
         * Called once a box.
         *
         * @param element index in the file of the box's first element
         * @param part the box's rows and heads in memory
         */
        void visit(long element, Tensor part);
    }

    private Boxes() {}

    static void visit(TensorShape shape, Positions tokens, int firstHead, Tensor memory, Visitor visitor) {
        for (int i = 0; i < tokens.chunks().size(); i++) {
            Chunk chunk = tokens.chunks().get(i);
            long row = tokens.firstRow(i);
            for (long token = chunk.from(); token < chunk.to(); ) {
                long end = Math.min(chunk.to(), endOfRun(shape, token));
                visitRun(shape, token, firstHead, memory.rows(row, row + end - token), visitor);
                row += end - token;
                token = end;
            }
        }
    }

    private static long endOfRun(TensorShape shape, long token) {
        return shape.layout() == Layout.BHTD ? (token / shape.itemTokens() + 1) * shape.itemTokens() : Long.MAX_VALUE;
    }

    private static void visitRun(TensorShape shape, long token, int firstHead, Tensor rows, Visitor visitor) {
        if (shape.layout() != Layout.BHTD) {
            visitor.visit(shape.element(token, firstHead), rows);
            return;
        }
        for (int head = 0; head < rows.heads(); head++) {
            visitor.visit(shape.element(token, firstHead + head), rows.heads(head, head + 1));
        }
    }
}
