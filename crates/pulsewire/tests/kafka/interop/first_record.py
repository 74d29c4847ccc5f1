"""Prints the first record of a topic as JSON: first_record.py BROKERS TOPIC GROUP"""

import json
import sys

from confluent_kafka import Consumer

# Given up after so many seconds.
PATIENCE = 60

brokers, topic, group = sys.argv[1:]
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
    }
)
consumer.subscribe([topic])
try:
    record = consumer.poll(PATIENCE)
    if record is None:
        sys.exit(f"no record of {topic} came")
    if record.error():
        sys.exit(str(record.error()))
    print(
        json.dumps(
            {
                "partition": record.partition(),
                "headers": {name: value.decode() for name, value in record.headers()},
                "key": list(record.key()),
                "value": json.loads(record.value()),
            }
        )
    )
finally:
    consumer.close()
