// The time of a record for stream time: when the vital was true.
package pulsewire.bench;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** Gives the earlier of effective and received time; a tick has only the latter. */
public final class EffectiveTime implements TimestampExtractor {
    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
        return record.value() instanceof Vital vital
            ? Math.min(vital.effective(), record.timestamp())
            : record.timestamp();
    }
}
