package org.ringwood.examples.minilm;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The foreign oracle: the same model run by ONNX Runtime, one document at a time, no packing and no Ringwood. */
final class OnnxRuntimeEncoder implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    OnnxRuntimeEncoder(byte[] model) throws OrtException {
        session = environment.createSession(model);
    }

    /** The embedding of every document. */
    static List<float[]> embedAll(Documents documents) throws OrtException {
        try (OnnxRuntimeEncoder encoder = new OnnxRuntimeEncoder(Weights.model())) {
            List<float[]> embeddings = new ArrayList<>();
            for (int i = 0; i < documents.count(); i++) {
                embeddings.add(encoder.embed(documents.ids(i)));
            }
            return embeddings;
        }
    }

    /** Mean of the document's last hidden states, of length 1. */
    float[] embed(int[] ids) throws OrtException {
        long[][] tokens = {Arrays.stream(ids).asLongStream().toArray()};
        long[][] ones = {new long[ids.length]};
        Arrays.fill(ones[0], 1);
        long[][] zeros = {new long[ids.length]};
        try (OnnxTensor input = OnnxTensor.createTensor(environment, tokens);
                OnnxTensor mask = OnnxTensor.createTensor(environment, ones);
                OnnxTensor types = OnnxTensor.createTensor(environment, zeros);
                OrtSession.Result result =
                        session.run(Map.of("input_ids", input, "attention_mask", mask, "token_type_ids", types))) {
            float[][][] hidden = (float[][][]) result.get(0).getValue();
            return mean(hidden[0]);
        }
    }

    private static float[] mean(float[][] hidden) {
        double[] sum = new double[hidden[0].length];
        for (float[] row : hidden) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i];
            }
        }
        return Embeddings.normalised(sum);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
