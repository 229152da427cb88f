"""python -m services.offers: one worker of the offers service."""

from cercle.runtime.start import start
from services.offers.calls import asking
from services.offers.rpc import servants
from services.offers.stream import SERVICE

if __name__ == "__main__":
    start(SERVICE, servants, asking)
