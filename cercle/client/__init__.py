"""Cercle's gRPC services from Python: any worker's address will do, and asking again is safe.

async with Client(points=["localhost:50051"]) as client:
    held = await client.points.Hold(HoldRequest(member_id="14048", points=10))
"""

from cercle.client.client import Client
from cercle.client.errors import CallError, Failed, Invalid, Refused, Unavailable
from cercle.client.routes import Addresses
from cercle.client.service import ServiceClient

__all__ = [
    "Addresses",
    "CallError",
    "Client",
    "Failed",
    "Invalid",
    "Refused",
    "ServiceClient",
    "Unavailable",
]
