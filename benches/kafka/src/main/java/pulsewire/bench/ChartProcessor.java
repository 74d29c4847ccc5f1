// The workload: a vital changes its patient's chart; a finding says when the score's band changes.
package pulsewire.bench;

import java.util.PriorityQueue;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** One task's processor. */
final class ChartProcessor implements Processor<byte[], Vital, byte[], byte[]> {
    static final String STORE = "charts";

    /** Without any vital for so long, a patient has a gap. */
    private static final long GAP_MILLIS = 60 * 60 * 1000L;

    private static final String GAP = "gap";

    private final LongAdder records;
    private final LongAdder findings;

    /**
     * When to look at which patient: one entry for each armed chart, at or before the time that its gap is due. What
     * is put off stays where it is until that comes up, which spares a store of timers and two writes to it a record.
     */
    private final PriorityQueue<Look> looks = new PriorityQueue<>();

    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> charts;

    private record Look(long at, byte[] key) implements Comparable<Look> {
        @Override
        public int compareTo(Look other) {
            return Long.compare(at, other.at);
        }
    }

    ChartProcessor(LongAdder records, LongAdder findings) {
        this.records = records;
        this.findings = findings;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        charts = context.getStateStore(STORE);
        looks.clear();
        try (KeyValueIterator<byte[], byte[]> all = charts.all()) {
            while (all.hasNext()) {
                KeyValue<byte[], byte[]> chart = all.next();
                if (Chart.isArmed(chart.value)) {
                    looks.add(new Look(Chart.lastOf(chart.value) + GAP_MILLIS, chart.key));
                }
            }
        }
    }

    @Override
    public void process(Record<byte[], Vital> record) {
        records.increment();
        // Stream time counts this record already: gaps that are due by now come before it, as a punctuation at the
        // same time would, and not somewhere after it, as a punctuation at the end of the batch does.
        findGaps(context.currentStreamTimeMs());
        byte[] key = record.key();
        Vital vital = record.value();
        if (key == null || key.length == 0 || vital == null) {
            return;
        }
        Chart chart = Chart.of(charts.get(key));
        if (chart.take(vital)) {
            if (!chart.isArmed()) {
                chart.setArmed(true);
                looks.add(new Look(chart.last() + GAP_MILLIS, key));
            }
        }
        int score = Score.of(chart);
        int band = Score.bandOf(score);
        int previous = chart.band();
        chart.setBand(band);
        charts.put(key, chart.bytes());
        if (vital.corrected() || band != previous) {
            String kind = vital.corrected() ? "correction" : "score";
            String code = Score.CODES[vital.code()];
            emit(key, Finding.of(key, kind, code, vital.effective(), score, band, previous));
        }
    }

    private void findGaps(long now) {
        for (Look look = looks.peek(); look != null && look.at <= now; look = looks.peek()) {
            looks.poll();
            Chart chart = Chart.of(charts.get(look.key));
            long due = chart.last() + GAP_MILLIS;
            if (due > now) {
                looks.add(new Look(due, look.key));
                continue;
            }
            chart.setArmed(false);
            charts.put(look.key, chart.bytes());
            emit(look.key, Finding.of(look.key, GAP, GAP, chart.last(), Score.of(chart), chart.band(), chart.band()));
        }
    }

    private void emit(byte[] key, byte[] finding) {
        findings.increment();
        context.forward(new Record<>(key, finding, context.currentStreamTimeMs()));
    }
}
