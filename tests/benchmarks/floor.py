"""Nothing but consuming and parsing, by aiokafka in chunks: below this no contender can come."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.benchmarks.job import PARTITIONS
from tests.benchmarks.peer import Meter, read_action, task

TASK = task()
METER = Meter(TASK)


async def run() -> None:
    """Reads the topic from its beginning, as far as the task says."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=TASK.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(TASK.topic, partition) for partition in range(PARTITIONS)])
    while True:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=2000)).values():
            for record in records:
                read_action(record.value, dict(record.headers))
            if METER.add(len(records)):
                await consumer.stop()
                return


asyncio.run(run())
