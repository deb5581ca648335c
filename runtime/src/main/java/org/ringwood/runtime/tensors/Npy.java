package org.ringwood.runtime.tensors;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.ringwood.kernels.DType;
import org.ringwood.runtime.files.InputException;
import org.ringwood.runtime.files.Shown;

/** NumPy's {@code .npy} files, format 1.0 to 3.0: f32 and f16 tensors, and arrays of whole numbers. */
public final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final long MOST_HEADER_BYTES = 1 << 20;
    private static final int ALIGNMENT = 64;
    private static final Map<String, DType> TENSORS = Map.of("<f4", DType.F32, "<f2", DType.F16);
    private static final Map<String, Integer> WHOLE = Map.of("<i8", 8, "<i4", 4);

    /**
     * What a header says.
     *
     * @param descr NumPy's name of the element type
     * @param axes lengths, outermost first
     * @param dataOffset byte offset of the first element
     */
    private record Header(Path file, String descr, List<Long> axes, long dataOffset, long fileSize) {
        /** Checks that the elements fill the rest of the file. */
        void requireSize(long elementBytes) {
            long present = fileSize - dataOffset;
            long promised = Axes.bytes(axes, elementBytes).orElse(-1L);
            if (promised != present) {
                String size = promised < 0 ? "more bytes than 64 bits count" : promised + " bytes";
                throw new InputException(file + " has " + present + " bytes of data, but its header promises "
                        + axes + " elements of " + descr + ", " + size
                        + ": it is truncated or damaged, write it again");
            }
        }
    }

    private Npy() {}

    /**
     * Opens a tensor.
     *
     * @param layout of arrays with four axes
     * @throws InputException if the file is not there, is damaged or holds something else
     */
    public static TensorSource open(Path file, Optional<Layout> layout) {
        Header header = HeaderFile.with(file, Npy::header);
        DType dtype = TENSORS.get(header.descr());
        if (dtype == null) {
            throw new InputException(
                    file + " holds elements of type " + Shown.quoted(header.descr()) + ": " + remedy(header.descr()));
        }
        header.requireSize(dtype.bytes());
        TensorShape shape = Axes.shape(file.toString(), dtype, header.axes(), layout);
        return FileSource.open(file, file.toString(), header.dataOffset(), shape);
    }

    /**
     * Reads whole numbers, i32 or i64.
     *
     * @param columns 0 for one axis; else the length of the second of two
     * @return the elements, row after row
     * @throws InputException if the file is not there, is damaged or holds something else
     */
    public static long[] wholeNumbers(Path file, int columns) {
        return HeaderFile.with(file, start -> {
            Header header = header(start);
            Integer bytes = WHOLE.get(header.descr());
            boolean fits = columns == 0
                    ? header.axes().size() == 1
                    : header.axes().size() == 2 && header.axes().getLast() == columns;
            if (bytes == null || !fits) {
                throw new InputException(file + " holds " + header.axes() + " elements of type "
                        + Shown.quoted(header.descr()) + ": save whole numbers (astype('<i8')) of shape "
                        + (columns == 0 ? "[n]" : "[n, " + columns + "]"));
            }
            header.requireSize(bytes);
            long count = (header.fileSize() - header.dataOffset()) / bytes;
            if (count > Integer.MAX_VALUE / 8) {
                throw new InputException(file + " lists " + count + " numbers, more than a mask may have: shorten it");
            }
            ByteBuffer data = start.bytes(header.dataOffset(), count * bytes);
            long[] numbers = new long[(int) count];
            Arrays.setAll(numbers, _ -> bytes == 8 ? data.getLong() : data.getInt());
            return numbers;
        });
    }

    /** The header of a file that holds a tensor, up to its first element. */
    static byte[] header(DType dtype, List<Long> axes) {
        String descr = TENSORS.entrySet().stream()
                .filter(entry -> entry.getValue() == dtype)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no .npy file holds " + dtype));
        String shape = axes.stream().map(String::valueOf).collect(Collectors.joining(", "));
        StringBuilder text = new StringBuilder("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape
                + (axes.size() == 1 ? ",), }" : "), }"));
        int before = MAGIC.length + 4;
        while ((before + text.length() + 1) % ALIGNMENT != 0) {
            text.append(' ');
        }
        text.append('\n');
        return ByteBuffer.allocate(before + text.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) text.length())
                .put(text.toString().getBytes(ISO_8859_1))
                .array();
    }

    private static Header header(HeaderFile start) throws IOException {
        Path file = start.file();
        ByteBuffer magic = start.bytes(0, Math.min(start.size(), 8));
        if (magic.remaining() < 8 || !magic.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw new InputException(file + " is no .npy file: save it with numpy.save");
        }
        int version = magic.get(MAGIC.length);
        if (version < 1 || version > 3) {
            throw new InputException(
                    file + " has .npy version " + version + ", but only 1 to 3 are known: save it with numpy.save");
        }
        int lengthBytes = version == 1 ? 2 : 4;
        ByteBuffer length = start.bytes(8, lengthBytes);
        long headerBytes =
                version == 1 ? Short.toUnsignedLong(length.getShort()) : Integer.toUnsignedLong(length.getInt());
        if (headerBytes > MOST_HEADER_BYTES) {
            throw new InputException(
                    file + " claims a header of " + headerBytes + " bytes: it is damaged, write it again");
        }
        String text = text(file, start.bytes(8 + lengthBytes, headerBytes), version == 3 ? UTF_8 : ISO_8859_1);
        return header(start, text, 8 + lengthBytes + headerBytes);
    }

    private static String text(Path file, ByteBuffer bytes, Charset charset) {
        try {
            return charset.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + " has a header that is not " + charset + " text: write it again", e);
        }
    }

    private static Header header(HeaderFile start, String text, long dataOffset) {
        Path file = start.file();
        Map<String, PythonLiteral.Value> values;
        try {
            values = PythonLiteral.dictionary(text);
        } catch (PythonLiteral.MalformedException e) {
            throw new InputException(file + " has a malformed header (" + e.getMessage() + "): write it again", e);
        }
        if (values.get("descr") instanceof PythonLiteral.Value.Structure) {
            throw new InputException(file + " holds structured elements: save one plain array of f32 or f16 a file");
        }
        if (values.size() != 3
                || !(values.get("descr") instanceof PythonLiteral.Value.Text(String descr))
                || !(values.get("fortran_order") instanceof PythonLiteral.Value.Truth(boolean fortran))
                || !(values.get("shape") instanceof PythonLiteral.Value.Numbers(var shape))) {
            throw new InputException(
                    file + " has a header without descr, fortran_order and shape: save it with numpy.save");
        }
        if (fortran) {
            throw new InputException(file + " is in Fortran order: save numpy.ascontiguousarray of it");
        }
        return new Header(file, descr, List.copyOf(shape), dataOffset, start.size());
    }

    private static String remedy(String descr) {
        return switch (descr) {
            case "<f8", ">f8" -> "save it as 32-bit floats, astype('<f4')";
            case ">f4", ">f2" -> "it is big-endian, save it little-endian, astype('<" + descr.substring(1) + "')";
            case "|V2", "<V2" -> "if these are bfloat16, save them as safetensors";
            default -> "save 32- or 16-bit floats, astype('<f4')";
        };
    }
}
