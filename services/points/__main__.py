"""python -m services.points: one worker of the points service."""

from cercle.runtime.start import start
from services.points.rpc import servants
from services.points.stream import SERVICE

if __name__ == "__main__":
    start(SERVICE, servants)
