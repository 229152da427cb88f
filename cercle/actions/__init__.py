"""How an action travels between a brand and the services: its record in Kafka, and files of actions."""
