// The benchmark's score: a small table without clinical meaning.
package pulsewire.bench;

/** Gives points to values; README.md says how. */
final class Score {
    /** The codes that a vital may have; their order is that of every array of codes. */
    static final String[] CODES = {
        "8867-4", "9279-1", "59408-5", "8480-6", "8462-4", "8310-5", "9269-2",
    };

    /** The place of the heart rate. */
    static final int HEART_RATE = 0;

    /** Three points below the first and above the last; one point between the outer and the inner; in hundredths. */
    private static final int[][] LIMITS = {
        {4000, 5000, 10000, 13000},
        {800, 1100, 2100, 2500},
        {9000, 9400, 10000, 10000},
        {9000, 10000, 18000, 22000},
        {4000, 5000, 10000, 12000},
        {3500, 3600, 3820, 3920},
        {900, 1400, 1500, 1500},
    };

    /** A value this much older than the patient's newest does not count. */
    private static final long VALID_MILLIS = 12 * 60 * 60 * 1000L;

    /** A heart rate this far from the mean of those kept adds a point; in hundredths. */
    private static final int TREND = 2000;

    private Score() {
    }

    static int codeOf(String text) {
        for (int code = 0; code < CODES.length; code++) {
            if (CODES[code].equals(text)) {
                return code;
            }
        }
        return -1;
    }

    static int of(Chart chart) {
        long oldest = chart.last() - VALID_MILLIS;
        int score = 0;
        for (int code = 0; code < CODES.length; code++) {
            if (chart.time(code) >= oldest) {
                score += points(code, chart.value(code));
            }
        }
        return score + trend(chart);
    }

    static int bandOf(int score) {
        if (score <= 2) {
            return 0;
        }
        if (score <= 4) {
            return 1;
        }
        return score <= 6 ? 2 : 3;
    }

    private static int points(int code, int value) {
        int[] limits = LIMITS[code];
        if (value < limits[0] || value > limits[3]) {
            return 3;
        }
        return value < limits[1] || value > limits[2] ? 1 : 0;
    }

    private static int trend(Chart chart) {
        int count = chart.heartRates();
        if (count == 0) {
            return 0;
        }
        long sum = 0;
        for (int at = 0; at < count; at++) {
            sum += chart.heartRate(at);
        }
        long apart = Math.abs((long) chart.value(HEART_RATE) * count - sum);
        return apart >= (long) TREND * count ? 1 : 0;
    }
}
