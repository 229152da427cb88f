"""Settings come from CERCLE_* variables, and mistakes in them are sentences."""

from pathlib import Path

import pytest

from cercle.runtime.settings import Settings, SettingsError, load_settings


def test_variables_set_the_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable is its field, converted."""
    monkeypatch.setenv("CERCLE_CLUB", "records")
    monkeypatch.setenv("CERCLE_KAFKA", "one:9092,two:9092")
    monkeypatch.setenv("CERCLE_SLOT", "3")
    monkeypatch.setenv("CERCLE_DATA_DIR", "elsewhere")
    settings = load_settings()
    assert (settings.club, settings.kafka, settings.slot) == ("records", "one:9092,two:9092", 3)
    assert settings.data_dir == Path("elsewhere")


def test_given_values_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's option is stronger than the environment."""
    monkeypatch.setenv("CERCLE_CLUB", "records")
    assert load_settings(club="books").club == "books"


def test_missing_club_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only field without a default says its variable and its meaning."""
    monkeypatch.delenv("CERCLE_CLUB", raising=False)
    with pytest.raises(SettingsError, match=r"^CERCLE_CLUB must be set\. The club's id"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CERCLE_CLUB", "Records Club"),
        ("CERCLE_KAFKA", "no-port"),
        ("CERCLE_REDIS", "localhost:6379"),
        ("CERCLE_GRPC_PORT", "70000"),
        ("CERCLE_SESSION_TIMEOUT_SECONDS", "3"),
        ("CERCLE_LOG_LEVEL", "loud"),
    ],
)
def test_bad_value_is_a_sentence(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """The variable, the value that was found and what would be right."""
    monkeypatch.setenv("CERCLE_CLUB", "records")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable} is '{value}': "):
        load_settings()


def test_every_field_says_what_it_is() -> None:
    """Operators read the descriptions: no field goes without."""
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
