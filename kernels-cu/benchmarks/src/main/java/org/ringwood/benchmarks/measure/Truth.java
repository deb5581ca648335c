package org.ringwood.benchmarks.measure;

import org.ringwood.benchmarks.peer.Contender;
import org.ringwood.benchmarks.workload.Quantity;
import org.ringwood.benchmarks.workload.Workload;

/** The f64 oracle's results for some rows of a workload, which all results are measured against. */
interface Truth {
    /** How far results are from the truth in the Euclidean norm, relative to the truth; of several, the farthest. */
    double relativeError(Contender contender);

    /** Whether our own results are within the bounds of the project's contract. */
    boolean holds();

    /** The largest difference of any element of two contenders' results; not a number if an element of one is none. */
    static double largestDifference(Workload workload, Contender one, Contender other) {
        double largest = 0;
        for (Quantity of : workload.pass().results()) {
            float[] row = new float[of.dim(workload)];
            float[] otherRow = new float[of.dim(workload)];
            for (long i = 0; i < of.rows(workload); i++) {
                for (int head = 0; head < of.heads(workload); head++) {
                    one.read(of, i, head, row);
                    other.read(of, i, head, otherRow);
                    for (int d = 0; d < row.length; d++) {
                        largest = Math.max(largest, Math.abs((double) row[d] - otherRow[d]));
                    }
                }
            }
        }
        return largest;
    }
}
