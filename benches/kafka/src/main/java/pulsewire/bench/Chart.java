// A patient's state: a fixed layout of bytes that is read and changed in place.
package pulsewire.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** A view of one state; it owns a copy, since the store's cache keeps what it was given. */
final class Chart {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private static final byte VERSION = 1;
    private static final long NEVER = Long.MIN_VALUE;
    private static final int RING_MAX = 32;
    private static final int SLOT_BYTES = 12;

    private static final int BAND_AT = 1;
    private static final int ARMED_AT = 2;
    private static final int COUNT_AT = 3;
    private static final int LAST_AT = 4;
    private static final int NEWEST_AT = 12;
    private static final int RING_AT = NEWEST_AT + 7 * SLOT_BYTES;
    private static final int BYTES = RING_AT + RING_MAX * SLOT_BYTES;

    private final byte[] bytes;

    private Chart(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Opens a copy of a stored state, or an empty one for null. */
    static Chart of(byte[] stored) {
        if (stored != null) {
            if (stored.length != BYTES || stored[0] != VERSION) {
                throw new IllegalStateException("a stored state is of another version: delete the application's state");
            }
            return new Chart(stored.clone());
        }
        Chart chart = new Chart(new byte[BYTES]);
        chart.bytes[0] = VERSION;
        LONG.set(chart.bytes, LAST_AT, NEVER);
        for (int code = 0; code < Score.CODES.length; code++) {
            LONG.set(chart.bytes, NEWEST_AT + code * SLOT_BYTES, NEVER);
        }
        return chart;
    }

    /** Tells whether a stored state waits for a gap. */
    static boolean isArmed(byte[] stored) {
        return stored[ARMED_AT] != 0;
    }

    /** Gives the newest effective time of a stored state. */
    static long lastOf(byte[] stored) {
        return (long) LONG.get(stored, LAST_AT);
    }

    byte[] bytes() {
        return bytes;
    }

    int band() {
        return bytes[BAND_AT];
    }

    void setBand(int band) {
        bytes[BAND_AT] = (byte) band;
    }

    boolean isArmed() {
        return isArmed(bytes);
    }

    void setArmed(boolean armed) {
        bytes[ARMED_AT] = (byte) (armed ? 1 : 0);
    }

    long last() {
        return lastOf(bytes);
    }

    long time(int code) {
        return (long) LONG.get(bytes, NEWEST_AT + code * SLOT_BYTES);
    }

    int value(int code) {
        return (int) INT.get(bytes, NEWEST_AT + code * SLOT_BYTES + 8);
    }

    int heartRates() {
        return bytes[COUNT_AT];
    }

    int heartRate(int at) {
        return (int) INT.get(bytes, RING_AT + at * SLOT_BYTES + 8);
    }

    /** Takes in a vital; tells whether it is the newest of the patient. */
    boolean take(Vital vital) {
        long effective = vital.effective();
        if (effective >= time(vital.code())) {
            put(NEWEST_AT + vital.code() * SLOT_BYTES, effective, vital.value());
        }
        if (vital.code() == Score.HEART_RATE) {
            insert(effective, vital.value());
        }
        boolean newest = effective > last();
        if (newest) {
            LONG.set(bytes, LAST_AT, effective);
        }
        return newest;
    }

    /** Keeps the heart rates in the order of their times; of more than fit, the oldest goes. */
    private void insert(long time, int value) {
        int count = heartRates();
        int at = count;
        while (at > 0 && timeAt(at - 1) > time) {
            at--;
        }
        if (at > 0 && timeAt(at - 1) == time) {
            put(RING_AT + (at - 1) * SLOT_BYTES, time, value);
        } else if (count < RING_MAX) {
            System.arraycopy(bytes, RING_AT + at * SLOT_BYTES, bytes, RING_AT + (at + 1) * SLOT_BYTES,
                (count - at) * SLOT_BYTES);
            put(RING_AT + at * SLOT_BYTES, time, value);
            bytes[COUNT_AT] = (byte) (count + 1);
        } else if (at > 0) {
            System.arraycopy(bytes, RING_AT + SLOT_BYTES, bytes, RING_AT, (at - 1) * SLOT_BYTES);
            put(RING_AT + (at - 1) * SLOT_BYTES, time, value);
        }
    }

    private long timeAt(int at) {
        return (long) LONG.get(bytes, RING_AT + at * SLOT_BYTES);
    }

    private void put(int slot, long time, int value) {
        LONG.set(bytes, slot, time);
        INT.set(bytes, slot + 8, value);
    }
}
