package org.ringwood.examples.minilm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of an ONNX model: its initialisers, by name or by the matrix product that uses them. Reads the few fields of
 * the protocol buffer messages ModelProto, GraphProto, NodeProto and TensorProto (onnx.proto) that this needs.
 */
final class OnnxFile {
    private static final int MODEL_GRAPH = 7;
    private static final int GRAPH_NODE = 1;
    private static final int GRAPH_INITIALIZER = 5;
    private static final int NODE_INPUT = 1;
    private static final int NODE_NAME = 3;
    private static final int TENSOR_TYPE = 2;
    private static final int TENSOR_NAME = 8;
    private static final int TENSOR_RAW_DATA = 9;
    private static final int TYPE_FLOAT = 1;

    private final Map<String, ByteBuffer> floats = new HashMap<>();
    private final Map<String, List<String>> nodeInputs = new HashMap<>();

    OnnxFile(byte[] model) {
        for (Field field : fields(ByteBuffer.wrap(model))) {
            if (field.number == MODEL_GRAPH) {
                readGraph(field.bytes);
            }
        }
    }

    /** The elements of an initialiser of 32-bit floats. */
    ByteBuffer tensor(String name) {
        ByteBuffer raw = floats.get(name);
        if (raw == null) {
            throw new IllegalArgumentException("the model has no float initialiser named '" + name + "'");
        }
        return raw.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The constant factor of a matrix product, {@code [in, out]}; the exporter gives such weights no name of their own. */
    ByteBuffer factor(String node) {
        List<String> inputs = nodeInputs.get(node);
        if (inputs == null || inputs.size() != 2) {
            throw new IllegalArgumentException("the model has no matrix product named '" + node + "'");
        }
        return tensor(inputs.get(1));
    }

    private void readGraph(ByteBuffer graph) {
        for (Field field : fields(graph)) {
            if (field.number == GRAPH_NODE) {
                readNode(field.bytes);
            } else if (field.number == GRAPH_INITIALIZER) {
                readInitializer(field.bytes);
            }
        }
    }

    private void readNode(ByteBuffer node) {
        String name = "";
        List<String> inputs = new ArrayList<>();
        for (Field field : fields(node)) {
            if (field.number == NODE_NAME) {
                name = text(field.bytes);
            } else if (field.number == NODE_INPUT) {
                inputs.add(text(field.bytes));
            }
        }
        nodeInputs.put(name, inputs);
    }

    private void readInitializer(ByteBuffer tensor) {
        String name = "";
        long type = 0;
        ByteBuffer raw = ByteBuffer.allocate(0);
        for (Field field : fields(tensor)) {
            switch (field.number) {
                case TENSOR_NAME -> name = text(field.bytes);
                case TENSOR_TYPE -> type = field.value;
                case TENSOR_RAW_DATA -> raw = field.bytes;
                default -> {}
            }
        }
        if (type == TYPE_FLOAT) {
            floats.put(name, raw);
        }
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    /** A field of a message: a number in {@code value}, or {@code bytes}. */
    private record Field(int number, long value, ByteBuffer bytes) {}

    private static List<Field> fields(ByteBuffer message) {
        ByteBuffer in = message.duplicate();
        List<Field> fields = new ArrayList<>();
        ByteBuffer none = ByteBuffer.allocate(0);
        while (in.hasRemaining()) {
            long key = varint(in);
            int number = (int) (key >>> 3);
            switch ((int) (key & 7)) {
                case 0 -> fields.add(new Field(number, varint(in), none));
                case 1 -> in.position(in.position() + Long.BYTES);
                case 2 -> {
                    int length = Math.toIntExact(varint(in));
                    fields.add(new Field(number, 0, in.slice(in.position(), length)));
                    in.position(in.position() + length);
                }
                case 5 -> in.position(in.position() + Integer.BYTES);
                default -> throw new IllegalArgumentException("not an ONNX file: field of unknown wire type");
            }
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = in.get();
            value |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("not an ONNX file: endless number");
    }
}
