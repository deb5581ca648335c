package org.ringwood.examples.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;

/** Adam (Kingma and Ba, arXiv 1412.6980), with moments that a checkpoint can take along, unlike those of DJL's. */
final class Adam {
    private static final double DECAY1 = 0.9;
    private static final double DECAY2 = 0.95;
    private static final double EPSILON = 1e-8;

    private final List<NDArray> parameters;
    private final List<NDArray> means = new ArrayList<>();
    private final List<NDArray> squares = new ArrayList<>();
    private final double rate;

    /** With moments of 0, as before the first step. */
    Adam(NDManager manager, Parameters parameters, double rate) {
        this.parameters = parameters.arrays();
        this.rate = rate;
        for (NDArray parameter : this.parameters) {
            means.add(manager.zeros(parameter.getShape(), parameter.getDataType()));
            squares.add(manager.zeros(parameter.getShape(), parameter.getDataType()));
        }
    }

    /**
     * Takes a step.
     *
     * @param step number of the step, the first is 1
     * @param gradients one for each parameter, in their order
     */
    void update(long step, List<NDArray> gradients) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            move(step, gradients);
        }
    }

    private void move(long step, List<NDArray> gradients) {
        double correction1 = 1 - Math.pow(DECAY1, (double) step);
        double correction2 = 1 - Math.pow(DECAY2, (double) step);
        for (int i = 0; i < parameters.size(); i++) {
            NDArray gradient = gradients.get(i);
            means.get(i).muli(DECAY1).addi(gradient.mul(1 - DECAY1));
            squares.get(i).muli(DECAY2).addi(gradient.square().mul(1 - DECAY2));
            NDArray deviation = squares.get(i).div(correction2).sqrt().add(EPSILON);
            parameters
                    .get(i)
                    .stopGradient()
                    .subi(means.get(i).mul(rate / correction1).div(deviation));
        }
    }

    /** The moments, to be kept and to be overwritten. */
    List<NDArray> moments() {
        List<NDArray> all = new ArrayList<>(means);
        all.addAll(squares);
        return all;
    }
}
