"""The services as processes of their own, on real Kafka and Redis."""
