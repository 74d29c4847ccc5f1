// The application: `KeyedVitals BOOTSTRAP APPLICATION_ID STATE_DIR [--store rocksdb|memory] [--threads N]`.
package pulsewire.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/** Runs until it is told to stop, then prints what it cost as one line of JSON. */
public final class KeyedVitals {
    static final String INPUT = "bench.vitals";
    static final String OUTPUT = "bench.findings";

    private static final String USAGE =
        "usage: KeyedVitals BOOTSTRAP APPLICATION_ID STATE_DIR [--store rocksdb|memory] [--threads N]";
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);
    private static final long MIB = 1L << 20;

    private KeyedVitals() {
    }

    /** Starts the application. */
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length < 3 || arguments.length % 2 == 0) {
            System.err.println(USAGE);
            System.exit(2);
        }
        boolean persistent = option(arguments, "--store", "rocksdb").equals("rocksdb");
        LongAdder records = new LongAdder();
        LongAdder findings = new LongAdder();
        Properties settings = settings(arguments[0], arguments[1], arguments[2]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, option(arguments, "--threads", "1"));
        KafkaStreams streams = new KafkaStreams(topology(persistent, records, findings), settings);
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            System.out.println("{\"state\":\"" + now + "\"}");
            if (now == KafkaStreams.State.ERROR) {
                ended.countDown();
            }
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(CLOSE_LIMIT);
            System.out.println(report(records.sum(), findings.sum()));
            System.out.flush();
        }));
        streams.start();
        ended.await();
        System.exit(1);
    }

    /** Gives the topology: one processor between the topics. */
    static Topology topology(boolean persistent, LongAdder records, LongAdder findings) {
        KeyValueBytesStoreSupplier charts = persistent
            ? Stores.persistentKeyValueStore(ChartProcessor.STORE)
            : Stores.inMemoryKeyValueStore(ChartProcessor.STORE);
        Topology topology = new Topology();
        topology.addSource(AutoOffsetReset.earliest(), "vitals", new EffectiveTime(),
            Serdes.ByteArray().deserializer(), new VitalDeserializer(), INPUT);
        topology.addProcessor("charts", () -> new ChartProcessor(records, findings), "vitals");
        topology.addStateStore(
            Stores.keyValueStoreBuilder(charts, Serdes.ByteArray(), Serdes.ByteArray()).withCachingEnabled(), "charts");
        topology.addSink("findings", OUTPUT, Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "charts");
        return topology;
    }

    /** Gives the settings; README.md says why they are what they are. */
    static Properties settings(String bootstrap, String application, String stateDir) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 * MIB);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 2000);
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedMemory.class);
        settings.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64 * MIB);
        return settings;
    }

    private static String option(String[] arguments, String name, String otherwise) {
        for (int at = 3; at + 1 < arguments.length; at += 2) {
            if (arguments[at].equals(name)) {
                return arguments[at + 1];
            }
        }
        return otherwise;
    }

    private static String report(long records, long findings) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double cpu = system.getProcessCpuTime() / 1e9;
        return String.format(Locale.ROOT,
            "{\"records\":%d,\"findings\":%d,\"cpu_seconds\":%.3f,\"peak_rss_bytes\":%d}",
            records, findings, cpu, peakBytes());
    }

    private static long peakBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst().orElse(0);
        } catch (IOException unreadable) {
            return 0;
        }
    }
}
