import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;

/**
 * An Ethernet switch in user space, whose frames arrive late and get lost by seeded dice, for kernels without netem:
 *
 * <pre>java FabricSwitch.java DELAY_MS LOSS SEED PORT …</pre>
 *
 * Each port is the name of a TAP interface that the switch makes; it says {@code ready} once all are there, and whoever started it moves
 * them to where they belong. The last byte of a port's hardware address is its number, counted from 1. It runs until it is killed.
 */
public final class FabricSwitch {
    private static final int LARGEST_FRAME = 65_536;
    private static final int READ_AND_WRITE = 2;
    private static final long TUNSETIFF = 0x400454caL;
    private static final short TAP_WITHOUT_HEADER = 0x1002;

    private final List<Port> ports = new ArrayList<>();
    private final DelayQueue<Frame> underWay = new DelayQueue<>();
    private final long delayNanos;
    private final double loss;

    private FabricSwitch(double delayMillis, double loss) {
        this.delayNanos = (long) (delayMillis * 1e6);
        this.loss = loss;
    }

    /** Runs until it is killed. */
    public static void main(String[] arguments) throws Exception {
        FabricSwitch fabric = new FabricSwitch(Double.parseDouble(arguments[0]), Double.parseDouble(arguments[1]));
        SplittableRandom seeds = new SplittableRandom(Long.parseLong(arguments[2]));
        for (int i = 3; i < arguments.length; i++) {
            fabric.ports.add(new Port(Tap.open(arguments[i]), seeds.split()));
        }
        fabric.ports.forEach(port -> Thread.ofPlatform().start(() -> fabric.listen(port)));
        System.out.println("ready");
        fabric.deliver();
    }

    /** A machine's link; its dice depend on the seed and on what it has sent before, but on no other machine. */
    private record Port(Tap tap, SplittableRandom dice) {}

    private record Frame(byte[] bytes, Port target, long due) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(due, ((Frame) other).due);
        }
    }

    private void listen(Port source) {
        while (true) {
            byte[] frame = source.tap.read();
            if (source.dice.nextDouble() < loss) {
                continue;
            }
            long due = System.nanoTime() + delayNanos;
            boolean toMany = (frame[0] & 1) == 1;
            for (int number = 1; number <= ports.size(); number++) {
                Port target = ports.get(number - 1);
                if (target != source && (toMany || frame[5] == (byte) number)) {
                    underWay.add(new Frame(frame, target, due));
                }
            }
        }
    }

    private void deliver() throws InterruptedException {
        while (true) {
            Frame frame = underWay.take();
            frame.target.tap.write(frame.bytes);
        }
    }

    /** One TAP interface, read and written a frame at a time. */
    private static final class Tap {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle OPEN = function("open", true, JAVA_INT, ADDRESS, JAVA_INT);
        private static final MethodHandle IOCTL = function("ioctl", true, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
        private static final MethodHandle READ = function("read", false, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
        private static final MethodHandle WRITE = function("write", false, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

        private final int descriptor;
        private final MemorySegment incoming = Arena.global().allocate(LARGEST_FRAME);
        private final MemorySegment outgoing = Arena.global().allocate(LARGEST_FRAME);

        private Tap(int descriptor) {
            this.descriptor = descriptor;
        }

        static Tap open(String name) throws Exception {
            SegmentAllocator memory = Arena.global();
            MemorySegment request = memory.allocate(40);
            request.setString(0, name);
            request.set(JAVA_SHORT, 16, TAP_WITHOUT_HEADER);
            int descriptor = (int) call(OPEN, memory.allocateFrom("/dev/net/tun"), READ_AND_WRITE);
            if (descriptor < 0 || (int) call(IOCTL, descriptor, TUNSETIFF, request) < 0) {
                throw new IllegalStateException("no TAP interface '" + name + "' can be made: see that /dev/net/tun is there");
            }
            return new Tap(descriptor);
        }

        /** The next frame. */
        byte[] read() {
            long length = (long) call(READ, descriptor, incoming, (long) LARGEST_FRAME);
            if (length < 0) {
                throw new IllegalStateException("a TAP interface is gone");
            }
            return incoming.asSlice(0, length).toArray(JAVA_BYTE);
        }

        /** What an interface that is down refuses is lost, as on a real link. */
        void write(byte[] frame) {
            MemorySegment.copy(frame, 0, outgoing, JAVA_BYTE, 0, frame.length);
            call(WRITE, descriptor, outgoing, (long) frame.length);
        }

        private static MethodHandle function(
                String name, boolean variadic, MemoryLayout result, MemoryLayout... parameters) {
            FunctionDescriptor descriptor = FunctionDescriptor.of(result, parameters);
            MemorySegment address = LINKER.defaultLookup().findOrThrow(name);
            return variadic
                    ? LINKER.downcallHandle(address, descriptor, Linker.Option.firstVariadicArg(2))
                    : LINKER.downcallHandle(address, descriptor);
        }

        private static Object call(MethodHandle function, Object... arguments) {
            try {
                return function.invokeWithArguments(arguments);
            } catch (Throwable thrown) {
                throw new IllegalStateException(thrown);
            }
        }
    }
}
