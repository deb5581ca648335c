package org.ringwood.benchmarks.workload;

/** A tensor that attention or its gradients consist of. */
public enum Quantity {
    /** What is attended. */
    OUTPUT(false, true),
    /** The gradient of the queries. */
    QUERY_GRADIENT(false, false),
    /** The gradient of the keys. */
    KEY_GRADIENT(true, false),
    /** The gradient of the values. */
    VALUE_GRADIENT(true, true);

    private final boolean ofKeys;
    private final boolean ofValues;

    /** With the rows and heads of the keys or of the queries, and the elements of values or of keys. */
    Quantity(boolean ofKeys, boolean ofValues) {
        this.ofKeys = ofKeys;
        this.ofValues = ofValues;
    }

    /** Rows of all sequences. */
    public long rows(Workload workload) {
        return ofKeys ? workload.allKeys() : workload.allRows();
    }

    /** Heads a row. */
    public int heads(Workload workload) {
        return ofKeys ? workload.keyHeads() : workload.heads();
    }

    /** Elements a head. */
    public int dim(Workload workload) {
        return ofValues ? workload.dimV() : workload.dim();
    }
}
