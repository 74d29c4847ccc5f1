//! The partition of a key: murmur2 as Kafka's Java client computes it, in every driver.

/// The seed that Kafka's Java client uses.
const SEED: u32 = 0x9747_b28c;
/// The multiplier of murmur2.
const M: u32 = 0x5bd1_e995;
/// The shift of murmur2.
const R: u32 = 24;

/// Gives the partition of a key among `partitions`.
pub fn partition_for(key: &[u8], partitions: u16) -> u16 {
    let positive = murmur2(key) & 0x7fff_ffff;
    let partition = positive.checked_rem(u32::from(partitions)).unwrap_or(0);
    u16::try_from(partition).expect("a remainder is less than its u16 divisor")
}

fn murmur2(data: &[u8]) -> u32 {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut h = SEED ^ length;
    let (chunks, tail) = data.as_chunks::<4>();
    for chunk in chunks {
        let mut k = u32::from_le_bytes(*chunk).wrapping_mul(M);
        k ^= k >> R;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (i, byte) in tail.iter().enumerate() {
            h ^= u32::from(*byte).wrapping_shl(u32::try_from(i).unwrap_or(0).wrapping_mul(8));
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_vectors_of_kafkas_own_test() {
        // UtilsTest.testMurmur2 of Apache Kafka (clients, org.apache.kafka.common.utils).
        let vectors: [(&[u8], i32); 7] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (
                b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            (b"abc", 479_470_107),
            (b"", 275_646_681),
        ];
        for (key, hash) in vectors {
            assert_eq!(murmur2(key).cast_signed(), hash, "{key:?}");
        }
    }

    #[test]
    fn every_key_has_a_partition() {
        for n in 0..1000_u32 {
            assert!(partition_for(&n.to_be_bytes(), 12) < 12);
        }
    }
}
