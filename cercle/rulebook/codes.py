"""The code of every error and warning: what a page of docs/rules/errors/ is called.

R01 a file as text, R02 keys and values, R03 conditions, R04 what files say of each other,
R05 scenarios, R06 warnings: sound, but hardly meant, R07 what this version does not act on.
"""

from enum import StrEnum


class Code(StrEnum):
    """A code is never given to another mistake; what is no longer used keeps its number."""

    NOT_YAML = "R0101"
    TAB = "R0102"
    WANTS_QUOTES = "R0103"
    KEY_TWICE = "R0104"
    NOT_USED_HERE = "R0105"
    NO_KEYS = "R0106"
    TOO_LARGE = "R0107"
    BAD_CHARACTER = "R0108"
    BAD_KEY = "R0109"
    CURLY_QUOTES = "R0110"
    UNREADABLE = "R0111"
    INDENTATION = "R0112"
    NOT_CLOSED = "R0113"

    UNKNOWN_FILE = "R0201"
    MISSING_FILE = "R0202"
    UNKNOWN_KEY = "R0203"
    MISSING_KEY = "R0204"
    WRONG_TYPE = "R0205"
    UNKNOWN_WORD = "R0206"
    BAD_ID = "R0207"
    BAD_MONEY = "R0208"
    BAD_DURATION = "R0209"
    BAD_DATE = "R0210"
    BAD_NUMBER = "R0211"
    WRONG_SHAPE = "R0212"
    ID_TWICE = "R0213"
    MISSING_VALUE = "R0214"
    BAD_TEXT = "R0215"
    MISPLACED = "R0216"
    BAD_VALUE = "R0217"

    CONDITION_UNREADABLE = "R0301"
    CONDITION_FIELD = "R0302"
    CONDITION_FUNCTION = "R0303"
    CONDITION_TYPES = "R0304"
    CONDITION_AMOUNT = "R0305"
    CONDITION_NOT_BOOLEAN = "R0306"
    CONDITION_PERSONAL = "R0307"
    CONDITION_SIGN = "R0308"
    CONDITION_TOO_LONG = "R0309"
    CONDITION_TIME = "R0310"

    UNKNOWN_ACTION = "R0401"
    WRONG_TRIGGER = "R0402"
    UNKNOWN_FIELD = "R0403"
    WRONG_FIELD = "R0404"
    UNKNOWN_WALLET = "R0405"
    WRONG_CURRENCY = "R0406"
    OUT_OF_ORDER = "R0407"
    ENDS_BEFORE_BEGIN = "R0408"
    UNKNOWN_NAME = "R0409"
    CIRCLE = "R0410"
    TOO_MUCH = "R0411"

    STEP_ORDER = "R0501"
    STEP_KEYS = "R0502"
    STEP_FIELD = "R0503"
    EXPECTED_NAME = "R0504"
    STEP_CLAIM = "R0505"

    NEVER_TRUE = "R0601"
    ALWAYS_TRUE = "R0602"
    SHADOWED = "R0603"
    LIMITS_ADD_UP = "R0604"
    NOTHING_TO_MULTIPLY = "R0605"
    MISSING_TRANSLATION = "R0606"
    UNUSED_ACTION = "R0607"
    UNUSED_METRIC = "R0608"
    UNUSED_WALLET = "R0609"
    BUDGET_WITHOUT_END = "R0610"
    NEVER_GIVEN = "R0611"

    INACTIVE = "R0701"


class Severity(StrEnum):
    """Errors make the rules unusable; warnings do not."""

    ERROR = "error"
    WARNING = "warning"
