"""The contract is documented: every message, field, enum value, service and method says what it is."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from tests.servers import ROOT

PROTOS = ROOT / "protos"


def described(folder: Path) -> descriptor_pb2.FileDescriptorSet:
    """All protos, with their comments."""
    target = folder / "protos.bin"
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("cercle/*/v1/*.proto"))
    include = files("grpc_tools") / "_proto"
    arguments = [f"-I{PROTOS}", f"-I{include}", "--include_source_info", f"--descriptor_set_out={target}"]
    assert protoc.main(["protoc", *arguments, *sources]) == 0
    return descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())


def named(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """The source path and the name of everything that wants a comment (oneofs speak by their fields)."""
    for m, message in enumerate(file.message_type):
        yield (4, m), message.name
        for f, field in enumerate(message.field):
            yield (4, m, 2, f), f"{message.name}.{field.name}"
    for e, enum in enumerate(file.enum_type):
        yield (5, e), enum.name
        for v, value in enumerate(enum.value):
            yield (5, e, 2, v), value.name
    for s, service in enumerate(file.service):
        yield (6, s), service.name
        for m, method in enumerate(service.method):
            yield (6, s, 2, m), f"{service.name}.{method.name}"


def test_everything_in_the_protos_says_what_it_is(tmp_path: Path) -> None:
    """A comment above it, or behind it on its line."""
    silent = []
    for file in described(tmp_path).file:
        places = {tuple(place.path): place for place in file.source_code_info.location}
        for path, name in named(file):
            place = places[path]
            if not (place.leading_comments or place.trailing_comments):
                silent.append(f"{file.name}: {name}")
    assert silent == []
