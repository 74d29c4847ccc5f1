// Reads an input's value by streaming over its JSON: one pass, no tree.
package pulsewire.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** An empty value is a tick and gives null. */
final class VitalDeserializer implements Deserializer<Vital> {
    private static final int TIME_CHARS = "2026-03-01T00:00:00.000Z".length();

    private final JsonFactory json = new JsonFactory();

    @Override
    public Vital deserialize(String topic, byte[] bytes) {
        if (bytes == null || bytes.length == 0) {
            return null;
        }
        try (JsonParser parser = json.createParser(bytes)) {
            return read(parser);
        } catch (IOException failed) {
            throw new SerializationException("the value is not a vital sign", failed);
        }
    }

    private static Vital read(JsonParser parser) throws IOException {
        int code = -1;
        int value = 0;
        long effective = Long.MIN_VALUE;
        boolean corrected = false;
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new SerializationException("the value is not a JSON object");
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "status" -> corrected = "corrected".equals(parser.getText());
                case "code" -> code = Score.codeOf(parser.getText());
                case "value" -> value = (int) Math.round(parser.getDoubleValue() * 100);
                case "effective" -> effective = time(parser);
                default -> {
                    if (token.isStructStart()) {
                        parser.skipChildren();
                    }
                }
            }
        }
        if (code < 0 || effective == Long.MIN_VALUE) {
            throw new SerializationException("the value has no known code or no effective time");
        }
        return new Vital(code, value, effective, corrected);
    }

    /** Reads RFC 3339 in UTC with milliseconds: the one layout that the input has. */
    private static long time(JsonParser parser) throws IOException {
        if (parser.getTextLength() != TIME_CHARS) {
            throw new SerializationException("a time is not in UTC with milliseconds");
        }
        char[] text = parser.getTextCharacters();
        int at = parser.getTextOffset();
        long days = days(number(text, at, 4), number(text, at + 5, 2), number(text, at + 8, 2));
        long seconds = number(text, at + 11, 2) * 3600L + number(text, at + 14, 2) * 60L + number(text, at + 17, 2);
        return (days * 86_400 + seconds) * 1000 + number(text, at + 20, 3);
    }

    private static int number(char[] text, int from, int digits) {
        int number = 0;
        for (int at = from; at < from + digits; at++) {
            int digit = text[at] - '0';
            if (digit < 0 || digit > 9) {
                throw new SerializationException("a time is not in UTC with milliseconds");
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** Counts the days since 1970-01-01 in the Gregorian calendar, for years after 0. */
    private static long days(int year, int month, int day) {
        // The year begins in March, so that the leap day is its last.
        int shifted = month > 2 ? year : year - 1;
        int monthOfYear = (month + 9) % 12;
        int dayOfYear = (153 * monthOfYear + 2) / 5 + day - 1;
        return 365L * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468;
    }
}
