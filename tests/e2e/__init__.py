"""The whole club on real servers: processes, a broker, a store, and a shop's purchases."""
