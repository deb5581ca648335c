package org.ringwood.benchmarks.workload;

/** A tensor that attention or its gradients consist of. */
public enum Quantity {
    /** What is attended. */
    OUTPUT {
        @Override
        public long rows(Workload workload) {
            return workload.allRows();
        }

        @Override
        public int heads(Workload workload) {
            return workload.heads();
        }

        @Override
        public int dim(Workload workload) {
            return workload.dimV();
        }
    },

    /** The gradient of the queries. */
    QUERY_GRADIENT {
        @Override
        public long rows(Workload workload) {
            return workload.allRows();
        }

        @Override
        public int heads(Workload workload) {
            return workload.heads();
        }

        @Override
        public int dim(Workload workload) {
            return workload.dim();
        }
    },

    /** The gradient of the keys. */
    KEY_GRADIENT {
        @Override
        public long rows(Workload workload) {
            return workload.allKeys();
        }

        @Override
        public int heads(Workload workload) {
            return workload.keyHeads();
        }

        @Override
        public int dim(Workload workload) {
            return workload.dim();
        }
    },

    /** The gradient of the values. */
    VALUE_GRADIENT {
        @Override
        public long rows(Workload workload) {
            return workload.allKeys();
        }

        @Override
        public int heads(Workload workload) {
            return workload.keyHeads();
        }

        @Override
        public int dim(Workload workload) {
            return workload.dimV();
        }
    };

    /** Rows of all sequences. */
    public abstract long rows(Workload workload);

    /** Heads a row. */
    public abstract int heads(Workload workload);

    /** Elements a head. */
    public abstract int dim(Workload workload);
}
