// The example beside the rules: what these vitals come to, in both applications.
package pulsewire.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleTest {
    private static final Pattern PATIENT = Pattern.compile("\"patient\":\"([0-9a-f]{32})\"");
    private static final Pattern RECEIVED = Pattern.compile("\"(?:issued|tick)\":\"([^\"]*)\"");

    @Test
    void theExampleComesToItsFindings(@TempDir Path state) throws IOException {
        List<String> expected = Files.readAllLines(Path.of("example", "findings.jsonl"));
        for (boolean persistent : new boolean[] {true, false}) {
            assertEquals(expected, findings(persistent, state));
        }
    }

    private static List<String> findings(boolean persistent, Path state) throws IOException {
        Properties settings = KeyedVitals.settings("unused:1", "example", state.toString());
        var topology = KeyedVitals.topology(persistent, new LongAdder(), new LongAdder());
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, settings)) {
            TestInputTopic<byte[], byte[]> vitals =
                driver.createInputTopic(KeyedVitals.INPUT, new ByteArraySerializer(), new ByteArraySerializer());
            TestOutputTopic<String, String> findings =
                driver.createOutputTopic(KeyedVitals.OUTPUT, new StringDeserializer(), new StringDeserializer());
            for (String line : Files.readAllLines(Path.of("example", "vitals.jsonl"))) {
                Matcher patient = PATIENT.matcher(line);
                boolean tick = !patient.find();
                byte[] key = tick ? new byte[0] : HexFormat.of().parseHex(patient.group(1));
                byte[] value = tick ? null : line.getBytes(StandardCharsets.UTF_8);
                Matcher received = RECEIVED.matcher(line);
                received.find();
                vitals.pipeInput(key, value, Instant.parse(received.group(1)));
            }
            List<String> found = new ArrayList<>(findings.readValuesToList());
            // The sort is stable: of one patient they stay in their order.
            found.sort(Comparator.comparing(line -> {
                Matcher patient = PATIENT.matcher(line);
                patient.find();
                return patient.group(1);
            }));
            return found;
        }
    }
}
