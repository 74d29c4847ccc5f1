// Writes a finding as JSON.
package pulsewire.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Findings of three kinds: score, correction, gap. */
final class Finding {
    private static final HexFormat HEX = HexFormat.of();
    private static final long FNV_START = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Finding() {
    }

    static byte[] of(byte[] key, String kind, String code, long effective, int score, int band, int previous) {
        StringBuilder json = new StringBuilder(192);
        json.append("{\"id\":\"").append(HEX.toHexDigits(id(key, code, effective)));
        json.append("\",\"patient\":\"").append(HEX.formatHex(key));
        json.append("\",\"kind\":\"").append(kind);
        json.append("\",\"code\":\"").append(code);
        json.append("\",\"effective_ms\":").append(effective);
        json.append(",\"score\":").append(score);
        json.append(",\"band\":").append(band);
        json.append(",\"previous\":").append(previous).append('}');
        return json.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Derives the id: FNV-1a over key, code and time. */
    private static long id(byte[] key, String code, long effective) {
        long hash = hash(FNV_START, key);
        hash = hash(hash, code.getBytes(StandardCharsets.US_ASCII));
        return hash(hash, ByteBuffer.allocate(Long.BYTES).putLong(effective).array());
    }

    private static long hash(long hash, byte[] bytes) {
        for (byte one : bytes) {
            hash = (hash ^ (one & 0xff)) * FNV_PRIME;
        }
        return hash;
    }
}
