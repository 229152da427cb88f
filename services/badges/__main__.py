"""python -m services.badges: one worker of the badges service."""

from cercle.runtime.start import start
from services.badges.rpc import servants
from services.badges.stream import SERVICE

if __name__ == "__main__":
    start(SERVICE, servants)
